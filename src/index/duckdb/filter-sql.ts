import { compilePattern, type Filter, pieces } from '../../query/mod.ts';
import { DIGITS, isHex, undashed } from './hex.ts';
import { matchSql, type Parameters, wildcardRegex } from './pattern-sql.ts';
import { Form, PROFILE_FIELDS } from './schema.ts';
import { FOLDED, type WordIds } from './word-ids.ts';

type TextFilter = Extract<Filter, { kind: 'text' }>;
type RangeFilter = Extract<Filter, { kind: 'range' }>;
type ObjectFilter = Extract<Filter, { kind: 'object' }>;
type Digits = 'correlation' | 'hash';

/** What a condition is compiled with. */
export interface Scope {
  readonly words: WordIds;
  /** Numbers of the nodes by name. */
  readonly nodes: ReadonlyMap<string, number>;
  readonly parameters: Parameters;
}

/**
 * SQL condition over `rows AS r JOIN profiles AS p`. The filter has been checked to be answerable from rows alone. No
 * column is ever null, so that SQL's third truth value never comes up.
 */
export function filterSql(filter: Filter, scope: Scope): string {
  switch (filter.kind) {
    case 'all':
      return 'true';
    case 'and':
      return all(filter.of.map((part) => filterSql(part, scope)));
    case 'or':
      return orSql(filter.of, scope);
    case 'not':
      return `NOT ${filterSql(filter.of, scope)}`;
    case 'text':
      return textSql(filter, scope);
    case 'range':
      return rangeSql(filter, scope.parameters);
    case 'object':
      return objectsSql([filter], scope);
    case 'detail':
    case 'free':
      throw new TypeError(`a ${filter.kind} filter reached the index`);
  }
}

/** Terms that name objects share one subquery: a list of a hundred keys reads the objects once. */
function orSql(parts: readonly Filter[], scope: Scope): string {
  const objects = parts.filter((part) => part.kind === 'object');
  const others = parts.filter((part) => part.kind !== 'object');
  const conditions = others.map((part) => filterSql(part, scope));
  return any(objects.length === 0 ? conditions : [...conditions, objectsSql(objects, scope)]);
}

function objectsSql(filters: readonly ObjectFilter[], { words, parameters }: Scope): string {
  const conditions = filters.map(({ object, pattern, wildcard }) => {
    const kind = object === null ? [] : [words.sql('kind', { pattern: object, wildcard: false }, parameters)];
    const isAny = matchesAll(pattern, wildcard);
    const ident = isAny ? 'true' : words.sql('ident', { pattern, wildcard }, parameters);
    const name = isAny ? 'true' : words.sql('name', { pattern, wildcard }, parameters);
    return all([...kind, any([ident, name])]);
  });
  return `(r.objects IN (SELECT id FROM object_sets WHERE ${any(conditions)}))`;
}

function textSql(filter: TextFilter, { words, nodes, parameters }: Scope): string {
  const { field, pattern, wildcard } = filter;
  if (field === 'node') {
    const matches = compilePattern(pattern, wildcard);
    return inList(
      'r.node',
      [...nodes].filter(([name]) => matches(name)).map(([, id]) => id),
    );
  }
  if (field === 'correlation' || field === 'hash') return digitsSql(field, filter, parameters);
  if (field === 'flag') {
    return `(r.profile IN (SELECT profile FROM flags WHERE ${words.sql('flag', filter, parameters)}))`;
  }
  const column = (PROFILE_FIELDS as readonly string[]).includes(field) ? `p.${field}` : `r.${field}`;
  return matchesAll(pattern, wildcard) ? `(${column} <> 0)` : `(${words.sql(column, filter, parameters)})`;
}

