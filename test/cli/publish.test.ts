import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { checkTlogProof, cosignCheckpoint, parseNote, parseTlogProof } from '../../src/checkpoint/mod.ts';
import { fromHex } from '../../src/crypto/bytes.ts';
import { openLog } from '../../src/open.ts';
import { cosignatureWrites } from '../../src/witness/client/kept.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { type Json, prepared, Sandbox } from './harness.ts';

const nine = prepared((box) => box.fill(9));

/** A web server that knows nothing but files, as any host. Resolves with its address. */
async function staticHost(t: TestContext, root: string): Promise<string> {
  const server = createServer((request, response) => {
    const file = join(root, normalize(request.url ?? ''));
    if (existsSync(file)) response.end(readFileSync(file));
    else response.writeHead(404).end('nothing here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const codes = ({ findings }: Json): string[] => findings.map(({ code }: { code: string }) => code);

describe('log publish', () => {
  test('writes the log, adds what is new, and is verified from there', async (t) => {
    const box = new Sandbox(t);
    await box.fill(300);
    assert.match((await box.ok(['log', 'publish', 'out'])).out, /^301 records in .*out\n$/);
    assert.equal(readFileSync(box.at('out/checkpoint'), 'utf8'), (await box.ok(['checkpoint'])).out);
    assert.match((await box.ok(['log', 'publish', 'out'])).out, /^301 records in .*out, none new\n$/);
    await box.fill(1);
    const { json } = await box.ok(['log', 'publish', 'out', '--json']);
    assert.deepEqual([json.from, json.size, json.directory], [301, 302, box.at('out')]);
    const { json: report } = await box.ok(['verify', '--published', 'out', '--deep', '--json']);
    assert.deepEqual([report.verdict, report.size, report.pin.status], ['intact', 302, 'created']);
    assert.ok(report.notChecked.some(({ why }: { why: string }) => why === 'a published log has none'));
  });

  test('needs a directory of its own', async (t) => {
    const box = new Sandbox(t);
    assert.equal(await box.refused(['log', 'publish', 'out'], 2), 'LOG_NOT_FOUND');
    await box.fill(1);
    assert.equal(await box.refused(['log', 'publish'], 2), 'USAGE');
    assert.equal(await box.refused(['log', 'publish', box.data], 2), 'COPY_MISMATCH');
    writeFileSync(box.at('file'), '');
    assert.equal(await box.refused(['log', 'publish', 'file'], 2), 'FILE_UNREADABLE');
    await box.ok(['log', 'publish', 'out']);
    const other = ['--data', 'other'];
    await box.ok(['append', ...other], { stdin: '{"system":"t","event":"E","outcome":"void","time":1}\n' });
    assert.equal(await box.refused(['log', 'publish', 'out', ...other], 2), 'COPY_MISMATCH');
    assert.equal((await box.ok(['verify', '--published', 'out', '--json'])).json.size, 2);
  });

  test('--no-entries: nothing of the records leaves', async (t) => {
    const box = new Sandbox(t);
    await box.fill(3, { actor: { name: 'secret-name' } });
    await box.ok(['log', 'publish', 'out', '--no-entries']);
    assert.ok(!existsSync(box.at('out/tile/entries')) && !existsSync(box.at('out/payload')));
    assert.ok(existsSync(box.at('out/tile/0/000.p/4')));
    const { key } = (await box.ok(['get', '0', '--json'])).json.record.details;
    const bare = ['verify', '--published', 'out', '--no-entries'];
    const { json } = await box.ok([...bare, '--key', key, '--json']);
    assert.deepEqual([json.verdict, json.checked.records, json.trust], ['intact', 0, 'given-key']);
    assert.equal(await box.refused([...bare, '--deep'], 2), 'USAGE');
    assert.equal(await box.refused(['verify', '--no-entries'], 2), 'USAGE');
  });
});

test('log publish --cosigned: what a witness has cosigned, and no more', async (t) => {
  const box = await nine(t);
  const cosigned = ['log', 'publish', 'out', '--cosigned'];
  assert.equal(await box.refused(cosigned, 2), 'LOG_NOT_FOUND');
  const note = (await box.ok(['checkpoint'])).out;
  const { text } = parseNote(note);
  const lines = await cosignCheckpoint(text, 'witness.example', testSigner('witness'), 1_790_000_000);
  const kept = { name: 'witness.example', size: 10, time: 1_790_000_000, receivedAt: 1, note, lines };
  const log = await openLog({ data: box.data, index: false, state: box.at('state') });
  await log.append([{ system: 't', event: 'E', outcome: 'void', time: 1 }], {
    state: cosignatureWrites(log.node, kept, new Map()),
  });
  await log.close();
  const { json } = await box.ok([...cosigned, '--json']);
  assert.equal(json.size, 10);
  assert.equal(readFileSync(box.at('out/checkpoint'), 'utf8'), `${note}${lines}`);
  const report = (await box.ok(['verify', '--published', 'out', '--json'])).json;
  assert.deepEqual([report.verdict, report.size], ['intact', 10]);
  await box.ok(['log', 'publish', 'out']);
  assert.equal(await box.refused(cosigned, 2), 'COPY_MISMATCH');
});

describe('verify --published', () => {
  test('an old state put back, and a copy that is gone, show by the pin', async (t) => {
    const box = await nine(t);
    await box.ok(['log', 'publish', 'out']);
    cpSync(box.at('out'), box.at('old'), { recursive: true });
    await box.fill(5);
    await box.ok(['log', 'publish', 'out']);
    await box.ok(['verify', '--published', 'out']);
    rmSync(box.at('out'), { recursive: true });
    cpSync(box.at('old'), box.at('out'), { recursive: true });
    const back = await box.run(['verify', '--published', 'out', '--json']);
    assert.deepEqual([back.code, codes(back.json)], [1, ['rolled-back']]);
    assert.match(
      (await box.run(['verify', '--published', 'out'])).out,
      /not brought up to date since looks the same/,
    );
    rmSync(box.at('out'), { recursive: true });
    const gone = await box.run(['verify', '--published', 'out', '--json']);
    assert.deepEqual([gone.code, codes(gone.json)], [1, ['truncated']]);
    assert.equal(await box.refused(['verify', '--published', 'never'], 2), 'LOG_NOT_FOUND');
  });

  test('over HTTP, against the pin of the log itself', async (t) => {
    const box = new Sandbox(t);
    await box.fill(295);
    await box.fill(5, { details: { long: 'x'.repeat(9000) } });
    await box.ok(['verify', '--pin', 'log.pin']);
    await box.ok(['log', 'publish', 'web/ca1']);
    const url = `${await staticHost(t, box.at('web'))}/ca1`;
    const pinned = ['verify', '--published', url, '--pin', 'log.pin', '--json'];
    const { json } = await box.ok(pinned);
    assert.deepEqual([json.verdict, json.trust, json.size], ['intact', 'pinned-key', 301]);
    assert.deepEqual([json.checked.records, json.checked.payloads], [301, 5]);
    await box.ok(['verify', '--published', `${url}/`]);
    const file = box.at('web/ca1/tile/entries/001.p/45');
    const bytes = readFileSync(file);
    bytes[20] = (bytes[20] as number) ^ 1;
    writeFileSync(file, bytes);
    const { code, json: found } = await box.run(pinned);
    assert.deepEqual([code, codes(found), found.findings[0].from], [1, ['altered'], 256]);
    assert.equal(await box.refused(['verify', '--published', 'http://127.0.0.1:1/'], 2), 'STORE_UNAVAILABLE');
    assert.equal(await box.refused(['verify', '--published', 'http://x/y?z'], 2), 'USAGE');
    assert.equal(await box.refused(['verify', '--published', `${url}/tile`], 2), 'LOG_NOT_FOUND');
  });

  test('whoever pinned the first key follows to the next', async (t) => {
    const box = await nine(t);
    await box.ok(['log', 'publish', 'out']);
    await box.ok(['verify', '--published', 'out', '--pin', 'first.pin']);
    await box.ok(['keys', 'generate', 'software', 'next']);
    await box.ok(['keys', 'select', 'software', 'next']);
    await box.fill(3);
    await box.ok(['log', 'publish', 'out']);
    cpSync(box.at('first.pin'), box.at('second.pin'));
    const { json } = await box.ok(['verify', '--published', 'out', '--pin', 'first.pin', '--json']);
    assert.deepEqual([json.verdict, json.trust, json.eras.length], ['intact', 'pinned-key', 2]);
    rmSync(box.at('out/key-changes'));
    const lost = await box.run(['verify', '--published', 'out', '--pin', 'second.pin', '--json']);
    assert.deepEqual([lost.code, codes(lost.json)], [1, ['unknown-key']]);
  });

  test('is not about a data directory', async (t) => {
    const box = await nine(t);
    await box.ok(['log', 'publish', 'out']);
    for (const more of [['--data', box.data], ['--node', 'x'], ['--signatures']]) {
      assert.equal(await box.refused(['verify', '--published', 'out', ...more], 2), 'USAGE');
    }
    mkdirSync(box.at('dir/checkpoint'), { recursive: true });
    const { code, json } = await box.run(['verify', '--published', 'dir', '--json']);
    assert.deepEqual([code, codes(json)], [1, ['bad-checkpoint']]);
  });
});

test('get --proof -o: a file that proves the record without the log', async (t) => {
  const box = await nine(t);
  const { json } = await box.ok(['get', '7', '--proof', '-o', '7.tlog-proof', '--json']);
  const text = readFileSync(box.at('7.tlog-proof'), 'utf8');
  const { key, origin } = (await box.ok(['get', '0', '--json'])).json.record.details;
  const leaf = fromHex(json.leaf) as Uint8Array;
  await checkTlogProof(parseTlogProof(text), leaf, { origin, keys: [key] });
  assert.ok((await box.ok(['get', '7', '--proof'])).out.endsWith(`\n\n${text}`));
  assert.equal(await box.refused(['get', '7', '--proof', '-o', '7.tlog-proof'], 2), 'FILE_UNREADABLE');
  assert.equal(await box.refused(['get', '7', '-o', 'x'], 2), 'USAGE');
});
