import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  cosignaturesOf,
  formatPin,
  parseCheckpoint,
  parseNote,
  parsePin,
  parsePolicy,
} from '../../src/checkpoint/mod.ts';
import { TallystickClient } from '../../src/client/mod.ts';
import { LogError } from '../../src/errors.ts';
import { tilePath, tilesOf } from '../../src/merkle/mod.ts';
import { HttpFiles, PublishedLog } from '../../src/published/mod.ts';
import { verifyLog } from '../../src/verify/mod.ts';
import { readCosigned } from '../../src/witness/client/kept.ts';
import { Witnesses } from '../../src/witness/client/mod.ts';
import { injected } from '../client/support.ts';
import { assertProblem, draft, NODE, serverFor, tempLog } from '../server/support.ts';
import { folder, NAME, running } from './fixture.ts';

/** A pin in memory. */
class PinText {
  text = '';
  read(): string | null {
    return this.text === '' ? null : this.text;
  }
  write(text: string): void {
    this.text = text;
  }
}

describe('the checkpoint that a server gives to readers whose policy asks for cosignatures', () => {
  test('is the newest that was cosigned, with the tiles up to it; the newest of all is beside it', async (t) => {
    const log = await tempLog();
    const app = serverFor(log);
    const get = (path: string) => app.inject({ method: 'GET', url: `/log/${NODE}/${path}` });
    await log.append(Array.from({ length: 300 }, () => draft({ details: { long: 'x'.repeat(10_000) } })));
    assertProblem(await get('cosigned/checkpoint'), 'LOG_NOT_FOUND', 404);
    assertProblem(await get('cosigned/key-changes'), 'LOG_NOT_FOUND', 404);

    const w = await running(t, {
      dir: folder(t),
      logs: [{ origin: log.head.origin, vkey: log.vkey }],
      now: Date.now,
    });
    const witnesses = new Witnesses(log);
    t.after(() => witnesses.close());
    await witnesses.add(w.url, w.witness.keys[0]!.vkey);
    let last = 0;
    for (let round = 0; round < 3; round++) {
      const { size } = log.head;
      await witnesses.ask();
      await log.append([draft()]);
      const answer = await get('cosigned/checkpoint');
      assert.deepEqual(
        [answer.statusCode, answer.headers['cache-control'], answer.headers['content-type']],
        [200, 'public, max-age=5', 'text/plain; charset=utf-8'],
      );
      const said = parseCheckpoint(parseNote(answer.body).text);
      assert.ok(said.size === size && size > last, 'it never goes back');
      last = size;
      const [cosignature] = await cosignaturesOf(answer.body, w.witness.keys);
      assert.equal(cosignature?.key.name, NAME);
      assert.equal((await get('checkpoint')).body, log.head.note, 'who remembers more is not told less');
    }
    for (const tile of tilesOf(last)) {
      const [here, there] = [await get(`cosigned/${tilePath(tile)}`), await get(tilePath(tile))];
      assert.equal(here.statusCode, 200, tilePath(tile));
      assert.deepEqual(here.rawPayload, there.rawPayload);
    }

    // As any verifier reads it.
    const fetched = (async (url: string | URL) => {
      const { pathname } = new URL(String(url));
      const answer = await app.inject({ method: 'GET', url: pathname });
      return new Response(new Uint8Array(answer.rawPayload), { status: answer.statusCode });
    }) as typeof fetch;
    const source = new PublishedLog(new HttpFiles(`http://log/log/${NODE}/cosigned`, fetched));
    const policy = parsePolicy(`log ${log.vkey}\nwitness w ${w.witness.keys[0]!.vkey}\nquorum w\n`);
    const report = await verifyLog(source, { keys: [log.vkey], cosigned: { notes: [], policy } });
    assert.deepEqual(report.findings, []);
    assert.deepEqual(
      [report.size, report.witnessed?.covered?.size, report.witnessed?.beyond],
      [last, last, 0],
    );
    assert.equal(report.checked.payloads, 300);
    for (const bad of ['cosigned', 'cosigned/', 'cosigned/tile/0/0', 'cosigned/cosigned/checkpoint']) {
      assert.equal((await get(bad)).statusCode, 404, bad);
    }
  });

  test('a note has at most 64 lines: what is too much is left out, and it stays a note', async (t) => {
    const log = await tempLog();
    t.after(() => log.close());
    const line = log.head.note.split('\n\n')[1] as string;
    const state = new Map(
      Array.from({ length: 40 }, (_, i) => {
        const name = `w${i}`;
        const lines = `${line}${line}`.replaceAll(log.head.origin, name);
        const kept = { name, size: log.head.size, time: i, receivedAt: i, note: log.head.note, lines };
        return [`witness/${NODE}/newest/${i}`, JSON.stringify(kept)] as const;
      }),
    );
    const [cosigned] = readCosigned(state, NODE);
    const { signatures } = parseNote(cosigned?.note ?? '');
    assert.equal(signatures.length, 64);
    assert.equal(signatures[0]?.name, log.head.origin);
  });
  test('a client whose pin demands witnesses reads what they vouch for, and nothing else', async (t) => {
    const log = await tempLog({ index: true });
    const fetch = injected(serverFor(log));
    const w = await running(t, {
      dir: folder(t),
      logs: [{ origin: log.head.origin, vkey: log.vkey }],
      now: Date.now,
    });
    const vkey = w.witness.keys[0]!.vkey;
    const url = 'http://127.0.0.1:4780';
    const pin = new PinText();
    await new TallystickClient({ url, fetch, pin }).count();
    const { size } = parsePin(pin.text);
    pin.text = formatPin({ ...parsePin(pin.text), policy: `witness w ${vkey}\nquorum w\n` });
    const client = new TallystickClient({ url, fetch, pin });
    const refused = (error: unknown): boolean =>
      error instanceof LogError &&
      error.code === 'PIN_CONTRADICTED' &&
      /not vouched for by the witnesses .*no-quorum: .*demands, w: none of its witnesses has cosigned one/.test(
        error.message,
      );
    await assert.rejects(client.count(), refused);
    await log.append([draft()]);
    await assert.rejects(client.get(NODE, 0), refused);
    const verified = await log.verify({ pin: parsePin(pin.text) });
    assert.deepEqual(
      [verified.verdict, verified.findings.map(({ code }) => code)],
      ['not-intact', ['no-quorum']],
    );
    assert.equal(parsePin(pin.text).size, size);

    const witnesses = new Witnesses(log);
    t.after(() => witnesses.close());
    await witnesses.add(w.url, vkey);
    await witnesses.ask();
    await log.append([draft()]);
    assert.equal((await client.get(NODE, 0)).seq, 0);
    assert.equal((await log.verify({ pin: parsePin(pin.text) })).verdict, 'intact');
    assert.equal(parsePin(pin.text).size, log.head.size);
    assert.ok(parsePin(pin.text).policy?.startsWith('witness w '));
  });
});
