import type { DuckDBConnection } from '@duckdb/node-api';
import { type Filter, foldAscii } from '../../query/mod.ts';
import { decodeTexts } from './columns.ts';
import { matchSql, Parameters } from './pattern-sql.ts';

/** Beyond so many numbers a statement looks them up itself. */
const MAX_IDS = 1_024;

/** The comparable form of a row of `words` or `texts`. */
export const FOLDED = 'coalesce(folded, text)';

interface Pattern {
  readonly pattern: string;
  readonly wildcard: boolean;
}

/**
 * The numbers of the words that a filter's patterns match. Found beforehand, by few statements however many terms
 * there are: a subquery for each term would cost memory and planning time out of all proportion.
 */
export class WordIds {
  readonly #ids = new Map<string, number[]>();

  /** Throws what DuckDB throws. */
  static async find(connection: DuckDBConnection, filter: Filter): Promise<WordIds> {
    const found = new WordIds();
    const patterns = [...patternsOf(filter)];
    await found.#findExact(
      connection,
      patterns.filter(({ wildcard }) => !wildcard),
    );
    for (const pattern of patterns) if (pattern.wildcard) await found.#findMatching(connection, pattern);
    return found;
  }

  /** SQL for "this column holds a word that matches". */
  sql(column: string, { pattern, wildcard }: Pattern, parameters: Parameters): string {
    const ids = this.#ids.get(key({ pattern, wildcard })) ?? [];
    if (ids.length > MAX_IDS) {
      return `${column} IN (SELECT id FROM words WHERE ${matchSql(FOLDED, pattern, wildcard, parameters)})`;
    }
    // Numbers of our own making: nothing of the filter's text.
    return ids.length === 0 ? 'false' : `${column} IN (${ids.join(', ')})`;
  }

  async #findExact(connection: DuckDBConnection, patterns: readonly Pattern[]): Promise<void> {
    const texts = new Set(
      patterns.map(({ pattern }) => foldAscii(pattern)).filter((text) => text.isWellFormed()),
    );
    if (texts.size === 0) return;
    const list = [...texts].map((_, i) => `$${i + 1}`).join(', ');
    const sql = `SELECT encode(${FOLDED}), id FROM words WHERE ${FOLDED} IN (${list})`;
    const result = await connection.runAndReadAll(sql, [...texts]);
    const [found = [], ids = []] = result.getColumns();
    for (const [i, pattern] of decodeTexts(found).entries()) {
      this.#add(key({ pattern, wildcard: false }), ids[i] as number);
    }
  }

  async #findMatching(connection: DuckDBConnection, pattern: Pattern): Promise<void> {
    if (this.#ids.has(key(pattern))) return;
    const parameters = new Parameters();
    const match = matchSql(FOLDED, pattern.pattern, true, parameters);
    const sql = `SELECT id FROM words WHERE ${match} LIMIT ${MAX_IDS + 1}`;
    const result = await connection.runAndReadAll(sql, parameters.values);
    this.#ids.set(
      key(pattern),
      result.getRows().map(([id]) => id as number),
    );
  }

  #add(of: string, id: number): void {
    const ids = this.#ids.get(of);
    if (ids) ids.push(id);
    else this.#ids.set(of, [id]);
  }
}

function key({ pattern, wildcard }: Pattern): string {
  return (wildcard ? '*' : '=') + foldAscii(pattern);
}

/** The patterns that are compared with words. */
function* patternsOf(filter: Filter): Generator<Pattern> {
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const part of filter.of) yield* patternsOf(part);
      break;
    case 'not':
      yield* patternsOf(filter.of);
      break;
    case 'object':
      if (filter.object !== null) yield { pattern: filter.object, wildcard: false };
      yield filter;
      break;
    case 'text':
      // These two are not words, and nodes are a table of their own.
      if (!['correlation', 'hash', 'node'].includes(filter.field)) yield filter;
      break;
    case 'all':
    case 'range':
    case 'detail':
    case 'free':
      break;
  }
}
