import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Catalogs } from '../catalog/catalogs.ts';
import { draft, type Told, tallystick } from '../catalog/mod.ts';
import { toHex } from '../crypto/bytes.ts';
import type { Signer } from '../crypto/signer.ts';
import { LogError, RecordError, type TallystickError } from '../errors.ts';
import { Tree } from '../merkle/mod.ts';
import {
  checkDraft,
  checkNode,
  checkProducer,
  contentDigest,
  encodeRecord,
  idKey,
  OWN_SOURCE,
  type RecordDraft,
} from '../record/mod.ts';
import type { LogStore, Ownership, StateWrite } from '../store/store.ts';
import { mayTakeOver } from '../verify/key-history.ts';
import { type Clock, LogClock, systemClock } from './clock.ts';
import { Committer, type Trouble } from './committer.ts';
import { damaged, genesisDraft, newOrigin } from './genesis.ts';
import type { HeadMemory } from './head-memory.ts';
import {
  allSigners,
  isSameSet,
  type KeySet,
  keySet,
  namesOf,
  type Sealing,
  type SealingChange,
} from './key-set.ts';
import { findKnownIds } from './known-ids.ts';
import { LIMITS, type Limits } from './limits.ts';
import { checkPhase, type Phase } from './phase.ts';
import type { PreparedRecord } from './placement.ts';
import type { Receipt, SealedHead } from './receipt.ts';
import { recover } from './recover.ts';
import { Sequencer } from './sequencer.ts';
import { type AppendResult, bytesOfAll, partsOf, resultsOf, type Unit } from './unit.ts';

export interface LogOptions {
  readonly store: LogStore;
  /**
   * The keys that seal, 1 to 4: every checkpoint is signed by all of them. Of an existing log they are those in force;
   * their tokens may be away, then appends are refused until they are back.
   */
  readonly signers: readonly Signer[];
  /** Whose log: defaults to the only node in the store, else to the host name. */
  readonly node?: string;
  /** Name of a new log, the first part of its origin. Defaults to `tallystick`. Of no effect on an existing one. */
  readonly name?: string;
  /** Named to a second writer that is refused. */
  readonly holder?: string;
  readonly headMemory?: HeadMemory;
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  /** What is known of the systems whose records come: what it does not know is flagged. The built-in ones by default. */
  readonly catalogs?: Catalogs;
  /** Version string that the genesis record of a new log names. */
  readonly software?: string;
}

export interface AppendOptions {
  /** Which configured source or API identity delivers; ids are scoped by it. */
  readonly source: string;
  /** Committed together with the records; not at all when none of them is new. */
  readonly state?: readonly StateWrite[];
  /** When the queue is full: wait for room (the default), or be refused with LOG_BUSY. */
  readonly whenFull?: 'wait' | 'refuse';
  /** What the records are to a guarded operation: sealed with them, and held to `checkPhase`. */
  readonly phase?: Phase;
}

/** Which keys seal from now on. */
export interface KeyChange {
  readonly signers: readonly Signer[];
  /** What the record says of the key beside the keys themselves. */
  readonly details?: KeyDetails;
  readonly told?: Told;
  /** Committed together with the change. */
  readonly state?: readonly StateWrite[];
  /**
   * The keys in force cannot sign any more: stand-bys take over. All of `signers` are in force or stand by, and one of
   * them stands by.
   */
  readonly withoutOld?: boolean;
}

/** Which keys stand by from now on, in place of those before; none: no key does. */
export interface StandBy extends Omit<KeyChange, 'withoutOld'> {}

export interface KeyDetails {
  readonly KEYALIAS?: string;
  readonly CRYPTOTOKEN?: string;
  /** Lower-case hex SHA-256 of the public key in DER. */
  readonly keyHash?: string;
}

/** Records of these are made by the log alone, together with the checkpoint that makes them true. */
const OF_THE_KEYS: ReadonlySet<string> = new Set(
  [tallystick.GENESIS, tallystick.KEY_CHANGE, tallystick.KEY_STANDBY].map(({ event }) => event),
);

/** What a committed batch was: for followers that want it without reading it back. */
export interface SealedBatch {
  readonly node: string;
  readonly from: number;
  readonly head: SealedHead;
  /** Bundle form. Shared: MUST NOT be changed. */
  readonly entries: Uint8Array;
}

const REMEMBER_EVERY_MS = 1_000;

/**
 * One node's log, open for writing. An append that resolves is durable and covered by a signed checkpoint; one that
 * rejects is not in the log, unless the error is STORE_OUTCOME_UNKNOWN, STORE_CONFLICT or STORE_SYNC_FAILED: then
 * the log has stopped and a restart finds out. Appends that come later, or had not begun, get LOG_CLOSED then.
 */
