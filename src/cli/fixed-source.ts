import { TallystickError } from '../errors.ts';
import type { LogSource, SourceCheckpoint, SourceHead } from '../verify/mod.ts';

/** A source that stays at one head while the log goes on: what is read of it in several steps is about one state. */
export interface FixedSource extends LogSource {
  /** null when there is none, or none that can be read. */
  readonly fixed: SourceHead | null;
  /** Why it can't be read: `head` rejects with it. */
  readonly damage: TallystickError | null;
}

/** Throws what `LogSource.head` throws when the medium fails. */
export async function fixedAtHead(source: LogSource): Promise<FixedSource> {
  const { fixed, damage } = await readHead(source);
  return {
    fixed,
    damage,
    head: async () => {
      if (damage !== null) throw damage;
      return fixed;
    },
    bundles: (from, to) => source.bundles(from, to),
    tiles: (level, from, to) => source.tiles(level, from, to),
    checkpoints: () => upTo(fixed, source),
    keyChanges: () => source.keyChanges(),
    payloads: (from, to) => source.payloads(from, to),
  };
}

/**
 * The kept checkpoints but those to which the log has grown since the head was fixed. One that the log's head, asked after
 * it was read, is behind stays: somebody may have put back an older head and left it standing.
 */
async function* upTo(fixed: SourceHead | null, source: LogSource): AsyncGenerator<SourceCheckpoint> {
  for await (const checkpoint of source.checkpoints()) {
    const { size } = checkpoint;
    const isNewer = fixed !== null && size > fixed.size;
    if (isNewer && ((await source.head())?.size ?? 0) >= size) continue;
    yield checkpoint;
  }
}

async function readHead(source: LogSource): Promise<Pick<FixedSource, 'fixed' | 'damage'>> {
  try {
    return { fixed: await source.head(), damage: null };
  } catch (error) {
    if (error instanceof TallystickError && error.code === 'STORE_DAMAGED')
      return { fixed: null, damage: error };
    throw error;
  }
}

/** What is left of a log when everything is gone. */
export const NOTHING: LogSource = {
  head: async () => null,
  bundles: nothing,
  tiles: nothing,
  checkpoints: nothing,
  keyChanges: nothing,
  payloads: nothing,
};

async function* nothing(): AsyncGenerator<never> {}
