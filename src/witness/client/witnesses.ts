import { type AnchoredLog, News, type StateWrite } from '../../anchors/anchored-log.ts';
import { type Failing, Troubles } from '../../anchors/troubles.ts';
import { draft } from '../../catalog/define.ts';
import { tallystick } from '../../catalog/tallystick.ts';
import { type Cosignature, parseNote, parseVkey } from '../../checkpoint/mod.ts';
import { toHex } from '../../crypto/bytes.ts';
import { TallystickError, WitnessError } from '../../errors.ts';
import type { TileReader } from '../../merkle/mod.ts';
import { type Asked, type AskSettings, askWitness } from './ask.ts';
import {
  alarmsOverWrites,
  alarmWrite,
  type Cosigned,
  configWrite,
  cosignatureWrites,
  isCheckpoint,
  type KeptCosignature,
  readCosigned,
  readWitnessState,
  type WitnessAlarm,
  type WitnessConfig,
  witnessPrefix,
} from './kept.ts';

/** The log that is witnessed. */
export interface WitnessedLog extends AnchoredLog {
  /** The key that seals, or the first of several. */
  readonly vkey: string;
  readonly head: AnchoredLog['head'] & { readonly origin: string };
  readonly readTile: TileReader;
  /** Whether the log's keys, followed through its key changes, have signed a checkpoint: a signed note of it. */
  isOwn(note: string): Promise<boolean>;
}

export interface WitnessSettings extends Omit<AskSettings, 'signal'> {
  /** How often a log that goes on is shown, ms; a minute when not given. */
  readonly intervalMs?: number;
  /** After how long one that stands still is shown again, ms; an hour when not given. */
  readonly refreshMs?: number;
  /** ms since 1970; the system's clock when not given. */
  readonly now?: () => number;
  /** Told of each answer and each failure. MUST NOT throw. */
  readonly onAsked?: (outcome: WitnessOutcome) => void;
  /** Told when witnesses can't be asked at all: the log can't be read or written. MUST NOT throw. */
  readonly onProblem?: (error: unknown) => void;
}

/** What became of asking one witness. */
export type WitnessOutcome = { readonly name: string; readonly size: number } & (
  | {
      readonly result: 'cosigned';
      /** Seconds since 1970. */
      readonly time: number;
      /** It has cosigned, and was found to be put back itself. */
      readonly alarm?: WitnessAlarm;
    }
  | { readonly result: 'alarm'; readonly alarm: WitnessAlarm }
  | { readonly result: 'failed'; readonly code: string; readonly message: string }
);

export interface WitnessStatus extends Omit<WitnessConfig, 'url'> {
  /** null when it was removed: then it is here for what it has proven, and has no keys. */
  readonly url: string | null;
  /** The newest cosignature. `time`: what the witness says, seconds since 1970; `ageMs`: since it came. */
  readonly newest: { readonly size: number; readonly time: number; readonly ageMs: number } | null;
  readonly failing: Failing | null;
  readonly alarms: readonly WitnessAlarm[];
}

const INTERVAL_MS = 60_000;
const REFRESH_MS = 3_600_000;
const TICK_MS = 5_000;
/** After the first failure; doubled with each, up to the longest. */
const BACK_OFF_MS = 5_000;
const LONGEST_BACK_OFF_MS = 600_000;
const MAX_WITNESSES = 32;
const LOG_ITSELF = 'tallystick';

/**
 * Shows a log's checkpoints to its witnesses and keeps what they cosign: of a log that goes on once in an interval, of
 * one that stands still once in a while. No append waits for it. Witnesses are asked at the same time, each by itself:
 * one that is late or fails holds up no other, and is asked again ever more rarely. All are shown the same checkpoint
 * where they can be, so that a quorum has cosigned one.
 *
 * A cosignature is verified, then sealed as AUDIT_LOG_SIGNING and kept in the same commit. Such records alone, those of
 * time stamps among them, are no reason to show the log again: otherwise each would call for the next.
 *
 * A witness that knows a larger tree, or another one, than the log has, or less than it has cosigned: the evidence is kept and an
 * alarm sealed, once for each kind and witness. The log goes on: what becomes of it is for its owner to say.
 */
