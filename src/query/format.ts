import type { Filter } from './ast.ts';
import { OBJECT_KINDS } from './fields.ts';
import { formatTime } from './time.ts';

/**
 * The query text of a filter. Parsing it gives the same filter; a filter that no text gives (an empty `and`, a
 * bound that is no integer) comes back as an equivalent one. Times are written absolute, in UTC.
 */
export function formatQuery(filter: Filter): string {
  return filter.kind === 'all' ? '' : whole(filter);
}

function whole(filter: Filter): string {
  switch (filter.kind) {
    case 'all':
      return '*';
    case 'and':
      return filter.of.length === 0 ? '*' : filter.of.map(operand).join(' ');
    case 'or':
      return filter.of.length === 0 ? '-*' : filter.of.map(operand).join(' OR ');
    case 'not': {
      const text = operand(filter.of);
      return text.startsWith('-') ? `-(${text})` : `-${text}`;
    }
    case 'text':
      return term(`${filter.field}:${value(filter.pattern, filter.wildcard)}`);
    case 'range':
      return range(filter);
    case 'object':
      return term(`${objectField(filter.object)}:${value(filter.pattern, filter.wildcard)}`);
    case 'detail':
      return term(`details.${name(filter.name)}:${value(filter.pattern, filter.wildcard)}`);
    case 'free':
      return filter.text === '' ? '*' : term(quote(filter.text, false));
  }
}

/** Half of a surrogate pair matches nothing, and cannot be written. */
function term(text: string): string {
  return text.isWellFormed() ? text : '-*';
}

/** In parentheses unless it binds as one term. */
function operand(filter: Filter): string {
  const isGroup = (filter.kind === 'and' || filter.kind === 'or') && filter.of.length > 0;
  return isGroup ? `(${whole(filter)})` : whole(filter);
}

function range({ field, min, max }: Filter & { kind: 'range' }): string {
  const low = min === undefined ? undefined : Math.ceil(min);
  const high = max === undefined ? undefined : Math.floor(max);
  const least = field === 'seq' ? 0 : -Number.MAX_SAFE_INTEGER;
  const from = low === undefined || low < least ? undefined : low;
  const to = high === undefined || high > Number.MAX_SAFE_INTEGER ? undefined : high;
  if (Number.isNaN(low) || Number.isNaN(high) || (from ?? least) > (to ?? Number.MAX_SAFE_INTEGER))
    return '-*';
  const print = field === 'seq' ? String : formatTime;
  if (from !== undefined && to !== undefined) return `${field}:${print(from)}..${print(to)}`;
  if (from !== undefined) return `${field}>=${print(from)}`;
  return to === undefined ? '*' : `${field}<=${print(to)}`;
}

function objectField(kind: string | null): string {
  if (kind === null) return 'object';
  return OBJECT_KINDS.includes(kind) ? kind : `object.${name(kind)}`;
}

function name(text: string): string {
  return /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(text) ? text : quote(text, false);
}

function value(pattern: string, wildcard: boolean): string {
  const isBare = /^[A-Za-z0-9_.@=,+:/*-]+$/.test(pattern) && (wildcard || !pattern.includes('*'));
  return isBare ? pattern : quote(pattern, wildcard);
}

function quote(text: string, wildcard: boolean): string {
  return `"${text.replace(wildcard ? /["\\]/g : /["\\*]/g, '\\$&')}"`;
}