export class Log {
  readonly node: string;
  /** Resolves with the reason when the log can't go on; never on `close`. */
  readonly stopped: Promise<TallystickError>;
  readonly #store: LogStore;
  readonly #committer: Committer;
  readonly #logClock: LogClock;
  readonly #limits: Limits;
  readonly #sequencer: Sequencer;
  readonly #memory: HeadMemory | undefined;
  readonly #clock: Clock;
  readonly #catalogs: Catalogs;
  readonly #listeners = new Set<(batch: SealedBatch) => void>();
  /** The newest change of keys that is on its way, and those before it. */
  #changing: Promise<unknown> | null = null;
  #remembering: NodeJS.Timeout | null = null;
  #remembered: Promise<void> = Promise.resolve();
  #closing: Promise<void> | null = null;

  private constructor(
    options: LogOptions,
    opened: {
      node: string;
      sealing: Sealing;
      head: SealedHead;
      tree: Tree;
      logged: number;
      epoch: number;
      holder: string;
    },
  ) {
    const limits = { ...LIMITS, ...options.limits };
    const clock = options.clock ?? systemClock;
    this.node = opened.node;
    this.#store = options.store;
    this.#memory = options.headMemory;
    this.#clock = clock;
    this.#catalogs = options.catalogs ?? Catalogs.builtIn;
    let stop: (error: TallystickError) => void = () => {}; // replaced at once by the promise's own
    this.stopped = new Promise((resolve) => {
      stop = resolve;
    });
    this.#committer = new Committer({ ...opened, store: options.store, retryMs: limits.retryMs, clock });
    this.#limits = limits;
    this.#logClock = new LogClock(clock, limits.clockJumpMs, opened.logged);
    this.#sequencer = new Sequencer({
      ...opened,
      committer: this.#committer,
      clock: this.#logClock,
      limits,
      onSealed: (head, batch) => {
        this.#rememberSoon();
        for (const listener of this.#listeners)
          listener({ node: this.node, from: batch.from, head, entries: batch.entries });
      },
      onStopped: (error) => {
        if (this.#closing === null) stop(error);
      },
    });
  }

  /**
   * Takes ownership and goes on from the head, or creates the log with its genesis record. Throws what
   * `LogStore.acquire`, `recover` and `HeadMemory` throw; what the store holds of an existing log is then as it was.
   */
  static async open(options: LogOptions): Promise<Log> {
    const { store } = options;
    const node = checkNode(options.node ?? (await defaultNode(store)));
    // Before anything is taken, so that a bad name leaves nothing behind.
    const newLog = newOrigin(options.name ?? 'tallystick', node, randomBytes(4));
    const holder = options.holder ?? `process ${process.pid} on ${hostname()}`;
    const owned = await store.acquire(node, holder);
    try {
      const log =
        owned.head.size === 0
          ? await Log.#create(options, node, holder, owned, newLog)
          : await Log.#recover(options, node, holder, owned);
      // Whether heads can be remembered is known from now on, not only when it matters.
      await log.#remember();
      return log;
    } catch (error) {
      await store.release(node);
      throw error;
    }
  }

