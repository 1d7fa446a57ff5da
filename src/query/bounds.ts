import { QueryError } from '../errors.ts';
import type { Filter } from './ast.ts';

/** Query text is at most this many bytes of UTF-8. */
export const MAX_QUERY_BYTES = 8_192;
/** Parentheses and negations nest at most this deep. */
export const MAX_QUERY_DEPTH = 32;
/** A query has at most this many terms. */
export const MAX_QUERY_TERMS = 200;

/**
 * Refuses a filter too deep or too large to be worked on safely, whoever built it. Every compiler calls this first.
 *
 * @throws QueryError QUERY_INVALID
 */
export function checkBounds(filter: Filter): void {
  if (countTerms(filter, MAX_QUERY_DEPTH) > MAX_QUERY_TERMS) {
    throw new QueryError('QUERY_INVALID', `a query has at most ${MAX_QUERY_TERMS} terms: split it in two`);
  }
}

function countTerms(filter: Filter, depth: number): number {
  if (filter.kind !== 'and' && filter.kind !== 'or' && filter.kind !== 'not') return 1;
  if (depth === 0) {
    throw new QueryError('QUERY_INVALID', `a query nests at most ${MAX_QUERY_DEPTH} deep: simplify it`);
  }
  if (filter.kind === 'not') return countTerms(filter.of, depth - 1);
  return filter.of.reduce((sum, part) => sum + countTerms(part, depth - 1), 0);
}
