import { Acts } from './acts/acts.ts';
import type { LateFile } from './acts/late-file.ts';
import type { Catalogs } from './catalog/catalogs.ts';
import { draft, type EventHandle, type Told, type ToldFailure } from './catalog/define.ts';
import { LogError, type TallystickError } from './errors.ts';
import { Guard, type GuardSettings, type Operation } from './guard/guard.ts';
import {
  diskCheck,
  expiryCheck,
  indexCheck,
  lateActsCheck,
  sealCheck,
  selfTestsCheck,
  timeSyncCheck,
  tokensCheck,
} from './health/checks.ts';
import type { Expiring } from './health/expiry.ts';
import { logTests } from './health/log-tests.ts';
import { SelfTests } from './health/self-tests.ts';
import { Watch } from './health/watch.ts';
import type { RecordIndex } from './index/index.ts';
import { type Administration, administration } from './keys/administration.ts';
import { describeCertificate, readCertificates } from './keys/certificate-file.ts';
import { type By, Desk } from './keys/desk.ts';
import type { KeyAdmin } from './keys/key-admin.ts';
import type { OpenKeys } from './keys/open-keys.ts';
import { certificateState } from './keys/sealing-keys.ts';
import type { TokenAdmin } from './keys/token-admin.ts';
import type { Tokens } from './keys/tokens.ts';
import type { AppendOptions, KeyChange, Log, StandBy } from './log/log.ts';
import type { Receipt, SealedHead } from './log/receipt.ts';
import type { AppendResult } from './log/unit.ts';
import type { TileReader } from './merkle/mod.ts';
import { AuditReader, type ReadableLog } from './reader/audit-reader.ts';
import { IndexFollower } from './reader/follower.ts';
import type { RecordView, SearchAnswer, SearchRequest } from './reader/types.ts';
import type { RecordDraft } from './record/mod.ts';
import type { LogStore } from './store/store.ts';
import { tileReader } from './store/tile-reader.ts';
import { type TimestampSettings, Timestamps, timestampsCheck } from './timestamps/mod.ts';
import { isSealedBy, type Report } from './verify/mod.ts';
import { Witnesses, witnessCheck } from './witness/client/mod.ts';

export interface AppendSettings extends Partial<AppendOptions> {}

/** What a log open for writing is made of. */
export interface Opened {
  readonly store: LogStore;
  readonly log: Log;
  readonly index: RecordIndex | null;
  readonly catalogs: Catalogs;
  readonly late: LateFile;
  readonly keys: OpenKeys;
  /** The data directory; null for a log that is in memory. */
  readonly data: string | null;
  /** Throws `StoreError` once what is written goes elsewhere. */
  readonly checkPlace?: () => void;
  /** Whether they run before anything is taken. */
  readonly selfTests: boolean;
}

