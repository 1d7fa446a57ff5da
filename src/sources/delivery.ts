import type { Hash } from 'node:crypto';
import type { ParsedItem } from '../dialects/mod.ts';
import { RecordError, type TallystickError } from '../errors.ts';
import type { AppendResult } from '../log/unit.ts';
import { checkDraft, type RecordDraft } from '../record/mod.ts';
import { type FilePosition, formatPosition } from './position.ts';
import { extend } from './ranges.ts';
import type { SourceLog } from './source-log.ts';
import { countFlags, countRefusal, type FileSummary } from './summary.ts';

/**
 * Records and original bytes after which an append is full: a position is committed with each. Whatever the bytes are,
 * what is sealed of them is far within what one append takes.
 */
const BATCH_RECORDS = 1_000;
const BATCH_BYTES = 1024 * 1024;

/** Where records go, and how. */
export interface DeliveryOptions {
  readonly log: SourceLog;
  /** Source that the records name. */
  readonly source: string;
  /** Only count what would be sealed. */
  readonly dryRun?: boolean;
  /** Ends the delivery between two appends, with its reason. */
  readonly signal?: AbortSignal;
}

interface Taken {
  readonly record: RecordDraft;
  readonly start: number;
}

/**
 * Brings what a parser makes of a file's bytes into the log, in batches, each committed together with the position
 * behind it. While one batch is being sealed the next is gathered; never more than one is on its way, so that a
 * position never gets ahead of a batch that failed.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #summary: FileSummary;
  readonly #key: string;
  /** Over the bytes [0, #hashed). */
  readonly #hash: Hash;
  #hashed: number;
  #unhashed: Uint8Array[] = [];
  #header: FilePosition['header'];
  #batch: Taken[] = [];
  #bytes = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(
    options: DeliveryOptions,
    summary: FileSummary,
    start: { readonly key: string; readonly hash: Hash; readonly known: FilePosition | null },
  ) {
    this.#options = options;
    this.#summary = summary;
    this.#key = start.key;
    this.#hash = start.hash;
    this.#hashed = start.known?.position ?? 0;
    this.#header = start.known?.header;
  }

  /** The file's next bytes: before the items made of them. They MUST NOT change afterwards. */
  push(bytes: Uint8Array): void {
    this.#unhashed.push(bytes);
  }

  async take(item: ParsedItem): Promise<void> {
    const { kind, start, end, record } = item;
    if (kind === 'header') this.#header ??= [start, end];
    if (record === undefined) return;
    countFlags(this.#summary, record);
    const fault = faultOf(record);
    if (fault === null) this.#batch.push({ record, start });
    else this.#refuse(start, fault);
    this.#bytes += end - start;
    if (this.#batch.length >= BATCH_RECORDS || this.#bytes >= BATCH_BYTES) {
      await this.#send(item);
    }
  }

  /** Sends what is left and waits until everything is sealed. `last` is the last item taken. */
  async finish(last: ParsedItem | null): Promise<void> {
    if (last !== null) await this.#send(last);
    await this.#sending;
  }

  /** Sends the batch that ends with `last`. */
  async #send({ end, record }: ParsedItem): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    const value = formatPosition({
      dialect: this.#summary.dialect,
      position: end,
      sha256: this.#digest(end),
      ...(this.#header === undefined ? {} : { header: this.#header }),
      unterminated: record?.flags?.includes('unterminated') === true,
    });
    await this.#sending;
    this.#options.signal?.throwIfAborted();
    this.#sending = this.#seal(batch, end, value);
    // Whoever waits for it next meets its error; until then it must not count as unhandled.
    this.#sending.catch(() => {});
  }

  async #seal(batch: Taken[], end: number, value: string): Promise<void> {
    const { log, source, dryRun } = this.#options;
    const summary = this.#summary;
    if (dryRun === true) summary.records += batch.length;
    else {
      const records = batch.map(({ record }) => record);
      const results = await log.appendEach(records, { source, state: [{ key: this.#key, value }] });
      for (const [i, result] of results.entries()) this.#count(batch[i] as Taken, result);
    }
    summary.to = end;
  }

  #count({ start }: Taken, result: AppendResult): void {
    if ('error' in result) this.#refuse(start, result.error);
    else if (result.receipt.duplicate) this.#summary.duplicates++;
    else {
      this.#summary.records++;
      extend(this.#summary.ranges, result.receipt.node, result.receipt.seq);
    }
  }

  #refuse(offset: number, { code, message }: TallystickError): void {
    countRefusal(this.#summary, { offset, code, message });
  }

  /** Lower-case hex SHA-256 of the file's bytes up to `position`. */
  #digest(position: number): string {
    while (this.#hashed < position) {
      const next = this.#unhashed[0] as Uint8Array;
      const part = next.subarray(0, position - this.#hashed);
      this.#hash.update(part);
      this.#hashed += part.length;
      if (part.length === next.length) this.#unhashed.shift();
      else this.#unhashed[0] = next.subarray(part.length);
    }
    return this.#hash.copy().digest('hex');
  }
}

/** A dialect's records obey the rules; should one not, it alone is refused. */
function faultOf(record: RecordDraft): RecordError | null {
  try {
    checkDraft(record);
    return null;
  } catch (error) {
    if (error instanceof RecordError) return error;
    throw error;
  }
}
