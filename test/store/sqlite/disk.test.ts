/** How much room a log takes, and what happens when there is none left. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SqliteStore } from '../../../src/store/sqlite/mod.ts';
import { bundleOf, leafOf, Model } from '../model.ts';
import { onSmallDisk } from '../small-disk.ts';
import { tempDir } from '../temp.ts';

let dir: string;
let remove: () => void;
beforeEach(() => {
  ({ dir, remove } = tempDir());
});
afterEach(() => remove());

function bytesIn(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

/** About 430 bytes, of which 96 are random hex digits. */
function record(seq: number): Uint8Array {
  const random = createHash('sha384').update(`record ${seq}`).digest('hex');
  const pick = (of: number, salt: number): number => Number.parseInt(random.slice(salt, salt + 8), 16) % of;
  const events = [
    'CRYPTOTOKEN_SIGN',
    'PROCESS',
    'KEYGEN',
    'KEYTEST',
    'SET_WORKER_CONFIG',
    'ROLE_ASSUME',
    'LOGIN',
  ];
  const logged = 1_790_000_000_000 + 7 * seq + pick(7, 8);
  const actor = {
    auth: 'CLIENT_CERT',
    name: `CN=Admin ${pick(5000, 0)},O=Example`,
    serial: pick(5000, 0) * 7919,
  };
  const details = {
    FILEHASH: random.slice(0, 64),
    KEYALIAS: `signKey${pick(100_000, 16)}`,
    WORKER_ID: pick(40, 24),
  };
  const rest = {
    module: 'CRYPTOTOKEN',
    node: 'n',
    outcome: 'success',
    seq,
    service: 'SIGNSERVER',
    source: 'bench',
  };
  const correlation = random.slice(64);
  const event = events[pick(events.length, 32)];
  const time = logged - pick(50, 40);
  const all = { actor, correlation, details, event, logged, ...rest, system: 'signserver', time, v: 1 };
  return new Uint8Array(Buffer.from(JSON.stringify(all)));
}

async function write(size: number, batch: number): Promise<void> {
  const store = await SqliteStore.open({ dir });
  const log = new Model('n', (await store.acquire('n', 'me')).epoch);
  const posted: Promise<void>[] = [];
  for (let from = 0; from < size; from += batch) {
    const seqs = Array.from({ length: batch }, (_, i) => from + i);
    const entries = bundleOf(seqs.map(record));
    const leaves = new Uint8Array(Buffer.concat(seqs.map((seq) => leafOf('n', seq))));
    const made = { ...log.batch(batch), entries, leaves };
    log.applied(made);
    posted.push(store.commit(made));
  }
  await Promise.all(posted);
  await store.close();
}

test('a record of the usual kind takes less than 150 bytes', async () => {
  await write(20_000, 1_000);
  assert.ok(bytesIn(dir) / 20_000 < 150, `${bytesIn(dir) / 20_000} bytes`);
});

test('so it does when records come one by one: what the edge took is used again', async () => {
  await write(4_000, 1);
  assert.ok(bytesIn(dir) / 4_000 < 180, `${bytesIn(dir) / 4_000} bytes`);
});

/** Runs a script beside this one on a disk of 3 MiB: what it printed, line by line. */
function onFullDisk(t: TestContext, script: string): string[] | null {
  const ran = onSmallDisk(t, dir, 3, fileURLToPath(new URL(script, import.meta.url)));
  if (ran === null) return null;
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout.trimEnd().split('\n');
}

test('on a full disk commits are refused as such, and go on when there is room', (t) => {
  const said = onFullDisk(t, 'fill-disk.ts');
  if (said !== null) assert.deepEqual(said, ['STORE_FULL', 'all there', 'went on']);
});

test('a disk that is full from the start is named by whoever writes, and read', (t) => {
  const said = onFullDisk(t, 'full-disk.ts');
  if (said === null) return;
  assert.deepEqual(said, [
    'to write: STORE_FULL, free some',
    'to read: 300 entries',
    'a copy made while it was written, to read: STORE_FULL, free some',
    'with room, to write: 300 entries',
    'what was read as a file that does not change, when it did: STORE_UNAVAILABLE',
    'read again: 3300 entries',
  ]);
});
