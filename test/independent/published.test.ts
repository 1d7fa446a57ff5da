import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { formatTlogProof, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { makeInclusion } from '../../src/merkle/mod.ts';
import { openLog } from '../../src/open.ts';
import { startServer } from '../../src/server/mod.ts';
import { tileReader } from '../../src/store/tile-reader.ts';
import { p256Signer } from '../checkpoint/signers.ts';
import { publishTo, tempDir, verifyCopy } from '../publish/fixture.ts';
import { BuiltLog, entryOf, makeRecord, ORIGIN, VKEY } from '../verify/built-log.ts';
import { missing, type Ran, run } from './programs.ts';

/** Published logs, read by what others wrote and shares no line with ours. */

const SIZES = [1, 2, 255, 256, 257, 512, 600];
/** One changed file of each kind in a log of 600. */
const FILES = ['tile/0/001', 'tile/0/002.p/88', 'tile/1/000.p/2', 'tile/entries/000', 'checkpoint'];

async function grown(log: BuiltLog, size: number): Promise<BuiltLog> {
  const more = log.copy();
  await more.append(Array.from({ length: size - log.size }, (_, i) => entryOf(makeRecord(log.size + i))));
  return more;
}

/** Changes one bit in the middle of a file. */
function spoil(file: string): void {
  const bytes = readFileSync(file);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(file, bytes);
}

async function proofOf(log: BuiltLog, seq: number, dir: string): Promise<string> {
  const name = join(dir, `${seq}.tlog-proof`);
  const hashes = await makeInclusion(seq, log.size, tileReader(log));
  writeFileSync(name, formatTlogProof({ index: seq, hashes, checkpoint: log.note }));
  return name;
}

/** A static host, as anybody has one: files below a directory, and nothing else. */
async function hosted(t: TestContext, dir: string): Promise<string> {
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(dir, request.url as string)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Tessera's fsck derives every tile from the entries, and compares. Its exit code is 0 whatever it finds. */
async function fsck(t: TestContext, url: string, key: string): Promise<string> {
  const file = join(tempDir(t), 'key');
  writeFileSync(file, `${key}\n`);
  // With one worker it never ends after the first thing it finds wrong.
  const { output } = await run('fsck', [
    '--ui=false',
    '--N=16',
    `--storage_url=${url}`,
    `--public_key=${file}`,
  ]);
  return output;
}

const took = (size: number): RegExp => new RegExp(`Successfully fsck'd log with size ${size} `);

describe('a published log, at every size and after growth', { skip: missing }, () => {
  const read = (...args: string[]): Promise<Ran> => run('reader', [VKEY, ...args]);
  let log: BuiltLog;
  before(async () => {
    log = await BuiltLog.build(600);
  });

  test("is taken by Go's tlog and note packages with its proofs, by Tessera's fsck, and its proofs by torchwood", async (t) => {
    const [dir, proofs] = [tempDir(t), tempDir(t)];
    const url = await hosted(t, dir);
    const policy = join(proofs, 'policy');
    writeFileSync(policy, `log ${VKEY}\nquorum none\n`);
    let now = await BuiltLog.build(1);
    let older = now.note;
    for (const size of SIZES) {
      if (size > now.size) now = await grown(now, size);
      // What is none of tlog-tiles lies beside it, and nobody minds.
      await publishTo(dir, now, { timestamps: [{ size, note: now.note, token: new Uint8Array(100) }] });
      const seqs = [...new Set([0, size >> 1, size - 1])];
      const names = await Promise.all(seqs.map((seq) => proofOf(now, seq, proofs)));
      writeFileSync(join(proofs, 'older'), older);
      const { status, output } = await read(dir, join(proofs, 'older'), ...names);
      assert.equal(status, 0, `${size}: ${output}`);
      assert.match(output, new RegExp(`^${size} entries under `));
      older = now.note;

      assert.match(await fsck(t, url, VKEY), took(size));

      const pairs = names.flatMap((name, i) => {
        const entry = `${name}.entry`;
        writeFileSync(entry, entryOf(makeRecord(seqs[i] as number)));
        return [name, entry];
      });
      const judged = await run('policy', [policy, join(dir, 'checkpoint'), ...pairs]);
      assert.equal(judged.status, 0, `${size}: ${judged.output}`);
    }
  });

  test('is taken with a tree of three levels', async (t) => {
    const dir = tempDir(t);
    const large = await BuiltLog.build(70_001, 35_000);
    await publishTo(dir, large);
    const { status, output } = await read(
      dir,
      join(dir, 'checkpoint'),
      await proofOf(large, 65_535, tempDir(t)),
    );
    assert.equal(status, 0, output);
    assert.match(await fsck(t, await hosted(t, dir), VKEY), took(70_001));
  });

  test("sealed by ECDSA P-256 is taken by Tessera's fsck", async (t) => {
    const dir = tempDir(t);
    const signer = p256Signer('log', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    await publishTo(dir, await BuiltLog.build(300, 100, signer));
    const vkey = vkeyFromSpki(ORIGIN, 'ecdsa-p256', signer.publicKey);
    assert.match(await fsck(t, await hosted(t, dir), vkey), took(300));
  });

  for (const file of FILES) {
    test(`is refused by them, as by us, with one bit changed in ${file}`, async (t) => {
      const dir = tempDir(t);
      await publishTo(dir, log);
      const url = await hosted(t, dir);
      assert.match(await fsck(t, url, VKEY), took(600));
      spoil(join(dir, file));
      assert.equal((await read(dir)).status, 1);
      assert.match(await fsck(t, url, VKEY), /fsck failed: /);
      assert.equal((await verifyCopy(dir, { keys: [VKEY] })).verdict, 'not-intact');
    });
  }

  test('is refused by them with a genuine checkpoint that its entries do not lead to', async (t) => {
    const dir = tempDir(t);
    await publishTo(dir, log);
    const other = await BuiltLog.build(600, 100, undefined, (seq) => makeRecord(seq, { source: 'another' }));
    writeFileSync(join(dir, 'checkpoint'), other.note);
    assert.equal((await read(dir)).status, 1);
    assert.match(await fsck(t, await hosted(t, dir), VKEY), /fsck failed: /);
  });

  test('with a proof of another entry is refused by them', async (t) => {
    const [dir, proofs] = [tempDir(t), tempDir(t)];
    await publishTo(dir, log);
    const proof = await proofOf(log, 7, proofs);
    const [policy, entry] = [join(proofs, 'policy'), join(proofs, 'entry')];
    writeFileSync(policy, `log ${VKEY}\nquorum none\n`);
    writeFileSync(entry, entryOf(makeRecord(8)));
    const args = [policy, join(dir, 'checkpoint'), proof, entry];
    assert.match((await run('policy', args)).output, /inclusion proof verification failed for index 7/);
    writeFileSync(proof, readFileSync(proof, 'utf8').replace('index 7', 'index 8'));
    assert.equal((await read(dir, join(dir, 'checkpoint'), proof)).status, 1);
  });
});

test("a running server is read by Tessera's fsck while its log grows", { skip: missing }, async (t) => {
  const data = tempDir(t);
  const log = await openLog({ data, node: 'ca1', index: false, state: join(data, 'state') });
  const server = await startServer({ log, version: '0.0.0', port: 0 });
  const draft = { system: 'shop', event: 'SOLD', outcome: 'success', time: 1 } as const;
  try {
    for (const size of [log.head.size, 255, 256, 257, 1_000]) {
      await log.append(Array.from({ length: size - log.head.size }, () => draft));
      assert.match(await fsck(t, `${server.url}/log/ca1/`, log.vkey), took(size));
    }
  } finally {
    await server.close();
    await log.close();
  }
});
