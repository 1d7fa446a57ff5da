import type { IndexRow } from '../catalog/row.ts';
import { QueryError } from '../errors.ts';
import type { AuditRecord, ObjectRef } from '../record/mod.ts';
import type { Filter, TextField } from './ast.ts';
import { checkBounds } from './bounds.ts';
import { indexable } from './indexable.ts';
import { someDetail, someOwnWord, someValue } from './own-words.ts';
import { compilePattern, finder, foldAscii } from './pattern.ts';

/** `row` is the `indexRow` of `record`. Sealed content counts where it has been put back into the record. */
export type Matcher = (record: AuditRecord, row: IndexRow) => boolean;

/**
 * The meaning of a filter, as a test of one record: what every engine must agree with.
 *
 * @throws QueryError QUERY_INVALID for a filter beyond the bounds.
 */
export function matcher(filter: Filter): Matcher {
  checkBounds(filter);
  return compile(filter);
}

/**
 * The same over index rows alone.
 *
 * @throws QueryError QUERY_INVALID for a filter that needs the whole record, or beyond the bounds.
 */
export function rowMatcher(filter: Filter): (row: IndexRow) => boolean {
  checkBounds(filter);
  requireIndexable(filter);
  const matches = compile(filter);
  // No part of the filter looks at the record.
  return (row) => matches(undefined as never, row);
}

/** @throws QueryError QUERY_INVALID for a filter that an index cannot answer. */
export function requireIndexable(filter: Filter): void {
  if (indexable(filter).exact) return;
  throw new QueryError(
    'QUERY_INVALID',
    'free text and fields of details are not in the index: search them by scanning records',
  );
}

function compile(filter: Filter): Matcher {
  switch (filter.kind) {
    case 'all':
      return () => true;
    case 'and': {
      const parts = filter.of.map(compile);
      return (record, row) => parts.every((part) => part(record, row));
    }
    case 'or': {
      const parts = filter.of.map(compile);
      return (record, row) => parts.some((part) => part(record, row));
    }
    case 'not': {
      const part = compile(filter.of);
      return (record, row) => !part(record, row);
    }
    case 'text':
      return compileText(filter.field, compilePattern(filter.pattern, filter.wildcard));
    case 'range': {
      const { field, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = filter;
      return (_, row) => row[field] >= min && row[field] <= max;
    }
    case 'object':
      return compileObject(filter.object, compilePattern(filter.pattern, filter.wildcard));
    case 'detail': {
      const matches = compilePattern(filter.pattern, filter.wildcard);
      const wanted = foldAscii(filter.name);
      return ({ details }) =>
        someDetail(details, (name, value) => foldAscii(name) === wanted && someValue(value, matches));
    }
    case 'free': {
      const matches = compileFree(filter.text);
      return (record) => someOwnWord(record, matches);
    }
  }
}

function compileFree(text: string): (word: string) => boolean {
  if (!text.isWellFormed()) return () => false;
  const find = finder(text);
  return (word) => find(word) >= 0;
}

function compileText(field: TextField, matches: (text: string) => boolean): Matcher {
  if (field === 'flag') return (_, row) => row.flags.some(matches);
  return (_, row) => {
    const value = row[field];
    return value !== null && matches(value);
  };
}

function compileObject(kind: string | null, matches: (text: string) => boolean): Matcher {
  const wanted = kind === null ? null : foldAscii(kind);
  const isWanted = ({ kind, id, name }: ObjectRef) =>
    (wanted === null || foldAscii(kind) === wanted) && (matches(id) || (name !== undefined && matches(name)));
  return (_, row) => row.objects.some(isWanted);
}
