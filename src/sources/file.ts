import { type FileHandle, open } from 'node:fs/promises';
import type { Dialect, ParsedItem } from '../dialects/mod.ts';
import { DialectError } from '../errors.ts';
import { currentDialect } from './choose.ts';
import { Delivery, type DeliveryOptions } from './delivery.ts';
import type { FilePosition } from './position.ts';
import { type Recognised, readAll, readChunks, recognise } from './recognise.ts';
import { type FileSummary, newSummary } from './summary.ts';
import { unreadable } from './unreadable.ts';

export type { FileSummary, Refusal } from './summary.ts';

/** Bytes at the file's beginning that tell which files it may be. */
const HEAD_BYTES = 1024;

/** How a file is taken in. */
export interface FileImportOptions extends DeliveryOptions {
  /**
   * What becomes of a last entry that may not be complete. `take`: it is sealed as it stands, flagged
   * `unterminated`; should the file go on in that line, the rest is a record of its own, flagged `continuation`.
   * `leave`: it waits for the next import, as the first 64 bytes of a file always do while they are all of it.
   */
  readonly unfinished: 'take' | 'leave';
  /** For formats whose lines follow a pattern of the writer's: the pattern. */
  readonly pattern?: string;
  readonly onProgress?: (bytes: number, size: number) => void;
}

/**
 * Takes a log file into the log: every byte once, however often, under whatever name and in how many steps the file
 * is imported. The position goes with the records in one commit, so a crash neither loses nor doubles any. Memory is
 * bounded. Two imports of one file at the same time are for the caller to exclude.
 */
export class FileImport {
  readonly summary: FileSummary;
  readonly #path: string;
  readonly #dialect: Dialect;
  readonly #options: FileImportOptions;

  constructor(path: string, dialect: Dialect, options: FileImportOptions) {
    this.#path = path;
    this.#dialect = dialect;
    this.#options = options;
    this.summary = newSummary(path, dialect.name);
  }

  /**
   * Runs to the end of the file as it is now. Throws what `SourceLog.appendEach` throws, `DialectError`
   * DIALECT_MISMATCH for a file that was begun in another dialect, and `UsageError` FILE_UNREADABLE; what was sealed
   * until then stands in the summary and stays in the log.
   */
  async run(): Promise<FileSummary> {
    try {
      return await this.#run();
    } catch (error) {
      throw unreadable(this.#path, error);
    }
  }

  async #run(): Promise<FileSummary> {
    const file = await open(this.#path);
    try {
      const { size, mtimeMs } = await file.stat();
      const head = await readAll(file, 0, Math.min(HEAD_BYTES, size));
      const recognised = await recognise(this.#options.log, file, head, size);
      this.summary.size = size;
      if (recognised === null) return this.summary;
      this.#checkDialect(recognised.known);
      this.summary.from = recognised.known?.position ?? 0;
      this.summary.to = this.summary.from;
      await this.#read(file, recognised, Math.floor(mtimeMs));
      return this.summary;
    } finally {
      await file.close();
    }
  }

  #checkDialect(known: FilePosition | null): void {
    if (known === null || currentDialect(known.dialect) === this.#dialect) return;
    throw new DialectError(
      'DIALECT_MISMATCH',
      `${this.#path} is in the log already, read as ${known.dialect}; the rest of it can't be read as ${this.#dialect.name}`,
      { context: { path: this.#path, began: known.dialect, stated: this.#dialect.name } },
    );
  }

  async #read(file: FileHandle, recognised: Recognised, modified: number): Promise<void> {
    const { onProgress, pattern, unfinished } = this.#options;
    const { from, size } = this.summary;
    const header = recognised.known?.header;
    const parser = this.#dialect.parser({
      offset: from,
      fallbackTime: modified,
      ...(pattern === undefined ? {} : { pattern }),
      ...(header === undefined ? {} : { header: await readAll(file, ...header) }),
    });
    const delivery = new Delivery(this.#options, this.summary, recognised);
    let continues = recognised.known?.unterminated === true && !(await startsWithLineEnd(file, from));
    let last: ParsedItem | null = null;
    const take = async (items: readonly ParsedItem[]): Promise<void> => {
      for (const item of items) {
        last = continues ? asContinuation(item) : item;
        continues = false;
        await delivery.take(last);
      }
    };
    let at = from;
    for await (const chunk of readChunks(file, from, size)) {
      delivery.push(chunk);
      await take(parser.push(chunk));
      at += chunk.length;
      onProgress?.(at, size);
    }
    if (unfinished === 'take') await take(parser.end());
    await delivery.finish(last);
  }
}

/** The rest of a line whose beginning is a record already. */
function asContinuation(item: ParsedItem): ParsedItem {
  const { record } = item;
  if (record === undefined || record.flags?.includes('continuation')) return item;
  return { ...item, record: { ...record, flags: [...(record.flags ?? []), 'continuation'] } };
}

async function startsWithLineEnd(file: FileHandle, at: number): Promise<boolean> {
  const [first, second] = await readAll(file, at, at + 2);
  return first === 0x0a || (first === 0x0d && second === 0x0a);
}
