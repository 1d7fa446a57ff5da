import { IndexError, QueryError } from '../errors.ts';
import type { FacetRequest, HistogramRequest, IndexSearch, Through } from './index.ts';

/** Bounds that every driver keeps, so that no request can ask for an answer of any size. */
export const MAX_HITS = 10_000;
export const MAX_FACETS = 1_000;
export const MAX_BUCKETS = 10_000;

/** @throws QueryError QUERY_INVALID */
export function checkSearch({ limit }: IndexSearch): void {
  checkCount(limit, MAX_HITS, 'hits');
}

/** @throws QueryError QUERY_INVALID */
export function checkFacets({ limit }: FacetRequest): void {
  checkCount(limit, MAX_FACETS, 'values');
}

/** @throws QueryError QUERY_INVALID */
export function checkHistogram({ from, to, bucketMs }: HistogramRequest): void {
  const isWhole = [from, to, bucketMs].every(Number.isSafeInteger) && bucketMs > 0 && from <= to;
  if (!isWhole) {
    throw new QueryError(
      'QUERY_INVALID',
      'a histogram needs whole milliseconds, from not after to, bucketMs above 0',
    );
  }
  if ((to - from) / bucketMs >= MAX_BUCKETS) {
    throw new QueryError(
      'QUERY_INVALID',
      `a histogram has at most ${MAX_BUCKETS} buckets: raise bucketMs or narrow the range`,
    );
  }
}

/**
 * @param positions the index holds so many entries of each node.
 * @throws IndexError INDEX_UNAVAILABLE when an answer through these sizes would be incomplete.
 */
export function checkThrough(through: Through, positions: ReadonlyMap<string, number>): void {
  for (const [node, size] of through) {
    const position = positions.get(node) ?? 0;
    if (size <= position) continue;
    throw new IndexError(
      'INDEX_UNAVAILABLE',
      `the index holds ${position} entries of node ${node}, the question is about ${size}: add the rest first`,
      { context: { node, position, size } },
    );
  }
}

/** @throws IndexError INDEX_UNAVAILABLE when entries from `from` on would leave a gap or overlap. */
export function checkNext(node: string, from: number, position: number): void {
  if (from === position) return;
  throw new IndexError(
    'INDEX_UNAVAILABLE',
    `the index holds ${position} entries of node ${node}; entry ${from} is not the next one: ask for the position again`,
    { context: { node, position, from } },
  );
}

function checkCount(count: number, max: number, what: string): void {
  if (Number.isSafeInteger(count) && count >= 1 && count <= max) return;
  throw new QueryError('QUERY_INVALID', `ask for 1 to ${max} ${what} at once`);
}
