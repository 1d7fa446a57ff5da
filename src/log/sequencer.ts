import { checkpointBody, signCheckpointByAll } from '../checkpoint/mod.ts';
import type { Signer } from '../crypto/signer.ts';
import { LogError, RecordError, TallystickError, TokenError } from '../errors.ts';
import type { Tree } from '../merkle/mod.ts';
import type { StateWrite } from '../store/store.ts';
import { OpenBatch } from './batch.ts';
import type { LogClock } from './clock.ts';
import type { Committer, UnownedBatch } from './committer.ts';
import type { Sealing } from './key-set.ts';
import { ID_BUCKET_MS, type Limits } from './limits.ts';
import { type Outcome, type Placement, place } from './placement.ts';
import type { SealedHead } from './receipt.ts';
import { RecentIds } from './recent-ids.ts';
import type { Placed, Unit } from './unit.ts';

export interface SequencerOptions {
  readonly node: string;
  readonly head: SealedHead;
  /** The tree of `head`. The sequencer owns it from now on. */
  readonly tree: Tree;
  /** The keys as of `head`. */
  readonly sealing: Sealing;
  readonly committer: Committer;
  readonly clock: LogClock;
  readonly limits: Limits;
  /** Called after each commit, before its appends are answered. MUST NOT throw. */
  readonly onSealed: (head: SealedHead, batch: UnownedBatch) => void;
  /** Called once, when the log can't go on. */
  readonly onStopped: (error: TallystickError) => void;
}

/**
 * Gives each record its number and seals batches, one at a time, in the order of design section 5.
 *
 * While one batch is signed and committed, the next is filled: its records are numbered, made bytes, hashed and put
 * into the tree as they come. A batch is closed the moment the one before is done, or, on an idle log, as soon as
 * the running turn of the event loop ends: nothing ever waits for a timer.
 *
 * State is owned by this object alone: the tree (ahead of the head by the batches not yet sealed), the queue, the
 * open batch, and the ids not yet to be found in the store.
 */
export class Sequencer {
  readonly #o: SequencerOptions;
  #head: SealedHead;
  #sealing: Sealing;
  #waiting: Unit[] = [];
  /** Admitted in order of arrival as room comes free. */
  readonly #blocked: Unit[] = [];
  /** Sealed under `head`, and still to be told so. */
  readonly #answers: { readonly unit: Unit; readonly head: SealedHead }[] = [];
  #queuedRecords = 0;
  #queuedBytes = 0;
  #open: OpenBatch | null = null;
  #running = false;
  #commits = 0;
  readonly #ids = new RecentIds();
  #tree: Tree;
  #stopped: TallystickError | null = null;
  #idle: (() => void)[] = [];
  /** To be done before the next batch is sealed. */
  readonly #between: { readonly act: () => Promise<void>; readonly reject: (error: unknown) => void }[] = [];

  constructor(options: SequencerOptions) {
    this.#o = options;
    this.#head = options.head;
    this.#sealing = options.sealing;
    this.#tree = options.tree;
  }

  get head(): SealedHead {
    return this.#head;
  }

  /** The keys that seal what comes after `head`. */
  get sealing(): Sealing {
    return this.#sealing;
  }

  /** Number of commits done; an append's look-up of ids counts from here. */
  get commits(): number {
    return this.#commits;
  }

  /** Whether an append of this size would have to wait for room. */
  isFull(records: number, bytes: number): boolean {
    return this.#blocked.length > 0 || !this.#hasRoom(records, bytes);
  }

