import type { Filter } from './ast.ts';
import { checkBounds } from './bounds.ts';

const ALL: Filter = { kind: 'all' };
const NONE: Filter = { kind: 'not', of: ALL };

/**
 * What of a filter an index can answer. `candidates` has no part that needs the whole record and matches every
 * record that the filter matches; when `exact`, it matches no others.
 *
 * @throws QueryError QUERY_INVALID for a filter beyond the bounds.
 */
export function indexable(filter: Filter): { readonly candidates: Filter; readonly exact: boolean } {
  checkBounds(filter);
  if (!needsRecord(filter)) return { candidates: filter, exact: true };
  return { candidates: widen(filter, ALL), exact: false };
}

function needsRecord(filter: Filter): boolean {
  if (filter.kind === 'and' || filter.kind === 'or') return filter.of.some(needsRecord);
  if (filter.kind === 'not') return needsRecord(filter.of);
  return filter.kind === 'detail' || filter.kind === 'free';
}

/**
 * The filter with everything that is not in the index taken for `unknown`: with all, the result can only match more,
 * with none only less. Under a negation the two change places.
 */
function widen(filter: Filter, unknown: Filter): Filter {
  switch (filter.kind) {
    case 'detail':
    case 'free':
      return unknown;
    case 'not': {
      const of = widen(filter.of, unknown === ALL ? NONE : ALL);
      return of === ALL ? NONE : of === NONE ? ALL : { kind: 'not', of };
    }
    case 'and':
      return combine(
        'and',
        filter.of.map((part) => widen(part, unknown)),
        ALL,
        NONE,
      );
    case 'or':
      return combine(
        'or',
        filter.of.map((part) => widen(part, unknown)),
        NONE,
        ALL,
      );
    default:
      return filter;
  }
}

/** Leaves out parts that do not count, and stops at one that decides alone. */
function combine(kind: 'and' | 'or', parts: readonly Filter[], neutral: Filter, deciding: Filter): Filter {
  if (parts.includes(deciding)) return deciding;
  const of = parts.filter((part) => part !== neutral);
  if (of.length === 0) return neutral;
  return of.length === 1 ? of[0]! : { kind, of };
}
