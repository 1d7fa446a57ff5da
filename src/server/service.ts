import type { Acts } from '../acts/acts.ts';
import { type TallystickError, UsageError } from '../errors.ts';
import type { Watch } from '../health/watch.ts';
import type { Administration } from '../keys/administration.ts';
import type { By } from '../keys/desk.ts';
import type { AppendOptions } from '../log/log.ts';
import type { Receipt, SealedHead } from '../log/receipt.ts';
import type { AppendResult } from '../log/unit.ts';
import type { AuditReader } from '../reader/audit-reader.ts';
import type { RecordDraft } from '../record/mod.ts';
import type { Timestamps } from '../timestamps/mod.ts';
import type { Witnesses } from '../witness/client/mod.ts';

/** A log open for writing, as `openLog` gives it: what the server is handed and does not close. */
export interface ServedLog {
  readonly node: string;
  readonly vkey: string;
  readonly head: SealedHead;
  readonly stopped: Promise<TallystickError>;
  readonly reader: AuditReader;
  append(record: RecordDraft, settings: AppendOptions): Promise<Receipt>;
  appendEach(records: readonly RecordDraft[], settings: AppendOptions): Promise<AppendResult[]>;
  appendOwn(record: RecordDraft): Promise<Receipt>;
  state(prefix: string): Promise<ReadonlyMap<string, string>>;
  /** What is done to the log by those who run it, and the records of it. */
  readonly acts: Pick<Acts, 'record' | 'waitingState'>;
  /** Self-tests, health, and what expires. */
  readonly watch: Pick<Watch, 'health' | 'selfTest' | 'recordSelfTests' | 'tellExpiries'>;
  /** Tokens and keys, as somebody administers them whom the records shall name. */
  administration(by: By): Administration;
}

export type VerifySettings = NonNullable<Parameters<AuditReader['verify']>[0]>;
type Report = Awaited<ReturnType<AuditReader['verify']>>;

/** What all listeners of a server share: the log, why it stopped, and the long work of which one runs at a time. */
export class Service {
  readonly log: ServedLog;
  readonly version: string;
  /** null where the log is not dated. */
  readonly timestamps: Timestamps | null;
  /** null where the log has nobody show it to witnesses. */
  readonly witnesses: Witnesses | null;
  /** ms since 1970. */
  readonly startedAt: number = Date.now();
  #stopped: TallystickError | null = null;
  #verifying = false;
  #rebuilding: { readonly done: number; readonly total: number } | null = null;

  constructor(
    log: ServedLog,
    version: string,
    timestamps: Timestamps | null = null,
    witnesses: Witnesses | null = null,
  ) {
    this.log = log;
    this.version = version;
    this.timestamps = timestamps;
    this.witnesses = witnesses;
    void log.stopped.then((reason) => {
      this.#stopped = reason;
    });
  }

  /** Why appends are refused for good, or null. */
  get stopped(): TallystickError | null {
    return this.#stopped;
  }

  get rebuilding(): { readonly done: number; readonly total: number } | null {
    return this.#rebuilding;
  }

  /** Throws `UsageError` SERVER_BUSY while another verification runs. */
  async verify(settings: VerifySettings): Promise<Report> {
    if (this.#verifying) throw busy('a verification runs already; ask again when it is done');
    this.#verifying = true;
    try {
      return await this.log.reader.verify(settings);
    } finally {
      this.#verifying = false;
    }
  }

  /** Resolves with the number of records indexed. Throws `UsageError` SERVER_BUSY while another rebuild runs. */
  async rebuildIndex(): Promise<number> {
    if (this.#rebuilding !== null) throw busy('the index is being rebuilt already');
    this.#rebuilding = { done: 0, total: 0 };
    let rebuilt = 0;
    try {
      await this.log.reader.rebuildIndex((done, total) => {
        this.#rebuilding = { done, total };
      });
      for (const node of this.log.reader.nodes) rebuilt += (await this.log.reader.head(node)).size;
      return rebuilt;
    } finally {
      this.#rebuilding = null;
    }
  }
}

function busy(message: string): UsageError {
  return new UsageError('SERVER_BUSY', message);
}
