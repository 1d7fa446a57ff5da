import { draft, type EventHandle, type Told, type ToldFailure } from '../catalog/define.ts';
import { nodeOf, type Pin, parseCheckpoint, parseNote } from '../checkpoint/mod.ts';
import { utf8 } from '../crypto/bytes.ts';
import { RecordError, TallystickError } from '../errors.ts';
import { Guard, type GuardSettings, type Operation } from '../guard/guard.ts';
import { formatQuery } from '../query/mod.ts';
import { checkDraft, type RecordDraft } from '../record/mod.ts';
import type { Report } from '../verify/mod.ts';
import { errorOf, notOurs } from './errors.ts';
import { type Fetch, Http } from './http.ts';
import { HeldLog, type PinStore } from './pin.ts';
import { checkProof } from './proof.ts';
import type {
  AppendResult,
  FacetValue,
  Health,
  HistogramBucket,
  NodeInfo,
  Receipt,
  RecordAnswer,
  SearchAnswer,
  SearchRequest,
} from './types.ts';

export interface ClientOptions {
  /** As `http://127.0.0.1:4780`. */
  readonly url: string;
  /** How requests are sent; the platform's own `fetch` when not given. */
  readonly fetch?: Fetch;
  /**
   * Where a pin of the server's log is kept. With one, whatever is read is held against it first: a log that was cut,
   * rolled back or replaced is LogError PIN_CONTRADICTED. The first read begins the pin, on the log's own word, unless
   * one of `tallystick pin create` is there.
   */
  readonly pin?: PinStore;
}

/** A server takes no larger request. */
const REQUEST_BYTES = 16 * 1024 * 1024;
/** A request of several holds at most so many records, and so many UTF-16 units of text; three bytes each are within that. */
const REQUEST_RECORDS = 10_000;
const REQUEST_CHARACTERS = 4 * 1024 * 1024;

/**
 * A Tallystick server, as a program uses it. Every method throws the error the server answers with, in the classes
 * and codes of the library; `UsageError` SERVER_UNAVAILABLE when none answers; and the reason of its signal when aborted.
 * Nothing is sent twice: whoever tries again gives the record an `id`, and it is added once.
 */
