import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedAtHead } from '../../src/cli/fixed-source.ts';
import type { LogSource, SourceHead } from '../../src/verify/mod.ts';

const headOf = (size: number): SourceHead => ({
  origin: 'a/b',
  size,
  root: new Uint8Array(32),
  signatures: '',
});

/** A log whose head is at each of these sizes, one question after another; it keeps the checkpoints 3, 5 and 9. */
function logAt(...sizes: number[]): LogSource {
  const nothing = async function* (): AsyncGenerator<never> {};
  return {
    head: async () => headOf(sizes.length > 1 ? (sizes.shift() as number) : (sizes[0] as number)),
    bundles: nothing,
    tiles: nothing,
    checkpoints: async function* () {
      for (const size of [3, 5, 9]) yield headOf(size);
    },
    keyChanges: nothing,
    payloads: nothing,
  };
}

async function checkpointsOf(log: LogSource): Promise<number[]> {
  const sizes: number[] = [];
  for await (const { size } of (await fixedAtHead(log)).checkpoints()) sizes.push(size);
  return sizes;
}

test('a log that grows while it is verified is not said to be rolled back', async () => {
  assert.deepEqual(await checkpointsOf(logAt(5, 9)), [3, 5]);
  assert.deepEqual(await checkpointsOf(logAt(5, 12)), [3, 5]);
});

test('a newer checkpoint that the head is still behind is shown', async () => {
  assert.deepEqual(await checkpointsOf(logAt(5)), [3, 5, 9]);
  assert.deepEqual(await checkpointsOf(logAt(5, 8)), [3, 5, 9]);
});
