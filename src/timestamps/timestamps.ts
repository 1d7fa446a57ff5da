import { sha256 } from '#sha256';
import { type AnchoredLog, News } from '../anchors/anchored-log.ts';
import { type Failing, Troubles } from '../anchors/troubles.ts';
import { draft } from '../catalog/define.ts';
import { tallystick } from '../catalog/tallystick.ts';
import { toHex } from '../crypto/bytes.ts';
import { TallystickError, TimestampError } from '../errors.ts';
import { type Authority, checkAuthority, checkUrl } from './authority.ts';
import { type AskOptions, askAuthority } from './client.ts';
import {
  authorityPrefix,
  authorityWrite,
  readAuthorities,
  thinned,
  tokenKeys,
  tokensOf,
  tokenWrite,
} from './kept.ts';
import { type Renewal, renewalOf } from './renewal.ts';
import { parseTimestamped, stampedBytes, type Timestamped, verifyTimestamped } from './stamped.ts';
import type { TimestampReport } from './verify.ts';

export interface TimestampSettings extends AskOptions {
  /** How often a log that goes on is dated, ms; an hour when not given. */
  readonly intervalMs?: number;
  /** ms since 1970; the system's clock when not given. */
  readonly now?: () => number;
  /** Told of each token that was taken, and of each failure. MUST NOT throw. */
  readonly onStamped?: (outcome: Stamping) => void;
  /** Told when authorities can't be asked at all: the log's state can't be read, or not be understood. MUST NOT throw. */
  readonly onProblem?: (error: unknown) => void;
}

/** What became of one request. */
export type Stamping = { readonly url: string } & (
  | {
      readonly size: number;
      readonly report: TimestampReport;
    }
  | { readonly error: TallystickError }
);

export interface AuthorityStatus {
  readonly url: string;
  readonly policy: string | null;
  /** SHA-256 of the root certificates, lower-case hex. */
  readonly roots: readonly string[];
  /** Tokens that are kept. */
  readonly tokens: number;
  /** The newest of them; times in ms since 1970. */
  readonly newest: { readonly size: number; readonly genTime: number } | null;
  /** True when the log has gone on and was not dated for 4 hours. */
  readonly overdue: boolean;
  readonly renewal: Renewal | null;
  readonly failing: Failing | null;
}

const INTERVAL_MS = 3_600_000;
const TICK_MS = 60_000;
/** After the first failure; doubled with each, up to an interval. */
const BACK_OFF_MS = 60_000;
const DAY_MS = 86_400_000;
/** As X-Road's `acceptable-timestamp-failure-period`; here it is only said, and stops nothing. */
export const OVERDUE_MS: number = 14_400_000;
const MAX_AUTHORITIES = 16;
/** Who acts when nobody asked. */
const LOG_ITSELF = 'tallystick';

interface Newest {
  readonly size: number;
  /** ms since 1970. */
  readonly genTime: number;
  readonly renewal: Renewal | null;
}

/**
 * Has a log's checkpoints dated by the authorities that are set, and keeps the tokens: of a log that goes on, once in an
 * interval; again, whether it goes on or not, before a token ages (`renewalOf`). It only reads the head and appends a
 * record now and then: no append waits for it, and an authority that fails is asked again later, ever more rarely.
 *
 * Each token is verified before it is kept, and sealed with its digest as AUDIT_LOG_SIGNING in the same commit. So the
 * next token, over a head that has that record, covers the token before. Such records alone never call for a new one.
 */
export class Timestamps {
  readonly #log: AnchoredLog;
  readonly #news: News;
  readonly #settings: TimestampSettings;
  readonly #now: () => number;
  readonly #troubles: Troubles;
  /** When each gave a token, by this clock. */
  readonly #stamped = new Map<string, number>();
  readonly #newest = new Map<string, Newest | null>();
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setInterval> | null = null;
  /** One round or change after another. */
  #last: Promise<unknown> = Promise.resolve();
  #isTicking = false;

  constructor(log: AnchoredLog, settings: TimestampSettings = {}) {
    this.#log = log;
    this.#news = new News(log);
    this.#settings = settings;
    this.#now = settings.now ?? Date.now;
    this.#troubles = new Troubles(BACK_OFF_MS, this.#interval, this.#now);
  }

