import { toHex } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { rootFromTiles } from '../merkle/mod.ts';
import type { LogStore } from '../store/store.ts';
import { tileReader } from '../store/tile-reader.ts';
import {
  authorityPrefix,
  boundOf,
  readAuthorities,
  readTokens,
  type TimeBound,
  type Timestamped,
  type TimestampReport,
  tokenPrefix,
  verifyTimestamped,
} from '../timestamps/mod.ts';
import type { DatedCheckpoint } from '../verify/mod.ts';

/** The time stamps that a log keeps, or that came with a copy of it, as its own settings or a verifier's roots judge them. */
export class KeptTimestamps {
  /** By size. */
  readonly tokens: readonly Timestamped[];
  /** How many can't be read. */
  readonly unreadable: number;
  readonly #roots: (url: string) => readonly Uint8Array[];

  private constructor(
    { tokens, unreadable }: ReturnType<typeof readTokens>,
    roots: (url: string) => readonly Uint8Array[],
  ) {
    this.tokens = tokens;
    this.unreadable = unreadable;
    this.#roots = roots;
  }

  /** @param roots whom to believe; null for those that the log is set to, each for its authority. */
  static async read(
    store: LogStore,
    node: string,
    roots: readonly Uint8Array[] | null,
  ): Promise<KeptTimestamps> {
    const tokens = readTokens(await store.state(tokenPrefix(node)));
    if (roots !== null) return new KeptTimestamps(tokens, () => roots);
    const set = readAuthorities(await store.state(authorityPrefix(node)));
    return new KeptTimestamps(tokens, (url) => set.find((each) => each.url === url)?.roots ?? []);
  }

  /** Those that lie elsewhere: who gave them, nothing says but their certificates. */
  static of(
    {
      tokens,
      unreadable,
    }: { readonly tokens: readonly Omit<Timestamped, 'authority'>[]; readonly unreadable: number },
    roots: readonly Uint8Array[],
  ): KeptTimestamps {
    const unnamed = tokens.map((token) => ({ ...token, authority: '' }));
    return new KeptTimestamps({ tokens: unnamed, unreadable }, () => roots);
  }

  judge(token: Timestamped): Promise<TimestampReport> {
    return verifyTimestamped(token, { roots: this.#roots(token.authority) });
  }

  /** The checkpoints of those that hold up to a root, and what is said of each of the others. */
  async dated(tell?: (token: Timestamped, report: TimestampReport) => void): Promise<DatedCheckpoint[]> {
    const dated: DatedCheckpoint[] = [];
    for (const token of this.tokens) {
      const report = await this.judge(token);
      const { size, root, note } = token;
      const { verdict, time, authority } = report;
      if (verdict === 'verified' && time !== null) {
        dated.push({ size, root, note, notLaterThan: time.notLaterThan, by: authority ?? '' });
      } else tell?.(token, report);
    }
    return dated;
  }

  /**
   * The earliest bound of a record by tokens that hold and are over the tree that the store has; null when there is
   * none. Of each authority the first token that covers the record is taken.
   */
  async boundOf(store: LogStore, node: string, seq: number): Promise<TimeBound | null> {
    const bounds = new Map<string, TimeBound>();
    for (const token of this.tokens) {
      const { size, root, authority } = token;
      if (size <= seq || bounds.has(authority)) continue;
      const report = await this.judge(token);
      if (report.verdict === 'bad' || report.time === null) continue;
      if ((await rootAt(store, node, size)) !== root) continue;
      const { notLaterThan } = report.time;
      bounds.set(authority, { size, root, notLaterThan, by: report.authority ?? '', trust: report.trust });
    }
    return boundOf([...bounds.values()], seq);
  }
}

/** Lower-case hex; null when the tiles can't be read, which verify explains. */
async function rootAt(store: LogStore, node: string, size: number): Promise<string | null> {
  try {
    return toHex(await rootFromTiles(size, tileReader(store.source(node))));
  } catch (error) {
    if (error instanceof TallystickError && !error.retry) return null;
    throw error;
  }
}