  /** Takes an append; it is answered through its `resolve` or `reject`, exactly once. */
  submit(unit: Unit): void {
    const { records, bytes } = unit;
    if (this.#stopped) unit.reject(this.#stopped);
    else if (this.#isTooLarge(records.length, bytes))
      unit.reject(tooLarge(records.length, bytes, this.#o.limits));
    else if (this.isFull(records.length, bytes)) this.#blocked.push(unit);
    else {
      this.#enqueue(unit);
      this.kick();
    }
  }

  /** Does something while no batch is being signed or committed. Rejects as it does, or with LOG_CLOSED. */
  between<T>(act: () => Promise<T>): Promise<T> {
    if (this.#stopped) return Promise.reject(this.#stopped);
    return new Promise((resolve, reject) => {
      this.#between.push({ act: () => act().then(resolve, reject), reject });
      this.kick();
    });
  }

  /** Commits state without a record. Rejects as `Committer.commit` does. */
  writeState(state: readonly StateWrite[]): Promise<void> {
    return this.between(async () => {
      const { node, committer } = this.#o;
      const { origin, size, root, signatures } = this.#head;
      const nothing = {
        entries: new Uint8Array(0),
        leaves: new Uint8Array(0),
        tiles: [],
        payloads: [],
        ids: [],
      };
      try {
        const head = { node, origin, from: size, root, signatures, keepCheckpoint: false };
        await committer.commit({ ...head, ...nothing, state });
      } catch (error) {
        if (error instanceof TallystickError && FATAL.has(error.code)) this.stop(error);
        throw error;
      }
    });
  }

  /** Resolves when everything submitted so far is answered. */
  drain(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Refuses everything that is in no batch yet, and everything to come, with LOG_CLOSED. */
  stop(reason: TallystickError): void {
    if (this.#stopped) return;
    this.#stopped = closed(this.#o.node, reason);
    const units = [...(this.#open?.units ?? []), ...this.#waiting, ...this.#blocked.splice(0)];
    this.#open = null;
    this.#waiting = [];
    for (const each of [...units, ...this.#between.splice(0)]) each.reject(this.#stopped);
    this.#o.onStopped(reason);
  }

  /** Ids of a waiting append became known, or there is new work: fills the open batch and starts sealing. */
  kick(): void {
    if (this.#stopped) return;
    if (this.#running) this.#fill();
    else {
      this.#running = true;
      // The turn's remaining appends join the first batch.
      setImmediate(() => void this.#run());
    }
  }

  get #busy(): boolean {
    return (
      this.#running ||
      this.#between.length > 0 ||
      this.#answers.length > 0 ||
      this.#waiting.length > 0 ||
      this.#blocked.length > 0
    );
  }

  /** How large a lone record may be is a rule of records. */
  #isTooLarge(records: number, bytes: number): boolean {
    const { batchRecords, appendBytes } = this.#o.limits;
    return records > 1 && (records > batchRecords || bytes > appendBytes);
  }

  #hasRoom(records: number, bytes: number): boolean {
    const { queueRecords, queueBytes } = this.#o.limits;
    if (this.#queuedRecords === 0) return true;
    return this.#queuedRecords + records <= queueRecords && this.#queuedBytes + bytes <= queueBytes;
  }

  #enqueue(unit: Unit): void {
    this.#queuedRecords += unit.records.length;
    this.#queuedBytes += unit.bytes;
    this.#waiting.push(unit);
  }

  async #run(): Promise<void> {
    for (;;) {
      for (let next = this.#between.shift(); next; next = this.#between.shift()) await next.act();
      this.#fill();
      const batch = this.#open;
      if (batch === null || this.#stopped) break;
      this.#open = null;
      await this.#seal(batch);
    }
    this.#running = false;
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (!this.#busy) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Moves appends on: from before the queue into the queue, from the queue into the open batch. */
  #fill(): void {
    let taken = 0;
    do {
      taken = this.#take();
      this.#admit();
    } while (taken > 0 && this.#waiting.length > 0);
    this.#forgetIds();
  }

  /** Moves waiting appends into the open batch, in order, as far as it takes them and their ids are known. Returns how many. */
  #take(): number {
    const { batchRecords, batchBytes } = this.#o.limits;
    let taken = 0;
    for (const unit of this.#waiting) {
      if (unit.known === undefined) break;
      const open = this.#open;
      const { length } = unit.records;
      if (open && (unit.change !== null || open.change !== null)) break;
      if (open && (open.count + length > batchRecords || open.bytes + unit.bytes > batchBytes)) break;
      this.#queuedRecords -= length;
      this.#queuedBytes -= unit.bytes;
      this.#number(unit);
      taken++;
    }
    this.#waiting.splice(0, taken);
    return taken;
  }

  #admit(): void {
    let admitted = 0;
    for (const unit of this.#blocked) {
      if (!this.#hasRoom(unit.records.length, unit.bytes)) break;
      this.#enqueue(unit);
      admitted++;
    }
    this.#blocked.splice(0, admitted);
  }

  /** Gives an append its place in the open batch, and its new records their numbers; or refuses it. */
  #number(unit: Unit): void {
    try {
      const { known } = unit;
      if (known instanceof Error) throw known;
      const { outcomes, fresh } = place(unit.records, (key) => this.#ids.get(key) ?? known?.get(key));
      // What it is refused for may not be sealed yet, so that answer, too, waits for its batch.
      const isRefused = !unit.each && outcomes.some(({ kind }) => kind === 'refused');
      this.#place(unit, { outcomes, fresh: isRefused ? [] : fresh });
    } catch (error) {
      unit.reject(error);
    }
  }

  /** Throws CLOCK_JUMPED, before anything is changed. */
  #place(unit: Unit, { outcomes, fresh }: Placement): void {
    const { clock } = this.#o;
    const loggedBefore = clock.last;
    const logged = fresh.length === 0 ? loggedBefore : clock.read();
    this.#open ??= new OpenBatch(this.#tree, loggedBefore);
    const open = this.#open;
    open.units.push(unit);
    const first = this.#tree.size;
    const leaves = fresh.length === 0 ? new Uint8Array(0) : open.write(fresh, logged);
    unit.placed = { outcomes, first, leaves };
    if (fresh.length === 0) return;
    for (const write of unit.state) open.state.push(write);
    const bucket = Math.floor(logged / ID_BUCKET_MS);
    for (const [at, { id }] of fresh.entries()) {
      if (id === null) continue;
      const { key, content } = id;
      const seq = first + at;
      open.ids.push({ key, seq, content, bucket });
      this.#ids.add(key, { seq, content, leaf: leaves.subarray(32 * at, 32 * at + 32) });
    }
  }

  async #seal(open: OpenBatch): Promise<void> {
    if (open.count > 0 && !(await this.#commit(open))) return;
    if (this.#answers.length === 0) setImmediate(() => this.#answerSome());
    for (const unit of open.units) this.#answers.push({ unit, head: this.#head });
  }

  /**
   * Answers in later turns of the event loop, when the next batch is already on its way to the store, and only so
   * many at a time: what callers do with their answers must not hold up sealing.
   */
  #answerSome(): void {
    let answered = 0;
    for (let records = 0; answered < this.#answers.length && records < ANSWERS_A_TURN; answered++) {
      const { unit, head } = this.#answers[answered]!;
      records += unit.records.length;
      answer(unit, head);
    }
    this.#answers.splice(0, answered);
    if (this.#answers.length > 0) setImmediate(() => this.#answerSome());
    else this.#tellIdle();
  }

  /** Returns whether the batch is sealed; if not, its appends have been refused. */
  async #commit(open: OpenBatch): Promise<boolean> {
    const { node, committer, onSealed } = this.#o;
    const { origin } = this.#head;
    // Taken before the signature is waited for: the next batch's records enter the tree meanwhile.
    const size = this.#tree.size;
    const root = this.#tree.root();
    const tiles = this.#tree.changedTiles();
    const body = checkpointBody(origin, size, root);
    const signers = open.change?.sealedBy ?? this.#sealing.keys.signers;
    let signatures: string;
    let batch: UnownedBatch;
    try {
      signatures = await committer.persist(() => this.#sign(body, signers));
      batch = open.finish({ node, origin, root, tiles, signatures });
      await committer.commit(batch);
    } catch (error) {
      this.#undo(open, error);
      return false;
    }
    this.#head = { origin, size, root, signatures, note: `${body}\n${signatures}` };
    if (open.change !== null) this.#sealing = open.change;
    this.#commits++;
    this.#ids.committed(
      this.#commits,
      open.ids.map((id) => id.key),
    );
    this.#forgetIds();
    onSealed(this.#head, batch);
    return true;
  }

  /** Rejects as the signers do. A signature that comes too late is of a checkpoint that nobody will see, and dropped. */
  async #sign(body: string, signers: readonly Signer[]): Promise<string> {
    const { signMs } = this.#o.limits;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(notSigned(signers, signMs)), signMs);
    try {
      return await Promise.race([signCheckpointByAll(body, this.#head.origin, signers), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The batch is not in the store and will not be: its appends are refused, those behind it start anew. */
  #undo(open: OpenBatch, cause: unknown): void {
    const error = asError(cause);
    const later = this.#open?.units ?? [];
    for (const batch of [open, this.#open]) if (batch) this.#ids.drop(batch.ids.map((id) => id.key));
    this.#open = null;
    this.#tree = open.before;
    this.#o.clock.rewind(open.loggedBefore);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const unit of later) this.#enqueue(unit);
    this.#waiting.push(...waiting);
    for (const unit of open.units) unit.reject(error);
    if (error !== cause || FATAL.has(error.code)) this.stop(error);
  }

  /** An append in the open batch still counts: when the batch before it fails, its ids are looked at again. */
  #forgetIds(): void {
    const oldest = this.#open?.units[0] ?? this.#waiting[0] ?? this.#blocked[0];
    this.#ids.forget(oldest?.since ?? this.#commits);
  }
}

/** Records. */
const ANSWERS_A_TURN = 1_000;

/** After these, what the store holds is for a restart to find out. */
const FATAL: ReadonlySet<string> = new Set([
  'STORE_SYNC_FAILED',
  'STORE_OUTCOME_UNKNOWN',
  'STORE_CONFLICT',
  'STORE_DAMAGED',
]);

function answer(unit: Unit, head: SealedHead): void {
  const placed = unit.placed as Placed;
  const refused = placed.outcomes.find((o): o is Outcome & { kind: 'refused' } => o.kind === 'refused');
  if (refused && !unit.each) unit.reject(refused.error);
  else unit.resolve(placed, head);
}

function tooLarge(records: number, bytes: number, { batchRecords, appendBytes }: Limits): RecordError {
  return new RecordError(
    'RECORD_TOO_LARGE',
    `these ${records} records are to be sealed as one and have ${bytes} bytes; one append takes at most ${batchRecords} records and ${appendBytes} bytes: send them in parts`,
  );
}

function notSigned(signers: readonly Signer[], ms: number): TokenError {
  const keys = signers.map(({ alias }) => alias).join(', ');
  return new TokenError(
    'TOKEN_UNAVAILABLE',
    `the sealing ${signers.length === 1 ? 'key' : 'keys'} ${keys} did not sign within ${ms} ms; see whether the token hangs`,
  );
}

function closed(node: string, reason: TallystickError): TallystickError {
  if (reason.code === 'LOG_CLOSED') return reason;
  return new LogError(
    'LOG_CLOSED',
    `the log ${node} has stopped and must be opened again: ${reason.message}`,
    {
      cause: reason,
    },
  );
}

function asError(error: unknown): TallystickError {
  if (error instanceof TallystickError) return error;
  return new LogError('INTERNAL', 'the sequencer failed; restart the log, and report this', { cause: error });
}