export class Witnesses {
  readonly #log: WitnessedLog;
  readonly #news: News;
  readonly #settings: WitnessSettings;
  readonly #now: () => number;
  readonly #troubles: Troubles;
  /** Requests under way, by the name of the witness. */
  readonly #asking = new Map<string, Promise<WitnessOutcome>>();
  readonly #stop = new AbortController();
  /** The checkpoint that all are to be shown, and since when. */
  #target: { readonly head: WitnessedLog['head']; readonly at: number } | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #tick: Promise<void> | null = null;
  /** One change of the configuration after another. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(log: WitnessedLog, settings: WitnessSettings = {}) {
    this.#log = log;
    this.#news = new News(log);
    this.#settings = settings;
    this.#now = settings.now ?? Date.now;
    this.#troubles = new Troubles(BACK_OFF_MS, LONGEST_BACK_OFF_MS, this.#now);
  }

  /** Begins to show the log by itself, until `close`. */
  start(): void {
    if (this.#timer !== null) return;
    const every = Math.min(TICK_MS, this.#interval);
    this.#timer = setInterval(() => this.#onTick(), every);
    // In Node it keeps no process alive.
    (this.#timer as { unref?: () => void }).unref?.();
    this.#onTick();
  }

  /** Breaks off what is being asked, and waits until it has ended. The log is not closed. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stop.abort(new WitnessError('WITNESS_UNAVAILABLE', 'the program stops'));
    await this.#tick;
    await Promise.allSettled(this.#asking.values());
    await this.#last;
  }

  /** Those that are set, and those removed whose proven alarms stay. */
  async list(): Promise<WitnessStatus[]> {
    const { configs, newest, alarms } = await this.#read();
    const isSet = ({ name }: WitnessAlarm): boolean => configs.some((config) => config.name === name);
    const removed = new Set(alarms.filter((alarm) => !isSet(alarm)).map(({ name }) => name));
    const all = [
      ...configs.map(({ name, url, vkeys }) => ({ name, url, vkeys })),
      ...[...removed].map((name) => ({ name, url: null, vkeys: [] })),
    ];
    return all.map((config) => {
      const kept = newest.find(({ name }) => name === config.name) ?? null;
      return {
        ...config,
        newest: kept && {
          size: kept.size,
          time: kept.time,
          ageMs: Math.max(0, this.#now() - kept.receivedAt),
        },
        failing: this.#troubles.failing(config.name),
        alarms: alarms.filter(({ name }) => name === config.name),
      };
    });
  }

  /** Age of the newest cosignature of any witness that is set, ms; null when there is none. */
  async newestAgeMs(): Promise<number | null> {
    const ages = (await this.list()).flatMap(({ url, newest }) =>
      url === null ? [] : (newest?.ageMs ?? []),
    );
    return ages.length === 0 ? null : Math.min(...ages);
  }

  /** The cosigned checkpoints that are kept, largest first. */
  async cosigned(): Promise<readonly Cosigned[]> {
    return readCosigned(await this.#log.state(witnessPrefix(this.#log.node)), this.#log.node);
  }

  /**
   * Adds a witness, or a further key of one that is there, whose address may be another then. Recorded as
   * CONFIG_TRUSTED_PUBLIC_KEY by `actor`. Throws `WitnessError` WITNESS_CONFIG, and what the log throws.
   */
  async add(url: string, vkey: string, actor: string = LOG_ITSELF): Promise<void> {
    const { name } = cosignerKey(vkey);
    const href = checkUrl(url);
    await this.#inTurn(async () => {
      const { configs } = await this.#read();
      const before = configs.find((config) => config.name === name);
      if (before === undefined && configs.length >= MAX_WITNESSES) {
        throw unfit(`${MAX_WITNESSES} witnesses are set, which is as many as there may be`);
      }
      if (before?.url === href && before.vkeys.includes(vkey)) return;
      const vkeys = [...new Set([...(before?.vkeys ?? []), vkey])];
      const addedAt = before?.addedAt ?? Math.floor(this.#now());
      const write = configWrite(this.#log.node, name, { name, url: href, vkeys, addedAt });
      await this.#record('add', vkey, [write], actor);
      this.#troubles.over(name);
    });
  }

  /**
   * Asks a witness no more; what it has cosigned stays, and what it has proven. Alarms on its word alone are over. Throws as
   * `add`.
   */
  async remove(name: string, actor: string = LOG_ITSELF): Promise<void> {
    await this.#inTurn(async () => {
      const { node } = this.#log;
      const state = await this.#log.state(witnessPrefix(node));
      const before = readWitnessState(state, node).configs.find((config) => config.name === name);
      if (before === undefined) {
        throw unfit(`no witness is called ${name}; "tallystick witness list" shows those that are set`);
      }
      const writes = [configWrite(node, name, null), ...alarmsOverWrites(node, name, state)];
      await this.#record('remove', before.vkeys[0] as string, writes, actor);
      this.#troubles.over(name);
    });
  }

  /** Shows all witnesses the newest checkpoint now. What fails is in the answer; throws only what the log throws. */
  async ask(): Promise<WitnessOutcome[]> {
    await Promise.allSettled(this.#asking.values());
    const { configs, newest } = await this.#read();
    const { head } = this.#log;
    this.#target = { head, at: this.#now() };
    return Promise.all(configs.map((config) => this.#start(config, newest, head)));
  }

  #onTick(): void {
    if (this.#tick !== null || this.#stop.signal.aborted) return;
    this.#tick = this.#askDue()
      .catch((error: unknown) => this.#settings.onProblem?.(error))
      .finally(() => {
        this.#tick = null;
      });
  }

  /** Starts to ask those that are due, and waits for none. */
  async #askDue(): Promise<void> {
    const { configs, newest } = await this.#read();
    if (configs.length === 0 || this.#log.head.size === 0) return;
    const head = await this.#aim(configs, newest);
    for (const config of configs) {
      if (this.#asking.has(config.name)) continue;
      if (this.#troubles.isWaiting(config.name)) continue;
      const kept = newest.find(({ name }) => name === config.name);
      if (kept !== undefined && kept.size >= head.size && !this.#isOld(kept)) continue;
      this.#start(config, newest, head).catch((error: unknown) => this.#settings.onProblem?.(error));
    }
  }

  /** The checkpoint to show: the one of before while its interval lasts, or nothing came that is worth another. */
  async #aim(
    configs: readonly WitnessConfig[],
    newest: readonly KeptCosignature[],
  ): Promise<WitnessedLog['head']> {
    const target = this.#target;
    const now = this.#now();
    if (target !== null) {
      if (now - target.at < this.#interval) return target.head;
      const isSet = ({ name }: KeptCosignature): boolean => configs.some((config) => config.name === name);
      const isOld = newest.some((kept) => isSet(kept) && this.#isOld(kept));
      if (!isOld && (await this.#news.size()) <= target.head.size) return target.head;
    }
    const { head } = this.#log;
    this.#target = { head, at: now };
    return head;
  }

  #isOld({ receivedAt }: KeptCosignature): boolean {
    return this.#now() - receivedAt >= (this.#settings.refreshMs ?? REFRESH_MS);
  }

  get #interval(): number {
    return this.#settings.intervalMs ?? INTERVAL_MS;
  }

  #start(
    config: WitnessConfig,
    newest: readonly KeptCosignature[],
    head: WitnessedLog['head'],
  ): Promise<WitnessOutcome> {
    const known = newest.find(({ name }) => name === config.name) ?? null;
    const asking = this.#ask(config, known, head).finally(() => this.#asking.delete(config.name));
    this.#asking.set(config.name, asking);
    return asking;
  }

  async #ask(
    config: WitnessConfig,
    known: KeptCosignature | null,
    head: WitnessedLog['head'],
  ): Promise<WitnessOutcome> {
    const { name } = config;
    let outcome: WitnessOutcome;
    try {
      const { asked, shown } = await this.#show(config, known?.size ?? 0, head);
      outcome = { name, size: shown.size, ...(await this.#keep(config, asked, shown, known)) };
      if (outcome.result === 'cosigned') this.#troubles.over(name);
    } catch (error) {
      if (!(error instanceof WitnessError)) throw error;
      this.#troubles.failed(name, error);
      outcome = { name, size: head.size, result: 'failed', code: error.code, message: error.message };
    }
    this.#settings.onAsked?.(outcome);
    return outcome;
  }

  async #show(
    config: WitnessConfig,
    known: number,
    head: WitnessedLog['head'],
  ): Promise<{ readonly asked: Asked; readonly shown: WitnessedLog['head'] }> {
    const { readTile, vkey } = this.#log;
    const isOwn = (note: string): Promise<boolean> => this.#log.isOwn(note);
    const settings = { ...this.#settings, signal: this.#stop.signal };
    const show = (shown: WitnessedLog['head']): Promise<Asked> => {
      const { origin, size, root, note } = shown;
      return askWitness(config, { origin, size, root, note, readTile, vkey, isOwn }, known, settings);
    };
    const asked = await show(head);
    const now = this.#log.head;
    // A larger tree is one of ours when the log has come that far since: somebody else has shown it.
    const isOurs = asked.result === 'alarm' && asked.alarm.size > head.size && asked.alarm.size <= now.size;
    return isOurs ? { asked: await show(now), shown: now } : { asked, shown: head };
  }

  async #keep(
    { name }: WitnessConfig,
    asked: Asked,
    shown: WitnessedLog['head'],
    known: KeptCosignature | null,
  ): Promise<
    | { readonly result: 'cosigned'; readonly time: number; readonly alarm?: WitnessAlarm }
    | { readonly result: 'alarm'; readonly alarm: WitnessAlarm }
  > {
    if (asked.result === 'cosigned') {
      const alarm = this.#putBack(asked.less, shown, known);
      if (alarm !== null) await this.#keepAlarm(alarm);
      const time = await this.#keepCosignatures(name, asked.cosignatures, shown);
      return { result: 'cosigned', time, ...(alarm === null ? {} : { alarm }) };
    }
    const alarm = { ...asked.alarm, time: Math.floor(this.#now()) };
    await this.#keepAlarm(alarm);
    // Asked again it would say the same, and evidence would not be better.
    const error = new WitnessError('WITNESS_REFUSED', alarmText(alarm));
    this.#troubles.gaveUp(name, error);
    return { result: 'alarm', alarm };
  }

  /** What a witness had cosigned, beside its word that it has not seen as much. */
  #putBack(
    less: { readonly size: number; readonly answer: string } | null,
    { note: own }: WitnessedLog['head'],
    known: KeptCosignature | null,
  ): WitnessAlarm | null {
    if (less === null || known === null) return null;
    const cosigned = `${known.note}${known.lines}`;
    const seen = isCheckpoint(cosigned) ? cosigned : null;
    const time = Math.floor(this.#now());
    return { name: known.name, kind: 'put-back', proven: false, ...less, time, seen, own };
  }

  async #keepCosignatures(
    name: string,
    cosignatures: readonly Cosignature[],
    { size, root, note }: WitnessedLog['head'],
  ): Promise<number> {
    const { node } = this.#log;
    const time = Math.max(...cosignatures.map((each) => each.time));
    const lines = cosignatures.map(({ line }) => line).join('');
    const kept = { name, size, time, receivedAt: Math.floor(this.#now()), note, lines };
    const writes = cosignatureWrites(node, kept, await this.#log.state(witnessPrefix(node)));
    const details = { size, root: toHex(root), signer: name, signed: time * 1_000 };
    await this.#log.appendOwn(draft(tallystick.AUDIT_LOG_SIGNING, details, this.#told()), { state: writes });
    return time;
  }

  async #keepAlarm(alarm: WitnessAlarm): Promise<void> {
    const { alarms } = await this.#read();
    const before = alarms.find(({ name, kind }) => name === alarm.name && kind === alarm.kind);
    // The first evidence is the best; but proof is better than a claim.
    if (before !== undefined && (before.proven || !alarm.proven)) return;
    const details = {
      STATUSREPO_PROPERTY: `witness ${alarm.name}`,
      STATUSREPO_VALUE: alarm.kind,
    };
    const record = draft(tallystick.SET_STATUS_PROPERTY, details, this.#told());
    await this.#log.appendOwn(
      { ...record, outcome: 'failure', reason: alarmText(alarm) },
      { state: [alarmWrite(this.#log.node, alarm)] },
    );
  }

  async #record(
    Op: 'add' | 'remove',
    key: string,
    state: readonly StateWrite[],
    actor: string,
  ): Promise<void> {
    const record = draft(tallystick.CONFIG_TRUSTED_PUBLIC_KEY, { Op, key }, this.#told(actor));
    await this.#log.appendOwn(record, { state });
  }

  async #read(): Promise<ReturnType<typeof readWitnessState>> {
    const { node } = this.#log;
    return readWitnessState(await this.#log.state(witnessPrefix(node)), node);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  #told(name: string = LOG_ITSELF): { readonly actor: { readonly name: string }; readonly time: number } {
    return { actor: { name }, time: Math.floor(this.#now()) };
  }
}

/** An alarm in words: what is proven as a fact, what is not as what the witness says. */
export function alarmText({ name, kind, proven, size, seen, own }: WitnessAlarm): string {
  const has = proven ? 'has seen' : 'says that it has seen';
  const of = (note: string): string => counted(Number(parseNote(note).text.split('\n')[1]));
  if (kind === 'put-back') {
    const before = seen === null ? 'more' : of(seen);
    return `the witness ${name} ${has} no more than ${counted(size)} of this log, though it had cosigned ${before}: it was put back itself, or has lost what it had seen, and vouches for less than it did`;
  }
  const what =
    kind === 'rolled-back'
      ? `${has} ${counted(size)} of this log, and was then shown ${of(own)}`
      : `${has} another log of this name, of ${counted(size)}, than the one of ${of(own)} that it was then shown`;
  const claimed =
    seen === null
      ? 'it has shown nothing that this log has signed'
      : 'what it has shown is not signed by a key that this log names';
  const how = proven ? 'it holds a checkpoint that this log has signed itself and now contradicts' : claimed;
  return `the witness ${name} ${what}; ${how}`;
}

function counted(records: number): string {
  return `${records.toLocaleString('en-US')} ${records === 1 ? 'record' : 'records'}`;
}

function cosignerKey(vkey: string): { readonly name: string } {
  try {
    const key = parseVkey(vkey);
    if (key.cosigns) return key;
  } catch (cause) {
    if (!(cause instanceof TallystickError)) throw cause;
    throw new WitnessError('WITNESS_CONFIG', cause.message, { cause });
  }
  throw unfit(
    'this is the key of a log, not of a witness; a witness shows its own on its page and at its start',
  );
}

function checkUrl(text: string): string {
  const url = URL.parse(text);
  if (
    url === null ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.search !== ''
  ) {
    throw unfit('a witness is asked at an address that begins with https:// or http://');
  }
  return url.href.replace(/\/+$/, '');
}

function unfit(why: string): WitnessError {
  return new WitnessError('WITNESS_CONFIG', why);
}
