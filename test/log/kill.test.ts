import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SqliteStore } from '../../src/store/sqlite/mod.ts';
import { onDisk } from '../disk.ts';
import { isCi } from '../runs.ts';
import { checkLog } from './check.ts';
import { draftOf, makeSlow, openNumbered } from './numbered-log.ts';

const SCRIPT = fileURLToPath(new URL('append-forever.ts', import.meta.url));
const LOGS = isCi ? 10 : 1;
const ROUNDS = 5;
/** How many records a round may acknowledge. All that is there is checked after each. */
const MOST = isCi ? 3_000 : 1_000;

interface Acknowledged {
  readonly seq: number;
  readonly leaf: string;
  readonly round: string;
  readonly number: number;
}

/** Lets a process append until it has acknowledged so many records (0: any time from its start on) and kills it. */
async function appendUntilKilled(
  data: string,
  round: string,
  enough: number,
  delayMs = 0,
): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [SCRIPT, data, round, '6', '50', `${delayMs}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let output = '';
  let lines = 0;
  const ready = Promise.withResolvers<void>();
  child.on('exit', () => ready.resolve());
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    output += text;
    lines += text.split('\n').length - 1;
    if (lines >= enough) ready.resolve();
  });
  if (enough > 0) await ready.promise;
  await new Promise((resolve) => setTimeout(resolve, Math.random() * (enough > 0 ? 20 : 400)));
  child.kill('SIGKILL');
  assert.deepEqual(await exited, [null, 'SIGKILL'], 'it did not end by itself');
  // What stands behind the last LF was cut off.
  const told = output.split('\n').slice(0, -1);
  return told.map((line) => {
    const [seq, leaf = '', number] = line.split(' ');
    return { seq: Number(seq), leaf, round, number: Number(number) };
  });
}

/** Opens the log at once, as the next process would, and compares it with what was acknowledged ever. */
async function assertWhole(data: string, told: readonly Acknowledged[]): Promise<void> {
  const log = await openNumbered(data);
  const { vkey, node } = log;
  const known = told.findLast(({ number }) => number % 3 !== 0);
  if (known) {
    const again = await log.append(draftOf(known.round, known.number), { source: 'load' });
    assert.deepEqual([again.seq, again.leaf, again.duplicate], [known.seq, known.leaf, true]);
  }
  const size = log.head.size;
  assert.equal((await log.append(draftOf(`after ${size}`, 0))).seq, size);
  await log.close();

  const store = await SqliteStore.open({ dir: data, readOnly: true });
  const { records, leaves } = await checkLog(store, node, vkey);
  await store.close();
  assert.equal(new Set(told.map(({ seq }) => seq)).size, told.length);
  for (const { seq, leaf, round, number } of told) {
    assert.equal(leaves[seq], leaf);
    assert.equal(records[seq]?.correlation, `${round}-${number}`);
  }
}

describe('kill -9', () => {
  for (let log = 1; log <= LOGS; log++) {
    test(`under load, again and again: nothing acknowledged is lost, no number is left out (log ${log})`, async () => {
      const directory = mkdtempSync(join(onDisk, 'tallystick-kill-'));
      const data = join(directory, 'data');
      const told: Acknowledged[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        told.push(...(await appendUntilKilled(data, `${round}`, 1 + Math.random() * MOST)));
        await assertWhole(data, told);
      }
      assert.ok(told.length > 0);
      rmSync(directory, { recursive: true });
    });
  }

  test('under load, while a slow token signs', async () => {
    const directory = mkdtempSync(join(onDisk, 'tallystick-kill-'));
    const data = join(directory, 'data');
    await makeSlow(data);
    const told: Acknowledged[] = [];
    for (let round = 1; round <= (isCi ? 10 : 2); round++) {
      told.push(...(await appendUntilKilled(data, `${round}`, 1 + Math.random() * 500, 10)));
      await assertWhole(data, told);
    }
    rmSync(directory, { recursive: true });
  });

  test('while the log is being made: the next start makes it, or goes on', async () => {
    for (let log = 0; log < (isCi ? 4 * LOGS : 2); log++) {
      const directory = mkdtempSync(join(onDisk, 'tallystick-kill-'));
      const data = join(directory, 'data');
      await assertWhole(data, await appendUntilKilled(data, '1', 0));
      rmSync(directory, { recursive: true });
    }
  });
});
