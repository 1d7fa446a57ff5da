import { randomUUID } from 'node:crypto';
import { draft, type EventHandle, type Told, type ToldFailure } from '../catalog/define.ts';
import { AuditUnavailable, RecordError, TallystickError } from '../errors.ts';
import { Guard, type GuardSettings, messageOf, type Operation, perform } from '../guard/guard.ts';
import { checkDraft, type RecordDraft } from '../record/mod.ts';
import type { StateWrite } from '../store/store.ts';
import type { LateAct, LateFile } from './late-file.ts';

/** The log, as acts on it need it. */
export interface ActLog {
  /** Seals one record of the log's own, with state; resolves when it is durable. */
  seal(
    record: RecordDraft,
    more: { readonly phase?: 'attempt' | 'outcome'; readonly state?: readonly StateWrite[] },
  ): Promise<Place>;
  /** Whether it is known that nothing can be sealed at the moment. */
  trouble(): boolean;
  /** A repair was done: what holds the log back may be over. */
  repaired(): Promise<void>;
  /** Whether after this error nothing will be sealed any more, however often it is tried. */
  isOver(error: unknown): boolean;
}

/** Where a record was sealed. */
interface Place {
  readonly node: string;
  readonly seq: number;
}

/** What an act's records say besides event and details: whoever calls names the `actor`. */
export interface ActSettings extends GuardSettings {
  readonly actor: NonNullable<Told['actor']>;
}

/** What a repair is given. */
export interface Repair<D extends object = object> {
  readonly correlation: string;
  /** As `Attempt.note`: says in the record what only the act knows. */
  note(details: Partial<D>): void;
}

/** Of a record that was sealed after what came later than it. */
const LATE = 'late';
/** How long a repair waits for its record to be sealed, ms: longer than the log tries a batch again. */
const SEAL_MS = 10_000;
const UNKNOWN = 'the program ended while this was under way: whether it was done is not known';

/**
 * What is done to the log and its keys by those who run it, and the records of it. There are two kinds of acts:
 *
 * - `perform`, for nearly all: a guarded operation. What can't be recorded is not done.
 * - `repair`, for what brings a log back that can't seal: logging in to a token, freeing space, choosing another key.
 *   It is done all the same. Its record is kept in a `LateFile` before it begins, completed when it is done, and
 *   sealed, once, before every other record that comes after the act: at once, or as soon as the log can, also after a
 *   restart. One that had to wait, or came from a log in trouble, is flagged `late`; its `time` is that of the act.
 */
export class Acts {
  readonly #log: ActLog;
  readonly #file: LateFile;
  readonly #guard: Guard;
  /** Ids of those in the file whose repair has not ended. */
  readonly #begun = new Set<string>();
  readonly #repairs = new Set<Promise<unknown>>();
  #settling: Promise<void> | null = null;