  /** Begins to date the log by itself, until `close`. */
  start(): void {
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => void this.#tick(), Math.min(TICK_MS, this.#interval));
    // In Node it keeps no process alive.
    (this.#timer as { unref?: () => void }).unref?.();
    void this.#tick();
  }

  /** Breaks off what is being asked, and waits until it has ended. The log is not closed. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stop.abort(new TimestampError('TIMESTAMP_UNAVAILABLE', 'the program stops'));
    await this.#last;
  }

  async list(): Promise<AuthorityStatus[]> {
    const worth = await this.#news.size();
    const list: AuthorityStatus[] = [];
    for (const authority of await this.#authorities()) {
      const { url, policy, roots } = authority;
      const kept = await this.#log.state(tokensOf(this.#log.node, url));
      const newest = await this.#newestOf(authority);
      list.push({
        ...{ url, policy, tokens: tokenKeys(kept.keys()).length },
        roots: roots.map((root) => toHex(sha256(root))),
        newest: newest && { size: newest.size, genTime: newest.genTime },
        overdue: (newest?.size ?? 0) < worth && this.#now() - (newest?.genTime ?? 0) > OVERDUE_MS,
        renewal: newest?.renewal ?? null,
        failing: this.#troubles.failing(url),
      });
    }
    return list;
  }

  /** Sets an authority, anew when it is there; `actor` is who the record says it was. Throws `TimestampError` TIMESTAMP_AUTHORITY, and what the log throws. */
  async set(wanted: Authority, actor: string = LOG_ITSELF): Promise<void> {
    const authority = checkAuthority(wanted);
    await this.#inTurn(async () => {
      const before = (await this.#authorities()).find(({ url }) => url === authority.url);
      if (before === undefined && (await this.#authorities()).length >= MAX_AUTHORITIES) {
        throw unfit(`${MAX_AUTHORITIES} authorities are set, which is as many as there may be`);
      }
      await this.#change(before === undefined ? 'added' : 'changed', authority, authority, actor);
      this.#troubles.over(authority.url);
      // Other roots may make another chain.
      this.#newest.delete(authority.url);
    });
  }

  /** Its tokens stay. Throws `TimestampError` TIMESTAMP_AUTHORITY when it is not set, and what the log throws. */
  async remove(url: string, actor: string = LOG_ITSELF): Promise<void> {
    const href = checkUrl(url);
    await this.#inTurn(async () => {
      const before = (await this.#authorities()).find((authority) => authority.url === href);
      if (before === undefined)
        throw unfit(`${href} is not set; "tallystick timestamp list" shows those that are`);
      await this.#change('removed', before, null, actor);
      this.#troubles.over(href);
    });
  }

  /** Asks all authorities at once, due or not. What fails is in the answer; throws only what the log throws for itself. */
  stamp(): Promise<Stamping[]> {
    return this.#inTurn(async () => this.#ask(await this.#authorities()));
  }