/** A log open for writing, with all that reading offers. */
export class AuditLog {
  readonly reader: AuditReader;
  /** What is done to the log by those who run it, and the records of it. */
  readonly acts: Acts;
  /** Self-tests, health, and what expires. */
  readonly watch: Watch;
  readonly #log: Log;
  readonly #store: LogStore;
  readonly #unsubscribe: () => void;
  #witnesses: Witnesses | null = null;
  #timestamps: Timestamps | null = null;
  readonly #tokens: Tokens;
  readonly #desk: Desk;
  readonly #guard = new Guard({
    seal: (record, phase) => this.append(record, { phase }),
    isOver: isClosed,
  });

  private constructor(opened: Opened, reader: AuditReader, unsubscribe: () => void) {
    const { store, log, index, late, keys, data } = opened;
    const selfTests = new SelfTests(logTests(log, store, opened.checkPlace));
    this.#store = store;
    this.#log = log;
    this.reader = reader;
    this.#unsubscribe = unsubscribe;
    this.acts = new Acts(
      {
        seal: async (record, more) => {
          this.watch.check();
          return log.appendOwn(record, more);
        },
        trouble: () => log.trouble !== null || selfTests.failed.length > 0,
        repaired: () => this.watch.retry(),
        isOver: isClosed,
      },
      late,
    );
    const { tokens, inForce } = keys;
    this.#tokens = tokens;
    let stopped: TallystickError | null = null;
    void log.stopped.then((reason) => {
      stopped = reason;
    });
    const certificates = () => certificatesInForce(store, log.node);
    const statuses = () =>
      tokens.list().map(({ name }) => ({ name, status: async () => (await tokens.get(name)).status() }));
    this.watch = new Watch({
      ...{ store, acts: this.acts, selfTests, expiring: certificates },
      checks: [
        sealCheck(log, () => stopped),
        selfTestsCheck(selfTests),
        tokensCheck(statuses, () => inForce.sealing.map(({ token }) => token)),
        lateActsCheck(() => this.acts.waiting.length),
        ...(data === null ? [] : [diskCheck(data)]),
        ...(index === null
          ? []
          : [
              indexCheck(
                () => index.position(log.node),
                () => log.head.size,
              ),
            ]),
        expiryCheck(certificates),
        timeSyncCheck(),
        witnessCheck(log.node, (prefix) => store.state(prefix)),
        timestampsCheck(() => (this.#timestamps ?? new Timestamps(this)).list()),
      ],
    });
    const kept = {
      node: log.node,
      value: async (key: string) => {
        const waiting = this.acts.waitingState(key);
        return waiting === undefined ? (await store.state(key)).get(key) : (waiting ?? undefined);
      },
      changeKeys: (change: KeyChange) => log.changeKeys(change),
      announceStandBy: (change: StandBy) => log.announceStandBy(change),
      retest: async ({ name = 'tallystick' }: By) => {
        if (selfTests.failed.length > 0) await this.watch.selfTest({ name });
      },
    };
    this.#desk = new Desk({ log: kept, tokens, acts: this.acts, inForce });
  }

  static async start(opened: Opened): Promise<AuditLog> {
    const { store, log, index, catalogs } = opened;
    const follower = index && new IndexFollower(index, store, log.node);
    const unsubscribe = log.subscribe(({ from, entries }) => follower?.sealed(from, entries));
    const live: ReadableLog = {
      node: log.node,
      head: async () => log.head,
      indexed: async (size, onProgress) => follower?.catchUp(size, onProgress),
    };
    const reader = await AuditReader.open(store, index, { live, catalogs });
    const started = new AuditLog(opened, reader, unsubscribe);
    if (opened.selfTests) await started.watch.start();
    // When they still can't be sealed they go on waiting, and so does every append.
    await started.acts.settle().catch(() => {});
    return started;
  }

  get node(): string {
    return this.#log.node;
  }

  /** Sets witnesses and has the log shown to all that are set, until it is closed. Throws `WitnessError` WITNESS_CONFIG. */
  async beWitnessed(witnesses: readonly { readonly url: string; readonly vkey: string }[]): Promise<void> {
    if (witnesses.length === 0) return;
    this.#witnesses ??= new Witnesses(this);
    for (const { url, vkey } of witnesses) await this.#witnesses.add(url, vkey);
    this.#witnesses.start();
  }

  /** Has the log dated by the time stamp authorities that are set in it, until it is closed. The settings of the first call count. */
  beDated(settings: TimestampSettings = {}): Timestamps {
    this.#timestamps ??= new Timestamps(this, settings);
    this.#timestamps.start();
    return this.#timestamps;
  }

  /** The sealing key as a C2SP verifier key: what an auditor pins. The first, where several seal. */
  get vkey(): string {
    return this.#log.vkey;
  }

  /** All sealing keys, the first among them: each signs every checkpoint. */
  get vkeys(): readonly string[] {
    return this.#log.vkeys;
  }

  /** The newest sealed state; `head.note` is the signed checkpoint. */
  get head(): SealedHead {
    return this.#log.head;
  }

  /** Resolves with the reason when the log can't go on and the process should end. */
  get stopped(): Log['stopped'] {
    return this.#log.stopped;
  }

  /** The tokens, and what is done to them: recorded as done by the library. */
  get tokens(): TokenAdmin {
    return this.administration({ name: 'library' }).tokens;
  }

  /** The keys of the tokens, and what is done to them: recorded as done by the library. */
  get keys(): KeyAdmin {
    return this.administration({ name: 'library' }).keys;
  }

  /** Tokens and keys as somebody administers them whom the records shall name. */
  administration(by: By): Administration {
    return administration(this.#desk, by);
  }

  /** Seals one record; resolves when it is durable and covered by a signed checkpoint. See `Log.append` for errors. */
  async append(record: RecordDraft, settings?: AppendSettings): Promise<Receipt>;
  /** Seals records under one checkpoint, all or none; at most 10,000 or 64 MiB. */
  async append(records: readonly RecordDraft[], settings?: AppendSettings): Promise<Receipt[]>;
  async append(
    records: RecordDraft | readonly RecordDraft[],
    settings: AppendSettings = {},
  ): Promise<Receipt | Receipt[]> {
    const options = { source: 'library', ...settings };
    const first = this.#admit();
    if (first !== null) await first;
    if (isList(records)) return this.#log.append(records, options);
    const [receipt] = await this.#log.append([records], options);
    return receipt as Receipt;
  }

  /**
   * Seals one event of a catalog: `log.record(signserver.KEYGEN, { KEYALIAS: 'k1', … })`. The compiler knows its
   * fields. A failed event may carry fewer, and takes its reason.
   */
  record<D extends object>(event: EventHandle<D>, details: D, told?: Told): Promise<Receipt>;
  record<D extends object>(event: EventHandle<D>, details: Partial<D>, told: ToldFailure): Promise<Receipt>;
  record(event: EventHandle, details: object, told?: Told | ToldFailure): Promise<Receipt> {
    return this.append(draft(event, details, told as Told));
  }

  /**
   * Runs an operation that must not happen unrecorded: `log.guard(signserver.KEYGEN, { KEYALIAS: 'k1', … }, () => …)`.
   * Its attempt is sealed before it is called, its outcome before its result is handed over: see `Guard.run`.
   */
  guard<D extends object, T>(
    event: EventHandle<D>,
    details: Partial<D>,
    operation: Operation<D, T>,
    settings?: GuardSettings,
  ): Promise<T> {
    return this.#guard.run(event, details, operation, settings);
  }

  /**
   * Seals any number of records, in order, each by itself: what is wrong with one refuses that one alone. See
   * `Log.appendEach`.
   */
  async appendEach(records: readonly RecordDraft[], settings: AppendSettings = {}): Promise<AppendResult[]> {
    const first = this.#admit();
    if (first !== null) await first;
    return this.#log.appendEach(records, { source: 'library', ...settings });
  }

  /** Seals a record of Tallystick's own. For the server and the command line; a producer's records go to `append`. */
  async appendOwn(
    record: RecordDraft,
    settings: Pick<AppendSettings, 'state' | 'phase'> = {},
  ): Promise<Receipt> {
    const first = this.#admit();
    if (first !== null) await first;
    return this.#log.appendOwn(record, settings);
  }

  /** Event of a record of the log's own (system `tallystick`); null for every other. */
  async ownEvent(seq: number): Promise<string | null> {
    const { record } = await this.get(seq);
    return record?.system === 'tallystick' ? record.event : null;
  }

  /** Whether the log's keys, followed through its key changes, have signed a checkpoint: a signed note of it. */
  isOwn(note: string): Promise<boolean> {
    return isSealedBy(this.#store.source(this.node), this.head, note);
  }

  /** The log's own hash tiles, as proofs are made of them. */
  get readTile(): TileReader {
    return tileReader(this.#store.source(this.node));
  }

  /** State that appends committed beside their records (`AppendSettings.state`): keys that start with `prefix`, in order. */
  state(prefix: string): Promise<ReadonlyMap<string, string>> {
    return this.#store.state(prefix);
  }

  get(seq: number, node?: string): Promise<RecordView> {
    return this.reader.get(seq, node ?? this.node);
  }

  search(request?: SearchRequest): Promise<SearchAnswer> {
    return this.reader.search(request);
  }

  verify(options?: Parameters<AuditReader['verify']>[0]): Promise<Report> {
    return this.reader.verify(options);
  }

  /**
   * Waits for guarded operations under way (so MUST NOT be awaited within one), seals what waits, gives up ownership and
   * closes store and index.
   */
  async close(): Promise<void> {
    const guarded = this.#guard.close();
    if (this.#guard.isBusy) await guarded;
    await Promise.all([this.#witnesses?.close(), this.#timestamps?.close()]);
    const acting = this.acts.close();
    if (this.acts.isBusy) await acting;
    await this.#log.close();
    this.#unsubscribe();
    await this.reader.close();
    await this.#tokens.close();
  }

  /** What must be done before an append; null for nothing. Rejects with `LogError` SELF_TEST_FAILED, and as sealing does. */
  #admit(): Promise<void> | null {
    const tested = this.watch.admit();
    if (this.acts.isSettled) return tested;
    return tested === null ? this.acts.settle() : tested.then(() => this.acts.settle());
  }
}

/** The certificates that are given out for a node's log. */
export async function certificatesInForce(store: LogStore, node: string): Promise<Expiring[]> {
  const key = certificateState(node);
  const pem = (await store.state(key)).get(key);
  if (pem === undefined) return [];
  return readCertificates(Buffer.from(pem)).map((der) => {
    const { sha256: id, subject: name, notAfter: expires } = describeCertificate(der);
    return { type: 'certificate', id, name, expires };
  });
}

/** Whether nothing will be sealed any more after this error. */
function isClosed(error: unknown): boolean {
  return error instanceof LogError && error.code === 'LOG_CLOSED';
}

function isList(value: RecordDraft | readonly RecordDraft[]): value is readonly RecordDraft[] {
  return Array.isArray(value);
}
