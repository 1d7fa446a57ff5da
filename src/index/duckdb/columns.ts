import { createRequire } from 'node:module';
import type * as DuckDB from '@duckdb/node-api';
import { type Columns, type ColumnType, WORDS_PER } from './schema.ts';

/** The module, which is loaded when an index is opened. */
export type Api = typeof DuckDB;

/** DuckDB's chunks have at most this many rows. */
const CHUNK_ROWS = 2_048;

/** What of DuckDB's C interface is needed to move whole columns; the API above it moves one boxed value at a time. */
interface RawVectors {
  data_chunk_get_vector(chunk: unknown, column: number): unknown;
  /** The vector's memory itself; valid while the chunk lives. */
  vector_get_data(vector: unknown, bytes: number): Uint8Array;
  copy_data_to_vector(vector: unknown, to: number, from: ArrayBufferLike, at: number, bytes: number): void;
}

let vectors: RawVectors | undefined;

function raw(): RawVectors {
  if (vectors === undefined) {
    const require = createRequire(import.meta.url);
    // It belongs to the API, which need not be installed flat.
    const ofApi = createRequire(require.resolve('@duckdb/node-api'));
    vectors = ofApi('@duckdb/node-bindings') as RawVectors;
  }
  return vectors;
}

/** Rows of a table on their way in: each column as 32-bit words, see `WORDS_PER`. Grows as needed. */
export class ColumnBuffer<C extends Columns> {
  readonly words: { -readonly [K in keyof C]: Uint32Array<ArrayBuffer> };
  #length = 0;
  readonly #columns: C;
  #capacity: number;

  constructor(columns: C, capacity: number) {
    this.#columns = columns;
    this.#capacity = capacity;
    this.words = Object.fromEntries(
      Object.entries(columns).map(([name, type]) => [name, new Uint32Array(capacity * WORDS_PER[type])]),
    ) as typeof this.words;
  }

  /** Of one column, filled. */
  static single(name: string, type: ColumnType, words: Uint32Array<ArrayBuffer>): ColumnBuffer<Columns> {
    const buffer = new ColumnBuffer<Columns>({ [name]: type }, 0);
    buffer.words[name] = words;
    buffer.#length = words.length / WORDS_PER[type];
    return buffer;
  }

  get length(): number {
    return this.#length;
  }

  /** The index of a new row, whose columns the caller writes. */
  addRow(): number {
    if (this.#length === this.#capacity) this.#grow();
    return this.#length++;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Appends all rows; they are part of the current transaction once the appender is flushed. */
  appendTo(appender: DuckDB.DuckDBAppender, api: Api): void {
    const columns = entries(this.#columns);
    const types = columns.map(([, type]) => api[type]);
    for (let from = 0; from < this.#length; from += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, this.#length - from);
      const chunk = api.DuckDBDataChunk.create(types, rows);
      for (const [i, [name, type]] of columns.entries()) {
        const bytes = 4 * WORDS_PER[type];
        const words = this.words[name];
        raw().copy_data_to_vector(
          raw().data_chunk_get_vector(chunk.chunk, i),
          0,
          words.buffer,
          from * bytes,
          rows * bytes,
        );
      }
      appender.appendDataChunk(chunk);
    }
  }

  #grow(): void {
    this.#capacity *= 2;
    for (const [name, type] of entries(this.#columns)) {
      const grown = new Uint32Array(this.#capacity * WORDS_PER[type]);
      grown.set(this.words[name]);
      this.words[name] = grown;
    }
  }
}

/** Copies the columns of a materialized result into words of their own. None of its values may be null. */
export async function readColumns(
  result: DuckDB.DuckDBMaterializedResult,
  types: readonly ColumnType[],
): Promise<Uint32Array<ArrayBuffer>[]> {
  const columns = types.map((type) => new Uint32Array(result.rowCount * WORDS_PER[type]));
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    const { rowCount } = chunk ?? { rowCount: 0 };
    if (chunk === null || rowCount === 0) return columns;
    for (const [i, type] of types.entries()) {
      const bytes = 4 * WORDS_PER[type];
      const data = raw().vector_get_data(raw().data_chunk_get_vector(chunk.chunk, i), rowCount * bytes);
      new Uint8Array(columns[i]!.buffer).set(data, rows * bytes);
    }
    rows += rowCount;
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The texts of a column selected as `encode(text)`: given as text, one would lose a leading U+FEFF. */
export function decodeTexts(column: readonly DuckDB.DuckDBValue[]): string[] {
  return column.map((value) => utf8.decode((value as DuckDB.DuckDBBlobValue).bytes));
}

/** Writes a safe integer as a BIGINT. */
export function writeInteger(words: Uint32Array, index: number, value: number): void {
  words[2 * index] = value;
  words[2 * index + 1] = Math.floor(value / 0x1_0000_0000);
}

/** Reads a BIGINT that is a safe integer. */
export function readInteger(words: Uint32Array, index: number): number {
  return words[2 * index]! + (words[2 * index + 1]! | 0) * 0x1_0000_0000;
}

function entries<C extends Columns>(columns: C): [keyof C & string, ColumnType][] {
  return Object.entries(columns);
}