export class TallystickClient {
  protected readonly http: Http;
  readonly #held: HeldLog | null;
  readonly #guard = new Guard({
    seal: (record, phase) => this.appendOne(record, { phase }),
    // A server that has stopped may be started again.
    isOver: () => false,
  });

  /** Throws `UsageError` USAGE for an address that is not one. */
  constructor({ url, fetch = (input, init) => globalThis.fetch(input, init), pin }: ClientOptions) {
    this.http = new Http(url, fetch);
    this.#held = pin === undefined ? null : new HeldLog(url.replace(/\/$/, ''), fetch, pin);
  }

  /** Seals one record; resolves when it is durable and covered by a signed checkpoint. */
  append(record: RecordDraft): Promise<Receipt>;
  /**
   * Seals several, in order, each answered on its own: one that is refused leaves the others standing. A long list is
   * sent in parts; when a part can't be sent at all this rejects, and the parts before it are in the log.
   */
  append(records: readonly RecordDraft[]): Promise<AppendResult[]>;
  append(records: RecordDraft | readonly RecordDraft[]): Promise<Receipt | AppendResult[]> {
    return this.appendFrom(undefined, records);
  }

  /** Seals one event of a catalog, whose fields the compiler knows: see `AuditLog.record`. */
  record<D extends object>(event: EventHandle<D>, details: D, told?: Told): Promise<Receipt>;
  record<D extends object>(event: EventHandle<D>, details: Partial<D>, told: ToldFailure): Promise<Receipt>;
  record(event: EventHandle, details: object, told?: Told | ToldFailure): Promise<Receipt> {
    return this.append(draft(event, details, told as Told));
  }

  /** Runs an operation that must not happen unrecorded: as `AuditLog.guard`, and as `Guard.run` says. */
  guard<D extends object, T>(
    event: EventHandle<D>,
    details: Partial<D>,
    operation: Operation<D, T>,
    settings?: GuardSettings,
  ): Promise<T> {
    return this.#guard.run(event, details, operation, settings);
  }

  async search({ query, limit, order, cursor, signal }: SearchRequest = {}): Promise<SearchAnswer> {
    if (this.#held !== null) await this.#hold();
    const parameters = { query: textOf(query), limit, order, cursor };
    return this.http.json('/v1/records', { query: parameters, signal });
  }

  /**
   * One record with its proof. With `keys`, vkeys one trusts, the proof is checked here, and what is returned stands on
   * them and not on the server's word: see `checkProof` for what is thrown when it does not hold.
   */
  async get(
    node: string,
    seq: number,
    { keys }: { readonly keys?: readonly string[] } = {},
  ): Promise<RecordAnswer> {
    if (this.#held !== null) await this.#hold();
    const answer = await this.http.json<RecordAnswer>(`/v1/records/${encodeURIComponent(node)}/${seq}`);
    if (answer.proof !== null) await this.#holdNote(answer.proof.checkpoint);
    if (keys !== undefined) await checkProof(answer, { node, seq }, keys);
    return answer;
  }

  async count(query?: SearchRequest['query']): Promise<number> {
    if (this.#held !== null) await this.#hold();
    const { count } = await this.http.json<{ count: number }>('/v1/count', {
      query: { query: textOf(query) },
    });
    return count;
  }

  /** Matches per bucket of `bucketMs` and outcome, over [from, to] of `time`, in ms since 1970. */
  async histogram(
    query: SearchRequest['query'],
    range: { readonly from: number; readonly to: number; readonly bucketMs: number },
  ): Promise<readonly HistogramBucket[]> {
    if (this.#held !== null) await this.#hold();
    const parameters = { query: textOf(query), ...range };
    const answer = await this.http.json<{ buckets: HistogramBucket[] }>('/v1/histogram', {
      query: parameters,
    });
    return answer.buckets;
  }

  /** The `limit` most frequent values of a field, most frequent first; 20 when not given. */
  async facets(query: SearchRequest['query'], field: string, limit?: number): Promise<readonly FacetValue[]> {
    if (this.#held !== null) await this.#hold();
    const parameters = { query: textOf(query), field, limit };
    const answer = await this.http.json<{ values: FacetValue[] }>('/v1/facets', { query: parameters });
    return answer.values;
  }

  async nodes(): Promise<readonly NodeInfo[]> {
    const { nodes } = await this.http.json<{ nodes: NodeInfo[] }>('/v1/nodes');
    return nodes;
  }

  /** The newest signed checkpoint, a note. Nothing about it has been checked: see `openCheckpoint`. */
  async checkpoint(node?: string): Promise<string> {
    const note = await this.http.text('/v1/checkpoint', { query: { node } });
    await this.#holdNote(note);
    return note;
  }

  /**
   * Has the server verify a log. `pin` is the text of a pin file. The report is the server's word: who does not trust
   * it verifies a copy. Rejects with SERVER_BUSY while it verifies for somebody else.
   */
  verify(
    options: {
      readonly node?: string;
      readonly keys?: readonly string[];
      readonly pin?: string;
      readonly deep?: boolean;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Report> {
    const { signal, ...body } = options;
    return this.http.json('/v1/verify', { method: 'POST', body, signal });
  }

  /** How the log is, and why; `status` is `failed` while it takes no records. */
  health(): Promise<Health> {
    return this.http.json('/healthz', { alsoTaken: 503 });
  }

  #hold(note?: string): Promise<Pin> | undefined {
    return this.#held?.hold(() => this.http.text('/v1/checkpoint'), note);
  }

  /** A checkpoint of another node's log is not what the pin is about. */
  async #holdNote(note: string): Promise<void> {
    const pin = await this.#hold();
    if (pin !== undefined && nodeOf(originOf(note)) === nodeOf(pin.origin)) await this.#hold(note);
  }

  protected async appendOne(
    record: RecordDraft,
    query: { readonly source?: string | undefined; readonly phase?: 'attempt' | 'outcome' },
  ): Promise<Receipt> {
    const body = JSON.stringify(checkDraft(record));
    const error = tooLarge(body, REQUEST_BYTES);
    if (error !== null) throw error;
    return this.http.json('/v1/records', { method: 'POST', query, type: 'application/json', body });
  }

  protected async appendFrom(
    source: string | undefined,
    records: RecordDraft | readonly RecordDraft[],
  ): Promise<Receipt | AppendResult[]> {
    if (!isList(records)) return this.appendOne(records, { source });
    const results: AppendResult[] = [];
    for (const { places, body } of requests(records, results)) {
      const call = { method: 'POST', query: { source }, type: 'application/x-ndjson', body } as const;
      const answer = await this.http.json<{ results: WireResult[] }>('/v1/records', call);
      if (answer.results?.length !== places.length) throw notOurs();
      for (const [i, place] of places.entries()) results[place] = resultOf(answer.results[i] as WireResult);
    }
    return results;
  }
}

type WireResult = { readonly receipt: Receipt } | { readonly error: unknown };

export function resultOf(result: WireResult): AppendResult {
  return 'receipt' in result ? { receipt: result.receipt } : { error: errorOf(result.error) };
}

interface Request {
  /** Which records its lines are. */
  readonly places: readonly number[];
  readonly body: string;
}

/** What is wrong with one record as JSON that is more than a request may have; null for one that is not. */
export function tooLarge(text: string, most: number): RecordError | null {
  const bytes = 3 * text.length <= most ? 0 : utf8(text).length;
  if (bytes <= most) return null;
  const way =
    most === REQUEST_BYTES
      ? '; where the server runs, the command "tallystick append" takes longer ones'
      : '';
  return new RecordError(
    'RECORD_TOO_LARGE',
    `the record has ${bytes} bytes as JSON; the server takes at most ${most} in a request${way}`,
  );
}

/**
 * Packs records into requests. One that breaks the rules, or fits in none, gets its result at once: as JSON it might pass
 * for another.
 */
function* requests(records: readonly RecordDraft[], results: AppendResult[]): Generator<Request> {
  let places: number[] = [];
  let body = '';
  for (const [place, record] of records.entries()) {
    try {
      checkDraft(record);
    } catch (error) {
      if (!(error instanceof TallystickError)) throw error;
      results[place] = { error };
      continue;
    }
    const line = `${JSON.stringify(record)}\n`;
    const error = tooLarge(line, REQUEST_BYTES);
    if (error !== null) {
      results[place] = { error };
      continue;
    }
    const isFull = places.length === REQUEST_RECORDS || body.length + line.length > REQUEST_CHARACTERS;
    if (places.length > 0 && isFull) {
      yield { places, body };
      places = [];
      body = '';
    }
    places.push(place);
    body += line;
  }
  if (places.length > 0) yield { places, body };
}

/** Throws `ProofError` NOTE_INVALID. */
function originOf(note: string): string {
  return parseCheckpoint(parseNote(note).text).origin;
}

function textOf(query: SearchRequest['query']): string | undefined {
  return typeof query === 'object' ? formatQuery(query) : query;
}

function isList(value: RecordDraft | readonly RecordDraft[]): value is readonly RecordDraft[] {
  return Array.isArray(value);
}