  /** Asks those that are due. */
  async stampDue(): Promise<Stamping[]> {
    return this.#inTurn(async () => {
      const authorities = await this.#authorities();
      if (authorities.length === 0) return [];
      const worth = await this.#news.size();
      const due: Authority[] = [];
      for (const authority of authorities) if (await this.#isDue(authority, worth)) due.push(authority);
      return this.#ask(due);
    });
  }

  async #tick(): Promise<void> {
    if (this.#isTicking || this.#stop.signal.aborted) return;
    this.#isTicking = true;
    try {
      await this.stampDue();
    } catch (error) {
      // The next tick tries again.
      this.#settings.onProblem?.(error);
    } finally {
      this.#isTicking = false;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  async #authorities(): Promise<Authority[]> {
    return readAuthorities(await this.#log.state(authorityPrefix(this.#log.node)));
  }

  async #isDue(authority: Authority, worth: number): Promise<boolean> {
    const now = this.#now();
    if (this.#troubles.isWaiting(authority.url)) return false;
    const newest = await this.#newestOf(authority);
    if (newest === null) return this.#log.head.size > 0;
    // An authority whose clock is ahead is not asked the later for it, nor one that is behind the more often.
    const age = now - Math.max(Math.min(newest.genTime, now), this.#stamped.get(authority.url) ?? 0);
    if (newest.size < worth && age >= this.#interval) return true;
    const { renewal } = newest;
    // While the authority still has the old certificate, a day between the attempts is enough.
    return renewal !== null && now >= renewal.at && age >= DAY_MS;
  }

  get #interval(): number {
    return this.#settings.intervalMs ?? INTERVAL_MS;
  }

  /** The newest token of an authority. Read once: from then on this is who changes it. */
  async #newestOf({ url, roots }: Authority): Promise<Newest | null> {
    const known = this.#newest.get(url);
    if (known !== undefined) return known;
    const kept = await this.#log.state(tokensOf(this.#log.node, url));
    const last = tokenKeys(kept.keys()).at(-1);
    const newest =
      last === undefined ? null : { ...last, renewal: await renewalOfKept(kept.get(last.key), roots) };
    this.#newest.set(url, newest);
    return newest;
  }

  async #ask(authorities: readonly Authority[]): Promise<Stamping[]> {
    const { size, root, note } = this.#log.head;
    const stamped = stampedBytes(note);
    const { signal } = this.#stop;
    const options = { ...this.#settings, signal };
    const asked = authorities.map(async (authority): Promise<Stamping> => {
      const { url } = authority;
      try {
        const { token, report } = await askAuthority(authority, stamped, options);
        await this.#keep(report, { size, root: toHex(root), note, token, authority: url });
        this.#troubles.over(url);
        this.#stamped.set(url, this.#now());
        return { url, size, report };
      } catch (error) {
        if (!(error instanceof TallystickError)) throw error;
        this.#troubles.failed(url, error);
        return { url, error };
      }
    });
    const outcomes = await Promise.all(asked);
    for (const outcome of outcomes) this.#settings.onStamped?.(outcome);
    return outcomes;
  }

  async #keep(report: TimestampReport, stamped: Timestamped): Promise<void> {
    const { node } = this.#log;
    const { size, root, token, authority } = stamped;
    const genTime = report.time?.genTime ?? 0;
    const write = tokenWrite(node, stamped, genTime);
    const kept = await this.#log.state(tokensOf(node, authority));
    const gone = thinned(tokenKeys([...kept.keys(), write.key])).map(({ key }) => ({ key, value: null }));
    const signer = report.authority ?? '';
    const details = { size, root, signer, signed: genTime, digest: toHex(sha256(token)) };
    const record = draft(tallystick.AUDIT_LOG_SIGNING, details, this.#told(LOG_ITSELF));
    await this.#log.appendOwn(record, { state: [...gone, write] });
    this.#newest.set(authority, { size, genTime, renewal: renewalOf(report) });
  }

  async #change(
    how: 'added' | 'changed' | 'removed',
    { url, policy, roots }: Authority,
    kept: Authority | null,
    actor: string,
  ): Promise<void> {
    const shown = { url, policy: policy ?? '', roots: roots.map((root) => toHex(sha256(root))) };
    const record = draft(tallystick.CONFIG_SIGNED_AUDIT, { [`${how}:timestamps`]: shown }, this.#told(actor));
    await this.#log.appendOwn(record, { state: [authorityWrite(this.#log.node, url, kept)] });
  }

  #told(name: string): { readonly actor: { readonly name: string }; readonly time: number } {
    return { actor: { name }, time: Math.floor(this.#now()) };
  }
}

/** Null for one that can't be read, which is not renewed for its age: verify says what is wrong with it. */
async function renewalOfKept(
  value: string | undefined,
  roots: readonly Uint8Array[],
): Promise<Renewal | null> {
  try {
    return renewalOf(await verifyTimestamped(parseTimestamped(value ?? ''), { roots }));
  } catch (error) {
    if (error instanceof TallystickError) return null;
    throw error;
  }
}

function unfit(why: string): TimestampError {
  return new TimestampError('TIMESTAMP_AUTHORITY', why);
}
