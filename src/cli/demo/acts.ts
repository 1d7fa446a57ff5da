import { join } from 'node:path';
import { TallystickError } from '../../errors.ts';
import { Log } from '../../log/log.ts';
import { encodeBundle } from '../../merkle/mod.ts';
import { LAYOUT } from '../../places.ts';
import { SqliteStore } from '../../store/sqlite/mod.ts';
import { examine } from './examine.ts';
import { edited } from './forge.ts';
import { AT, draft, NODE, type Scene } from './scene.ts';

/** An attack that is not on the bytes of the log, and what stops it. */
export interface Act {
  readonly number: number;
  readonly title: string;
  /** Tries it; resolves with what stopped it, null when nothing did. */
  attempt(scene: Scene): Promise<string | null>;
}

/** By the numbers of the table of attacks. */
export const ACTS: readonly Act[] = [
  {
    number: 10,
    title: 'let two writers write one log',
    attempt: async (scene) => {
      const data = scene.copy();
      const first = await scene.open(data);
      try {
        const second = await scene.open(data);
        await second.close();
        return null;
      } catch (error) {
        return codeOf(error, 'LOG_HELD');
      } finally {
        await first.close();
      }
    },
  },
  { number: 11, title: 'turn the clock back', attempt: turnClockBack },
  { number: 12, title: 'hide a record from searches', attempt: hideInIndex },
  {
    number: 14,
    title: 'act without leaving a record',
    attempt: async (scene) => {
      const log = await scene.open(scene.copy());
      await log.close();
      try {
        // Stands for an act that is to be recorded first: without a receipt it does not run.
        await log.append(draft(0));
        return null;
      } catch (error) {
        return codeOf(error, 'LOG_CLOSED');
      }
    },
  },
];

/** Where the clock goes back, `logged` stays: the verifier must find nothing to remark. */
async function turnClockBack(scene: Scene): Promise<string | null> {
  const data = scene.copy();
  const store = await SqliteStore.open({ dir: data });
  try {
    const clock = { now: () => Date.UTC(2020, 0), monotonic: () => performance.now() };
    const log = await Log.open({ store, signers: [scene.signer], clock });
    await log.append([draft(0)], { source: 'demo' });
    await log.close();
  } finally {
    await store.close();
  }
  const { verdict, findings } = await examine(data, { pin: scene.pin(), deep: true });
  return verdict === 'intact' && findings.length === 0 ? 'no effect: logged never goes back' : null;
}

/** A row of the index says other than its record, so that a search does not find it. */
async function hideInIndex(scene: Scene): Promise<string | null> {
  const data = scene.copy();
  const { DuckDbIndex } = await import('../../index/duckdb/mod.ts');
  const index = await DuckDbIndex.open({ path: join(data, LAYOUT.index, 'records.duckdb') });
  try {
    const entries = scene.whole.entries.map(({ bytes }) => bytes);
    entries[AT] = edited(entries[AT] as Uint8Array, { actor: { name: 'nobody' } });
    await index.add(NODE, 0, encodeBundle(entries));
    const { findings } = await examine(data, { pin: scene.pin(), index });
    const [first, ...others] = findings;
    const isSeen = first?.code === 'index-differs' && first.from === AT && first.to === AT + 1;
    return isSeen && others.length === 0 ? `index-differs at ${AT}, with --deep` : null;
  } finally {
    await index.close();
  }
}

function codeOf(error: unknown, expected: string): string {
  if (error instanceof TallystickError && error.code === expected) return `refused: ${expected}`;
  throw error;
}
