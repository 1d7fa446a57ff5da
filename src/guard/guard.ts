import { draft, type EventHandle, type Told } from '../catalog/define.ts';
import { toHex } from '../crypto/bytes.ts';
import {
  AuditUnavailable,
  type Done,
  OutcomeUnsealed,
  RecordError,
  TallystickError,
  UsageError,
} from '../errors.ts';
import { checkDraft, type RecordDraft } from '../record/mod.ts';

/** Where a record was sealed. */
interface Place {
  readonly node: string;
  readonly seq: number;
}

/** The log, as a guard needs it. */
export interface GuardedLog {
  /** Seals one record as a phase of a guarded operation; resolves when it is durable, rejects when it can't tell that. */
  seal(record: RecordDraft, phase: 'attempt' | 'outcome'): Promise<Place>;
  /** Whether after this error nothing will be sealed any more, however often it is tried. */
  isOver(error: unknown): boolean;
  /** The operations are acts on the log itself (system `tallystick`). */
  readonly own?: boolean;
}

/** What both records say besides event and details. */
export interface GuardSettings extends Omit<Told, 'id' | 'time' | 'outcome'> {
  /** How long the sealing of either record is waited for, ms; 30,000 when not given. */
  readonly deadlineMs?: number;
}

/** What an operation is given: its attempt, which is durable and sealed. */
export interface Attempt<D extends object = object> extends Place {
  readonly correlation: string;
  /**
   * Says in the outcome's record what only the operation knows, also when it fails later: fields are added, members
   * replaced. Throws `RecordError` RECORD_INVALID for what no record may hold.
   */
  note(details: Partial<D>, members?: Noted): void;
}

/** Members of a record that an operation makes. */
export type Noted = Pick<RecordDraft, 'signature' | 'objects'>;

export type Operation<D extends object, T> = (attempt: Attempt<D>) => T | Promise<T>;

const DEADLINE_MS = 30_000;
/** A timer takes no more. */
const MAX_DEADLINE_MS = 2 ** 31 - 1;
/** Of the message that an operation failed with, in UTF-16 units. */
const MAX_REASON = 1_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2_000;
/** Of an outcome whose own fields the log refused: it says how the operation ended, and no more. */
const ABRIDGED = 'abridged';

/**
 * Runs operations that must not happen unrecorded: the attempt is sealed before, the outcome after, and the result is
 * handed over last.
 */
