import {
  checkpointBody,
  formatPin,
  nodeOf,
  type Pin,
  parseCheckpoint,
  parseNote,
  parsePin,
  parsePolicy,
} from '../checkpoint/mod.ts';
import { LogError } from '../errors.ts';
import { HttpFiles, PublishedLog, readCheckpoint } from '../published/mod.ts';
import {
  beginPin,
  type CosignedCheckpoints,
  type FollowedPin,
  findingWords,
  followPin,
  type LogSource,
} from '../verify/mod.ts';
import type { Fetch } from './http.ts';

/** Where a client keeps what it remembers of a log: a file, a database, the storage of a browser. */
export interface PinStore {
  /** The text that was written last, null when there is none yet. */
  read(): string | null | Promise<string | null>;
  /** Keeps a text in place of the one before. */
  write(text: string): void | Promise<void>;
}

/** What a client remembers of a server's log, held against whatever the server answers from then on. */
export class HeldLog {
  readonly #base: string;
  readonly #fetch: Fetch;
  readonly #store: PinStore;
  #last: Promise<Pin> | null = null;

  /** @param base address of the server, without a path. */
  constructor(base: string, fetch: Fetch, store: PinStore) {
    this.#base = base;
    this.#fetch = fetch;
    this.#store = store;
  }

  /**
   * Holds the log against the pin, and the pin goes on with it; the first time, it begins with the log as it is. One
   * call after the other. Throws `LogError` PIN_CONTRADICTED when the log does not continue what was pinned, `UsageError`
   * PIN_INVALID for a text that is no pin, `StoreError` for tiles that can't be had, and what the store throws.
   *
   * @param first the checkpoint to begin with.
   * @param note a checkpoint that the server has just answered with, to be held in place of its newest.
   */
  hold(first: () => Promise<string>, note?: string): Promise<Pin> {
    const held = (this.#last ?? Promise.resolve(null)).catch(() => null).then(() => this.#hold(first, note));
    this.#last = held;
    return held;
  }

  async #hold(first: () => Promise<string>, note: string | undefined): Promise<Pin> {
    const text = await this.#store.read();
    const before = text === null ? null : parsePin(text);
    const { origin } = before ?? parseCheckpoint(parseNote(await first()).text);
    const node = nodeOf(origin);
    const files = new HttpFiles(`${this.#base}/log/${encodeURIComponent(node)}`, this.#fetch);
    const log = new PublishedLog(files);
    const source = note === undefined ? log : at(log, note);
    const now = Date.now();
    let found =
      before === null ? await beginPin(source, {}, now) : await followPin(source, before, now, later(before));
    if (found.pin?.policy !== undefined) {
      const cosigned = await cosignedBy(`${files.place}/cosigned`, this.#fetch, found.pin.policy);
      // Held against the newest head, which is read after that: a checkpoint over more is then no race.
      const vouched = await followPin(log, found.pin, now, cosigned);
      if (vouched.pin === null) found = vouched;
    }
    if (found.pin === null) throw contradicted(origin, before, found);
    if (found.pin !== before) await this.#store.write(formatPin(found.pin));
    return found.pin;
  }
}

/** Whether its witnesses have cosigned is a question of its own; without any nothing is asked. */
function later({ policy }: Pin): CosignedCheckpoints | undefined {
  return policy === undefined ? undefined : { notes: [], policy: null };
}

/** What the server has of witnesses: its newest cosigned checkpoint, or nothing. */
async function cosignedBy(place: string, fetch: Fetch, policy: string): Promise<CosignedCheckpoints> {
  const head = await new PublishedLog(new HttpFiles(place, fetch)).head();
  const notes =
    head === null ? [] : [`${checkpointBody(head.origin, head.size, head.root)}\n${head.signatures}`];
  return { notes, policy: parsePolicy(policy) };
}

/** The log as it is under a checkpoint. */
function at(log: LogSource, note: string): LogSource {
  const head = readCheckpoint(note);
  return {
    head: async () => head,
    bundles: (from, to) => log.bundles(from, to),
    tiles: (level, from, to) => log.tiles(level, from, to),
    checkpoints: () => log.checkpoints(),
    keyChanges: () => log.keyChanges(),
    payloads: (from, to) => log.payloads(from, to),
  };
}

function contradicted(origin: string, before: Pin | null, { findings }: FollowedPin): LogError {
  const failures = findings.filter((finding) => finding.class === 'fail');
  const first = failures.find(({ code }) => code === 'other-log') ?? failures[0];
  const what =
    before === null
      ? 'does not hold'
      : first?.code === 'no-quorum'
        ? 'is not vouched for by the witnesses that the pin demands'
        : `does not continue the ${before.size} records pinned`;
  const why = first === undefined ? 'no known key has signed it' : `${first.code}: ${findingWords(first)}`;
  return new LogError(
    'PIN_CONTRADICTED',
    `the server's log ${what} (${why}). Have it verified against the pin before anything of it is believed`,
    { context: { origin, findings } },
  );
}
