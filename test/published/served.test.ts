import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cosignCheckpoint, parseNote } from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import { HttpFiles, PublishedLog } from '../../src/published/mod.ts';
import { buildApp } from '../../src/server/app.ts';
import { Service } from '../../src/server/service.ts';
import { tokenWrite } from '../../src/timestamps/kept.ts';
import { cosignatureWrites } from '../../src/witness/client/kept.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { draft, NODE, tempLog, VERSION } from '../server/support.ts';

/** The file `timestamps` as a server gives it out. */

const log = await tempLog();
const local = buildApp(new Service(log, VERSION), 'local');
const apps = [local, buildApp(new Service(log, VERSION), 'public')];
after(() => Promise.all(apps.map((app) => app.close())));

/** Appends a record with the state that keeps a token over the head. */
async function dated(): Promise<number> {
  const { size, root, note } = log.head;
  const token = new Uint8Array(30).fill(size);
  const kept = { size, root: toHex(root), note, token, authority: 'http://tsa.internal/' };
  await log.append([draft()], { state: [tokenWrite(NODE, kept, Date.now())] });
  return size;
}

async function cosigned(): Promise<number> {
  const { size, note } = log.head;
  const lines = await cosignCheckpoint(parseNote(note).text, 'witness.example', testSigner('witness'), 1);
  const kept = { name: 'witness.example', size, time: 1, receivedAt: 1, note, lines };
  await log.append([draft()], { state: cosignatureWrites(NODE, kept, new Map()) });
  return size;
}

test('as far as each view goes, the same on every port, kept for a minute', async () => {
  await log.append([draft(), draft()]);
  const first = await dated();
  await cosigned();
  const second = await dated();
  for (const app of apps) {
    const files = (at: string): HttpFiles =>
      new HttpFiles(`http://localhost/log/${NODE}${at}`, async (url) => {
        const { statusCode, rawPayload } = await app.inject({
          url: new URL(url).pathname,
          headers: { host: 'localhost' },
        });
        return new Response(new Uint8Array(rawPayload), { status: statusCode });
      });
    const sizes = async (at: string): Promise<unknown[]> => {
      const { tokens, ahead, unreadable } = await new PublishedLog(files(at)).timestamps();
      return [tokens.map(({ size }) => size), ahead, unreadable];
    };
    assert.deepEqual(await sizes(''), [[first, second], 0, 0]);
    assert.deepEqual(await sizes('/cosigned'), [[first], 0, 0]);
    const url = `/log/${NODE}/timestamps`;
    const answer = await app.inject({ url, headers: { host: 'localhost' } });
    assert.equal(answer.headers['content-type'], 'application/x-ndjson');
    assert.equal(answer.headers['cache-control'], 'public, max-age=60');
    assert.ok(!answer.body.includes('tsa.internal'));
    const other = { host: 'localhost', 'if-none-match': answer.headers.etag };
    assert.equal((await app.inject({ url, headers: other })).statusCode, 304);
    assert.equal(
      (await app.inject({ url: '/log/nobody/timestamps', headers: { host: 'localhost' } })).statusCode,
      404,
    );
  }
  // What is made of all that is kept is not made anew for each who asks.
  await dated();
  const { body } = await local.inject({ url: `/log/${NODE}/timestamps`, headers: { host: 'localhost' } });
  assert.equal(body.split('\n').length, 3);
});
