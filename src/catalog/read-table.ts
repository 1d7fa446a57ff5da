import { UsageError } from '../errors.ts';
import type { Json } from '../record/types.ts';
import type { SystemTable } from './table.ts';

/**
 * A rule for a value read from JSON: null when it holds, else what is wrong, with the place it is wrong at.
 */
type Rule = (value: Json | undefined, at: string) => string | null;
type Members = { readonly [name: string]: Json };

const text: Rule = (value, at) => (typeof value === 'string' ? null : `${at} must be a text`);
const flag: Rule = (value, at) => (typeof value === 'boolean' ? null : `${at} must be true or false`);
const whole: Rule = (value, at) => (Number.isSafeInteger(value) ? null : `${at} must be a whole number`);
const part: Rule = (value, at) =>
  value === null || value === 'module' || value === 'component'
    ? null
    : `${at} must be module, component or null`;
const texts: Rule = list(text);

function optional(rule: Rule): Rule {
  return (value, at) => (value === undefined ? null : rule(value, at));
}

function list(rule: Rule): Rule {
  return (value, at) =>
    Array.isArray(value)
      ? first(value.map((item, i) => rule(item as Json, `${at}[${i}]`)))
      : `${at} must be a list`;
}

/** Any names, each with a value that obeys the rule. */
function map(rule: Rule): Rule {
  return (value, at) =>
    isObject(value)
      ? first(Object.entries(value).map(([name, item]) => rule(item, `${at}.${name}`)))
      : `${at} must be an object`;
}

/** These members and no others. */
function object(rules: { readonly [name: string]: Rule }): Rule {
  return (value, at) => {
    if (!isObject(value)) return `${at === '' ? 'it' : at} must be an object`;
    const dot = at === '' ? '' : `${at}.`;
    const strange = Object.keys(value).find((name) => !Object.hasOwn(rules, name));
    if (strange !== undefined) return `${dot}${strange} is not known`;
    return first(Object.entries(rules).map(([name, rule]) => rule(own(value, name), `${dot}${name}`)));
  };
}

const rule: Rule = object({
  ...{ kind: text, from: text, as: text },
  ...{
    within: optional(text),
    name: optional(texts),
    not: optional(texts),
    unless: optional(text),
    sole: optional(flag),
  },
});

const event: Rule = object({
  ...{ action: text, fields: text, about: text },
  aliases: optional(texts),
  implies: optional(map(text)),
  actionBy: optional(object({ field: text, values: map(text) })),
  ...{ effects: optional(map(text)), means: optional(map(text)) },
  ocsf: optional(object({ class: whole, activity: whole })),
  ...{ mandatoryIn: optional(texts), defaultIn: optional(texts), versions: optional(text) },
});

const TABLE: Rule = object({
  ...{ system: text, about: text, partIn: part, textual: flag },
  fields: map(object({ type: text, list: flag, about: text, at: optional(text) })),
  parts: map(map(event)),
  ...{ objects: list(rule), correlation: texts, reason: texts, actor: map(texts) },
  ...{ failureSuffix: optional(text), permissions: optional(map(text)) },
});

/**
 * A table that was kept as JSON, with the members that a table has and no others; `checkTable` holds it to
 * its rules.
 *
 * @throws UsageError USAGE naming the place.
 */
export function readTable(value: Json): SystemTable {
  const problem = TABLE(value, '');
  if (problem !== null) throw new UsageError('USAGE', problem);
  return value as unknown as SystemTable;
}

function first(problems: readonly (string | null)[]): string | null {
  return problems.find((problem) => problem !== null) ?? null;
}

function own(value: Members, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: Json | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