function rangeSql({ field, min, max }: RangeFilter, parameters: Parameters): string {
  const low = Math.ceil(min ?? Number.NEGATIVE_INFINITY);
  const high = Math.floor(max ?? Number.POSITIVE_INFINITY);
  const limit = Number.MAX_SAFE_INTEGER;
  if (Number.isNaN(low) || Number.isNaN(high) || low > limit || high < -limit) return 'false';
  const bounds = [];
  if (low >= -limit) bounds.push(`r.${field} >= ${parameters.integer(low)}`);
  if (high <= limit) bounds.push(`r.${field} <= ${parameters.integer(high)}`);
  return all(bounds);
}

/** The two fields whose texts are mostly hexadecimal digits: those are compared as such, the others are in `texts`. */
function digitsSql(field: Digits, { pattern, wildcard }: TextFilter, parameters: Parameters): string {
  if (matchesAll(pattern, wildcard)) return `(r.${field} <> 0)`;
  const forms =
    field === 'hash'
      ? [formSql('hash', Form.HEX_64, pattern, wildcard, parameters)]
      : [
          formSql('correlation', Form.HEX_32, pattern, wildcard, parameters),
          formSql('correlation', Form.UUID, pattern, wildcard, parameters),
        ];
  const match = matchSql(FOLDED, pattern, wildcard, parameters);
  return any([...forms, `r.${field} IN (SELECT id FROM texts WHERE ${match})`]);
}

const COLUMNS = { correlation: ['correlation_id'], hash: ['hash_1', 'hash_2'] } as const;

/** That the field has the form and its digits match. */
function formSql(
  field: Digits,
  form: number,
  pattern: string,
  wildcard: boolean,
  parameters: Parameters,
): string {
  const columns = COLUMNS[field].map((column) => `r.${column}`);
  const wanted = pieces(pattern, wildcard);
  const isForm = `r.${field} = ${form}`;
  if (wanted.exact !== null) {
    const digits = form === Form.UUID ? (undashed(wanted.exact) ?? '') : wanted.exact;
    if (!isHex(digits, DIGITS * columns.length)) return 'false';
    const equal = columns.map(
      (column, i) => `${column} = ${parameters.digits(digits.slice(DIGITS * i, DIGITS * (i + 1)))}`,
    );
    return all([isForm, ...equal]);
  }
  const { prefix, middle, suffix } = wanted;
  const alphabet = form === Form.UUID ? /^[0-9a-f-]*$/ : /^[0-9a-f]*$/;
  if (![prefix, ...middle, suffix].every((piece) => alphabet.test(piece))) return 'false';
  const start = startSql(columns[0]!, prefix, parameters);
  const text = columns.map((column) => `${column}::VARCHAR`).join(" || '-' || ");
  if (form === Form.UUID)
    return all([isForm, ...start, matchSql(`(${text})`, pattern, wildcard, parameters)]);
  if (prefix.length <= DIGITS && middle.length === 0 && suffix === '') return all([isForm, ...start]);
  // DuckDB prints hyphens where the text has none: quicker to allow for them than to take them out.
  const regex = wildcardRegex(wanted, (piece) => [...piece].join('-?'));
  return all([isForm, ...start, `regexp_matches(${text}, ${parameters.text(regex)})`]);
}

/** Bounds on a column that its first digits give: cheap, and what they leave is little. */
function startSql(column: string, prefix: string, parameters: Parameters): string[] {
  const digits = prefix.split('-')[0]!.slice(0, DIGITS);
  if (digits === '') return [];
  return [
    `${column} >= ${parameters.digits(digits.padEnd(DIGITS, '0'))}`,
    `${column} <= ${parameters.digits(digits.padEnd(DIGITS, 'f'))}`,
  ];
}

/** Whether it is a wildcard that any text matches. */
function matchesAll(pattern: string, wildcard: boolean): boolean {
  return wildcard && /^\*+$/.test(pattern);
}

export function inList(column: string, ids: readonly number[]): string {
  return ids.length === 0 ? 'false' : `(${column} IN (${ids.join(', ')}))`;
}

export function all(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'true' : `(${conditions.join(' AND ')})`;
}

export function any(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'false' : `(${conditions.join(' OR ')})`;
}