  static async #recover(options: LogOptions, node: string, holder: string, owned: Ownership): Promise<Log> {
    const { store, signers, headMemory } = options;
    const { head, epoch } = owned;
    const recall: HeadMemory['recall'] = (origin) => headMemory?.recall(origin) ?? null;
    const recovered = await recover(head, store.source(node), signers, recall);
    return new Log(options, { ...recovered, node, epoch, holder });
  }

  static async #create(
    options: LogOptions,
    node: string,
    holder: string,
    { epoch }: Ownership,
    origin: string,
  ): Promise<Log> {
    const keys = keySet(origin, options.signers);
    const tree = new Tree();
    // The state before record 0: never signed, and never seen outside, for the genesis record is sealed first.
    const head: SealedHead = { origin, size: 0, root: tree.root(), signatures: '', note: '' };
    const sealing = { keys, standBy: [] };
    const log = new Log(options, { node, sealing, head, tree, logged: 0, epoch, holder });
    const time = Math.floor((options.clock ?? systemClock).now());
    await log.#appendOwn(genesisDraft(origin, keys.vkeys, options.software ?? 'tallystick', time), {});
    return log;
  }

  /** The first sealing key, as a C2SP verifier key. */
  get vkey(): string {
    return this.vkeys[0] as string;
  }

  /** The keys that seal, as C2SP verifier keys: all of them sign every checkpoint. */
  get vkeys(): readonly string[] {
    return this.#sequencer.sealing.keys.vkeys;
  }

  /** The keys that seal. */
  get signers(): readonly Signer[] {
    return this.#sequencer.sealing.keys.signers;
  }

  /** The keys that were announced as stand-bys, as C2SP verifier keys. */
  get standBy(): readonly string[] {
    return this.#sequencer.sealing.standBy;
  }

  /** The newest sealed state. */
  get head(): SealedHead {
    return this.#sequencer.head;
  }

  /** Why nothing is sealed at the moment; null as long as the last batch was sealed. */
  get trouble(): Trouble | null {
    return this.#committer.trouble;
  }

  /**
   * Seals records: all of them under one checkpoint, or none. Receipts come in the order of the records.
   *
   * Throws `RecordError` (with the index of the first bad record in `context.index`; nothing is added), ID_REUSED,
   * LOG_BUSY, LOG_CLOSED, CLOCK_JUMPED, and what token and store throw when they cannot seal.
   */
  async append(drafts: readonly RecordDraft[], options: AppendOptions): Promise<Receipt[]> {
    checkProducer(options.source);
    const results = await this.#append(
      drafts.map((draft, i) => this.#prepare(draft, options, i, false)),
      options,
      false,
    );
    return results.map((result) => (result as { receipt: Receipt }).receipt);
  }

  /**
   * As `append`, but each record by itself: one that breaks a rule, is too large, or has an id that was used for other
   * content is refused alone. More than one append takes is sealed by several, one after the other, the state with the
   * last. When one of those fails, those before it are in: with ids, the whole may be sent again.
   */
  async appendEach(drafts: readonly RecordDraft[], options: AppendOptions): Promise<AppendResult[]> {
    checkProducer(options.source);
    const { records, refused } = this.#prepareEach(drafts, options);
    const parts = partsOf(records, this.#limits);
    if (parts.length <= 1) return merged(await this.#append(records, options, true), refused);
    const { state = [], ...rest } = options;
    const results: AppendResult[] = [];
    for (const [i, part] of parts.entries()) {
      const isLast = i === parts.length - 1;
      const sealed = await this.#append(part, isLast ? { ...rest, state } : rest, true);
      // The state goes with the last new record. When that was in an earlier part, it goes by itself.
      if (isLast && state.length > 0 && !sealed.some(isNew) && results.some(isNew))
        await this.writeState(state);
      results.push(...sealed);
    }
    return merged(results, refused);
  }

  /**
   * Seals a record of the log's own (system `tallystick`). Not for producers. Throws `LogError` USAGE for a record that
   * announces keys: see `changeKeys`, `announceStandBy`.
   */
  async appendOwn(draft: RecordDraft, more: Pick<AppendOptions, 'state' | 'phase'> = {}): Promise<Receipt> {
    if (draft.system === tallystick.GENESIS.system && OF_THE_KEYS.has(draft.event)) {
      throw new LogError(
        'USAGE',
        `${draft.event} is recorded by changing the keys of the log, not by itself`,
      );
    }
    return this.#appendOwn(draft, more);
  }

  async #appendOwn(
    draft: RecordDraft,
    more: Pick<AppendOptions, 'state' | 'phase'>,
    change: SealingChange | null = null,
  ): Promise<Receipt> {
    const options = { source: OWN_SOURCE, ...more };
    const prepared = this.#prepare(draft, options, 0, true);
    if (change !== null && prepared.encoded.payloads.length > 0) {
      throw new LogError(
        'USAGE',
        'the record of these keys is too long for verifiers to read; give fewer keys',
      );
    }
    const [result] = await this.#append([prepared], options, false, change);
    return (result as { receipt: Receipt }).receipt;
  }

  /**
   * Has other keys seal the log from here on. The record of it is alone in its batch; the checkpoint behind it, which
   * is kept, is signed by the keys before and by the new ones. When it fails, nothing has changed.
   *
   * Throws `LogError` USAGE for a set that seals already, KEY_NOT_STANDBY for one that may not take over; and as
   * `append`.
   */
  changeKeys(change: KeyChange): Promise<Receipt> {
    return this.#oneAtATime(async () => {
      const { signers, details, told, state, withoutOld = false } = change;
      const { keys: before, standBy } = this.#sequencer.sealing;
      const keys = keySet(this.head.origin, signers);
      if (isSameSet(keys.vkeys, before.vkeys)) throw new LogError('USAGE', 'these keys seal the log already');
      if (withoutOld && !mayTakeOver(keys.vkeys, before.vkeys, standBy)) throw noStandBy(standBy);
      const named = {
        ...details,
        ...(namesOf(keys.vkeys) as { key: string; keys?: string[] }),
        previousKey: before.vkeys[0] as string,
        ...(withoutOld ? { standBy: true } : {}),
      };
      const sealedBy = withoutOld ? keys.signers : allSigners(before, keys);
      const left = standBy.filter((key) => !keys.vkeys.includes(key));
      const record = draft(tallystick.KEY_CHANGE, named, { time: this.#now(), ...told });
      return this.#appendOwn(record, state === undefined ? {} : { state }, { keys, standBy: left, sealedBy });
    });
  }

  /**
   * Announces keys that may take over when those in force are lost, in place of those announced before. The checkpoint
   * behind the record is signed by the keys in force and by each of these, which proves that they are there. Without
   * any, what was announced before is withdrawn.
   *
   * Throws `LogError` USAGE for a key that seals already; and as `append`.
   */
  announceStandBy(change: StandBy): Promise<Receipt> {
    return this.#oneAtATime(async () => {
      const { signers, details, told, state } = change;
      const { keys } = this.#sequencer.sealing;
      const none: KeySet = { signers: [], vkeys: [] };
      const standBy = signers.length === 0 ? none : keySet(this.head.origin, signers);
      if (standBy.vkeys.some((key) => keys.vkeys.includes(key))) {
        throw new LogError('USAGE', 'a key that seals the log cannot stand by for it; give another');
      }
      const named = { ...details, ...namesOf(standBy.vkeys) };
      const record = draft(tallystick.KEY_STANDBY, named, { time: this.#now(), ...told });
      const sealedBy = allSigners(keys, standBy);
      const after = { keys, standBy: standBy.vkeys, sealedBy };
      return this.#appendOwn(record, state === undefined ? {} : { state }, after);
    });
  }

  /** What a change says depends on the one before. Without one it takes its place among the appends at once. */
  #oneAtATime<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#changing === null ? act() : this.#changing.then(act);
    const changing = done.then(
      () => {},
      () => {},
    );
    this.#changing = changing;
    void changing.then(() => {
      if (this.#changing === changing) this.#changing = null;
    });
    return done;
  }

  #now(): number {
    return Math.floor(this.#clock.now());
  }

  /** Commits state without a record, between batches. Rejects as `append` does. */
  writeState(state: readonly StateWrite[]): Promise<void> {
    return this.#sequencer.writeState(state);
  }

  /**
   * Looks at the stored head as a start does, and whether it is the one that was sealed last. Throws what `recover` does.
   */
  checkHead(): Promise<void> {
    return this.#sequencer.between(async () => {
      const { origin, size, root, note } = this.head;
      const stored = await this.#store.head(this.node);
      if (stored === null) throw damaged(this.node, 'it has no head');
      const sealed = { origin, size, root: toHex(root), checkpoint: note, keys: this.vkeys, savedAt: 0 };
      const { signers } = this.#sequencer.sealing.keys;
      await recover(stored, this.#store.source(this.node), signers, () => sealed);
    });
  }

  /** How far the clock is off, as `LogClock.deviation`, and how much of that is borne, ms. */
  clockDeviation(): { readonly ahead: number; readonly behind: number; readonly borne: number } {
    return { ...this.#logClock.deviation(), borne: this.#limits.clockJumpMs };
  }

  /** Calls back after each commit, in order. Returns the function that ends it. The listener MUST NOT throw. */
  subscribe(listener: (batch: SealedBatch) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Refuses new appends, seals those that wait, remembers the head and gives up ownership. The store stays open. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #prepare(
    draft: RecordDraft,
    { source, phase }: AppendOptions,
    index: number,
    own: boolean,
  ): PreparedRecord {
    try {
      checkDraft(draft, own);
      if (phase !== undefined) checkPhase(draft, phase, this.node, this.head.size);
      const { node } = this;
      const envelope = phase === undefined ? { node, source } : { node, source, phase };
      return {
        encoded: encodeRecord(own ? draft : this.#catalogs.flagged(draft), envelope, salt),
        // Whether an id brings the same content again is about what was delivered, not about our remarks on it.
        id:
          draft.id === undefined
            ? null
            : { key: idKey(source, draft.id), content: contentDigest(draft, phase) },
      };
    } catch (error) {
      if (error instanceof Error && 'context' in error)
        Object.assign(error, { context: { ...(error.context as object), index } });
      throw error;
    }
  }

  /** The records that can be sealed, in order, and the others by their place. */
  #prepareEach(
    drafts: readonly RecordDraft[],
    options: AppendOptions,
  ): { readonly records: readonly PreparedRecord[]; readonly refused: ReadonlyMap<number, RecordError> } {
    const records: PreparedRecord[] = [];
    const refused = new Map<number, RecordError>();
    for (const [i, draft] of drafts.entries()) {
      try {
        records.push(this.#prepare(draft, options, i, false));
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        refused.set(i, error);
      }
    }
    return { records, refused };
  }

  async #append(
    records: readonly PreparedRecord[],
    options: AppendOptions,
    each: boolean,
    change: SealingChange | null = null,
  ): Promise<AppendResult[]> {
    if (this.#closing !== null)
      throw new LogError('LOG_CLOSED', `the log ${this.node} is closed; open it again to append`);
    if (records.length === 0) return [];
    const bytes = bytesOfAll(records);
    if (options.whenFull === 'refuse' && this.#sequencer.isFull(records.length, bytes)) {
      throw new LogError('LOG_BUSY', 'more appends wait than the log takes; send this one again later');
    }
    const keys = records.flatMap(({ id }) => (id ? [id.key] : []));
    return new Promise((resolve, reject) => {
      const unit: Unit = {
        records,
        state: options.state ?? [],
        change,
        bytes,
        each,
        since: this.#sequencer.commits,
        known: keys.length === 0 ? null : undefined,
        placed: null,
        resolve: (placed, head) => resolve(resultsOf(placed, this.node, head)),
        reject,
      };
      this.#sequencer.submit(unit);
      if (keys.length > 0) this.#lookUp(unit, keys);
    });
  }

  /** Asks the store which ids it knows; the append keeps its place in the queue meanwhile. */
  #lookUp(unit: Unit, keys: readonly string[]): void {
    findKnownIds(this.#store, this.node, keys).then(
      (known) => {
        unit.known = known;
        this.#sequencer.kick();
      },
      (error: unknown) => {
        unit.known = error instanceof Error ? error : new Error(String(error));
        this.#sequencer.kick();
      },
    );
  }

  /** Writes the newest head outside the store, at most once a second: it must cost sealing nothing. */
  #rememberSoon(): void {
    if (this.#memory === undefined || this.#remembering !== null) return;
    this.#remembering = setTimeout(() => void this.#rememberIfPossible(), REMEMBER_EVERY_MS);
    this.#remembering.unref();
  }

  /** One at a time, each with the head there is when its turn comes. */
  #rememberIfPossible(): Promise<void> {
    if (this.#remembering !== null) clearTimeout(this.#remembering);
    this.#remembering = null;
    this.#remembered = this.#remembered
      .then(() => this.#remember())
      .catch(() => {
        // The head remembered before stands, which is only less sharp; the next commit tries again, and the next
        // opening refuses when it is still so. No record is held back for it.
      });
    return this.#remembered;
  }

  async #remember(): Promise<void> {
    const { origin, size, root, note } = this.head;
    const savedAt = Math.floor(this.#clock.now());
    const keys = this.vkeys;
    await this.#memory?.remember({ origin, keys, size, root: toHex(root), checkpoint: note, savedAt });
  }

  async #close(): Promise<void> {
    await this.#sequencer.drain();
    await this.#rememberIfPossible();
    await this.#store.release(this.node);
    this.#sequencer.stop(
      new LogError('LOG_CLOSED', `the log ${this.node} is closed; open it again to append`),
    );
  }
}

/** Results of the records that were taken, with those of the others in their places. */
function merged(taken: AppendResult[], refused: ReadonlyMap<number, RecordError>): AppendResult[] {
  if (refused.size === 0) return taken;
  const rest = taken.values();
  const count = taken.length + refused.size;
  return Array.from({ length: count }, (_, i) => {
    const error = refused.get(i);
    return error === undefined ? (rest.next().value as AppendResult) : { error };
  });
}

function isNew(result: AppendResult): boolean {
  return 'receipt' in result && !result.receipt.duplicate;
}

function noStandBy(standBy: readonly string[]): LogError {
  const known = standBy.map((vkey) => vkey.split('+', 2).join('+')).join(', ');
  return new LogError(
    'KEY_NOT_STANDBY',
    `only keys that stand by may take over, beside those in force; ${known === '' ? 'none was announced' : `announced: ${known}`}`,
  );
}

function salt(): Uint8Array {
  return randomBytes(16);
}

async function defaultNode(store: LogStore): Promise<string> {
  const nodes = await store.nodes();
  if (nodes.length === 1) return nodes[0] as string;
  return hostname()
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 64);
}