  constructor(log: ActLog, file: LateFile) {
    this.#log = log;
    this.#file = file;
    this.#guard = new Guard({
      own: true,
      seal: async (record, phase) => {
        await this.settle();
        return log.seal(record, { phase });
      },
      isOver: (error) => log.isOver(error),
    });
  }

  /** Records that wait to be sealed, oldest first. */
  get waiting(): readonly RecordDraft[] {
    return this.#file.acts.filter((act) => !this.#begun.has(act.draft.id)).map((act) => act.draft);
  }

  /** Whether nothing waits to be sealed: every append asks. */
  get isSettled(): boolean {
    return this.#file.acts.length === this.#begun.size;
  }

  /** What a state's key will hold once everything that waits is sealed; undefined when nothing of it concerns the key. */
  waitingState(key: string): string | null | undefined {
    return this.#file.acts.flatMap(({ state }) => state).findLast((write) => write.key === key)?.value;
  }

  /**
   * Does what must not happen unrecorded. Its attempt is sealed before, its outcome after, as `Guard.run` says; throws
   * what that throws, and what the operation throws.
   */
  perform<D extends object, T>(
    event: EventHandle<D>,
    details: Partial<D>,
    operation: Operation<D, T>,
    settings: ActSettings,
  ): Promise<T> {
    return this.#guard.run(event, details, operation, settings);
  }

  /**
   * Does what brings the log back, and records it, late if need be: one record, with its outcome. Settles as the
   * operation did, up to `deadlineMs` (10 s) after it while the log does not seal. Throws `AuditUnavailable` when the
   * record can't even be kept, and `RecordError` for details that no record may hold: nothing was done then.
   *
   * @param details what the record says even when the act fails.
   */
  repair<D extends object, T>(
    event: EventHandle<D>,
    details: Partial<D>,
    operation: (repair: Repair<D>) => T | Promise<T>,
    settings: ActSettings,
  ): Promise<T> {
    const work = this.#repair(event, details, operation, settings);
    this.#repairs.add(work);
    const done = (): void => void this.#repairs.delete(work);
    work.then(done, done);
    return work;
  }

  /**
   * Records what has happened already. Resolves with where it was sealed, or with null when it can't be now and waits
   * to be. Throws what sealing threw when it can't wait either, and `RecordError` for what no record may hold.
   */
  async record<D extends object>(
    event: EventHandle<D>,
    details: Partial<D>,
    told: (Told | ToldFailure) & { readonly state?: readonly StateWrite[] },
  ): Promise<Place | null> {
    const { state = [], ...more } = told;
    const id = newId();
    const happened = { ...draft(event, details as D, more as Told), id };
    try {
      return await inTime(this.#sealNow(happened, state), SEAL_MS);
    } catch (error) {
      if (error instanceof RecordError) throw error;
      try {
        this.#file.write([...this.#file.acts, { draft: late(happened), state }]);
      } catch {
        throw error;
      }
      return null;
    }
  }

  /**
   * Seals what waits, in order. Whoever appends MUST call it before, unless `isSettled`, and refuse with what it throws:
   * what sealing throws.
   */
  settle(): Promise<void> {
    if (this.isSettled) return Promise.resolve();
    this.#settling ??= this.#settle().finally(() => {
      this.#settling = null;
    });
    return this.#settling;
  }

  /** Whether an act is under way. */
  get isBusy(): boolean {
    return this.#guard.isBusy || this.#repairs.size > 0;
  }

  /** Begins nothing more of `perform`; resolves when what is under way has ended. */
  async close(): Promise<void> {
    const guarded = this.#guard.close();
    while (this.#repairs.size > 0) await Promise.allSettled(this.#repairs);
    await guarded;
  }

  async #repair<D extends object, T>(
    event: EventHandle<D>,
    details: Partial<D>,
    operation: (repair: Repair<D>) => T | Promise<T>,
    { deadlineMs = SEAL_MS, ...told }: ActSettings,
  ): Promise<T> {
    const id = newId();
    const correlation = told.correlation ?? randomUUID();
    const isInTrouble = this.#log.trouble() || !this.isSettled;
    let said = structuredClone(details);
    const drafted = (more: Partial<D>, ended: Ended): LateAct['draft'] => {
      const record = draft(event, more as D, { ...told, correlation, ...ended } as Told);
      return checkDraft({ ...record, id }, true) as LateAct['draft'];
    };
    // What stands there should the program end in between.
    const begun = { ...late(drafted(said, { outcome: 'void' })), reason: UNKNOWN };
    try {
      this.#file.write([...this.#file.acts, { draft: begun, state: [] }]);
    } catch (cause) {
      const message = `the act can't be recorded, so it was not begun: ${messageOf(cause)}`;
      throw new AuditUnavailable('AUDIT_UNAVAILABLE', message, { cause });
    }
    this.#begun.add(id);
    const note = (more: Partial<D>): void => {
      const all = { ...said, ...more };
      drafted(all, { outcome: 'success' });
      said = structuredClone(all);
    };
    const done = await perform(() => operation({ correlation, note }));
    const ended: Ended =
      'error' in done ? { outcome: 'failure', reason: messageOf(done.error) } : { outcome: 'success' };
    const record = drafted(said, ended);
    this.#begun.delete(id);
    this.#change((act) =>
      act.draft.id === id ? [{ ...act, draft: isInTrouble ? late(record) : record }] : [act],
    );
    const settling = this.#log.repaired().then(() => this.settle());
    await inTime(settling, deadlineMs).catch(() => {});
    if ('error' in done) throw done.error;
    return done.result as T;
  }

  async #sealNow(record: RecordDraft, state: readonly StateWrite[]): Promise<Place> {
    await this.settle();
    return this.#log.seal(record, { state });
  }

  async #settle(): Promise<void> {
    for (;;) {
      const next = this.#file.acts.find(({ draft }) => !this.#begun.has(draft.id));
      if (next === undefined) return;
      try {
        await this.#log.seal(next.draft, { state: next.state });
      } catch (error) {
        // Nobody else has its id: it was sealed when that could not be told, before it was flagged or the program ended.
        if (!(error instanceof TallystickError && error.code === 'ID_REUSED')) {
          this.#change((act) =>
            this.#begun.has(act.draft.id) ? [act] : [{ ...act, draft: late(act.draft) }],
          );
          throw error;
        }
      }
      this.#change((act) => (act === next || act.draft.id === next.draft.id ? [] : [act]));
    }
  }

  #change(change: (act: LateAct) => LateAct[]): void {
    this.#file.replace(this.#file.acts.flatMap(change));
  }
}

type Ended = Pick<Told, 'outcome'> | Pick<ToldFailure, 'outcome' | 'reason'>;

function late<D extends RecordDraft>(draft: D): D {
  const { flags = [] } = draft;
  return flags.includes(LATE) ? draft : { ...draft, flags: [...flags, LATE] };
}

/** What the work gives, unless the time is over first. */
async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new AuditUnavailable('AUDIT_UNAVAILABLE', `sealing took longer than ${ms} ms`)),
    ms,
  );
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}

function newId(): string {
  return `act/${randomUUID()}`;
}