export class Guard {
  readonly #log: GuardedLog;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(log: GuardedLog) {
    this.#log = log;
  }

  /**
   * Seals the attempt, calls the operation once, seals its outcome, and settles as the operation did. A thrown value
   * is the outcome `failure`; its message, up to 1,000 characters of it, is the reason.
   *
   * Throws `RecordError` for details or settings that no record may hold and `UsageError` USAGE for a wrong deadline;
   * `AuditUnavailable` when the attempt could not be sealed in time: then the operation was not called. Throws
   * `OutcomeUnsealed`, which has the result or error, when the operation was done and its outcome could not be sealed.
   */
  run<D extends object, T>(
    event: EventHandle<D>,
    details: Partial<D>,
    operation: Operation<D, T>,
    settings: GuardSettings = {},
  ): Promise<T> {
    return this.#track(this.#run(event, details, operation, settings));
  }

  /** Refuses new operations with `AuditUnavailable`; resolves when those under way have ended and their outcomes are sealed. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** Whether an operation is under way. */
  get isBusy(): boolean {
    return this.#underWay.size > 0;
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const done = (): void => void this.#underWay.delete(work);
    work.then(done, done);
    return work;
  }

  async #run<D extends object, T>(
    event: EventHandle<D>,
    details: Partial<D>,
    operation: Operation<D, T>,
    { deadlineMs = DEADLINE_MS, ...told }: GuardSettings,
  ): Promise<T> {
    if (!Number.isSafeInteger(deadlineMs) || deadlineMs < 1 || deadlineMs > MAX_DEADLINE_MS) {
      throw new UsageError('USAGE', `deadlineMs must be an integer from 1 to ${MAX_DEADLINE_MS}`);
    }
    // Not in the type. Two operations of one id would have one attempt.
    if ('id' in told)
      throw new UsageError('USAGE', 'a guarded operation takes no id; "correlation" is yours');
    if (this.#closed) throw unavailable('the log is closed; open it again', undefined);
    const correlation = told.correlation ?? newId();
    // As it is now: what the caller does with it while the operation runs is not what was attempted.
    const attempted = structuredClone(
      checkDraft({ ...draft(event, details as D, { ...told, correlation }), outcome: 'void' }, this.#log.own),
    );
    const place = await this.#attempt(event, attempted, deadlineMs);
    let known = attempted;
    const note = (more: object, members: Noted = {}): void => {
      const details = { ...(known.details as object | undefined), ...more };
      known = structuredClone(checkDraft({ ...known, ...members, details }, this.#log.own));
    };
    const done = await perform(() => operation({ node: place.node, seq: place.seq, correlation, note }));
    await this.#conclude(outcomeOf(event, known, place, done), place, deadlineMs, done);
    if ('error' in done) throw done.error;
    return done.result as T;
  }

  async #attempt(event: EventHandle, attempted: RecordDraft, deadlineMs: number): Promise<Place> {
    const sealing = this.#log.seal(attempted, 'attempt');
    const timer = new Timer(deadlineMs);
    let place: Place | null;
    try {
      place = await Promise.race([sealing, timer.over]);
    } catch (cause) {
      if (isRefusal(cause)) throw cause;
      throw unavailable(messageOf(cause), cause);
    } finally {
      timer.clear();
    }
    if (place !== null) return place;
    // Sealed after all, it would read as an operation that may have been done.
    void this.#track(this.#tellLate(event, attempted, sealing, deadlineMs));
    throw unavailable(`it took longer than ${deadlineMs} ms`, undefined);
  }

  async #tellLate(
    event: EventHandle,
    attempted: RecordDraft,
    sealing: Promise<Place>,
    deadlineMs: number,
  ): Promise<void> {
    const error = new Error('the operation was not started: its attempt was sealed too late');
    try {
      const at = await sealing;
      await this.#conclude(outcomeOf(event, attempted, at, { error }), at, deadlineMs, { error });
    } catch {
      // The caller has been told already that the log seals nothing.
    }
  }

  /** Throws `OutcomeUnsealed` when it is not sealed in time. */
  async #conclude(record: RecordDraft, at: Place, deadlineMs: number, done: Done): Promise<void> {
    const timer = new Timer(deadlineMs);
    try {
      await this.#seal(record, at, timer);
    } catch (cause) {
      const message =
        `the operation was carried out, but it is not certain that its outcome was sealed (${messageOf(cause)}); ` +
        `its attempt is record ${at.seq} of ${at.node}`;
      const context = { node: at.node, seq: at.seq };
      throw new OutcomeUnsealed('OUTCOME_UNSEALED', message, { cause, context }, done);
    } finally {
      timer.clear();
    }
  }

  /** Tries until it is sealed; rejects when the time is over or the log will seal nothing more. Its id makes it one record. */
  async #seal(outcome: RecordDraft, at: Place, timer: Timer): Promise<void> {
    let record: RecordDraft = { ...outcome, id: `outcome/${newId()}` };
    let isAbridged = false;
    let cause: unknown;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      try {
        if ((await Promise.race([this.#log.seal(record, 'outcome'), timer.over])) !== null) return;
        break;
      } catch (error) {
        cause = error;
        if (this.#log.isOver(error)) break;
        if (isRefusal(error) && !isAbridged) {
          record = abridged(record, at);
          isAbridged = true;
          continue;
        }
      }
      const rest = new Timer(pause);
      await Promise.race([rest.over, timer.over]);
      rest.clear();
      if (timer.isOver) break;
    }
    throw cause ?? new Error('the log did not answer in time');
  }
}

/** One deadline. */
class Timer {
  readonly over: Promise<null>;
  isOver = false;
  #handle: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number) {
    this.over = new Promise((resolve) => {
      this.#handle = setTimeout(() => {
        this.isOver = true;
        resolve(null);
      }, ms);
    });
  }

  clear(): void {
    clearTimeout(this.#handle);
  }
}

/** Does it, and says how it ended. */
export async function perform(operation: () => unknown): Promise<Done> {
  try {
    return { result: await operation() };
  } catch (error) {
    return { error };
  }
}

function outcomeOf(event: EventHandle, known: RecordDraft, { node, seq }: Place, done: Done): RecordDraft {
  const { refs = [], details = {}, ...told } = known;
  const more = { ...told, time: Date.now(), refs: [...refs, { node, seq, why: 'attempt' }] };
  if (!('error' in done)) return draft(event, details, { ...more, outcome: 'success' });
  return draft(event, details, { ...more, outcome: 'failure', reason: messageOf(done.error) });
}

/** What no rule of a log refuses: the operation, how it ended, and of which attempt. */
function abridged(record: RecordDraft, { node, seq }: Place): RecordDraft {
  const { id, time, system, event, module, component, outcome, reason, correlation } = record;
  return {
    ...{ id, time, system, event, outcome, correlation },
    ...(module === undefined ? {} : { module }),
    ...(component === undefined ? {} : { component }),
    ...(reason === undefined ? {} : { reason }),
    refs: [{ node, seq, why: 'attempt' }],
    flags: [ABRIDGED],
  } as RecordDraft;
}

/** Whether an error says that the record, not the log, is at fault. */
function isRefusal(error: unknown): boolean {
  if (error instanceof RecordError) return true;
  return error instanceof TallystickError && error.code === 'REQUEST_TOO_LARGE';
}

function unavailable(why: string, cause: unknown): AuditUnavailable {
  return new AuditUnavailable(
    'AUDIT_UNAVAILABLE',
    `the attempt could not be sealed, so the operation was not started: ${why}`,
    { cause },
  );
}

/** Text that a record may hold, whatever was thrown: at most 1,000 characters. */
export function messageOf(error: unknown): string {
  let text: string;
  try {
    text = String(error instanceof Error ? error.message || error.name : error);
  } catch {
    text = '';
  }
  const short = text.length > MAX_REASON ? `${text.slice(0, MAX_REASON - 1)}…` : text;
  return short.replaceAll('\0', '\u{fffd}').toWellFormed() || 'it failed without a message';
}

function newId(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}
