import { isPlainObject } from './json.ts';
import { MAX_DEPTH } from './types.ts';

/** What is wrong with a value, and where: `path` leads from the value that was checked to the part at fault. */
export interface Problem {
  readonly path: string;
  readonly rule: string;
}

/** Says what is wrong with a value, or null. Never throws, and builds no path unless there is a problem. */
export type Rule = (value: unknown) => Problem | null;

export function wrong(rule: string, path = ''): Problem {
  return { path, rule };
}

/** The same, seen from one level further out. */
export function inside(step: string, problem: Problem): Problem;
export function inside(step: string, problem: Problem | null): Problem | null;
export function inside(step: string, problem: Problem | null): Problem | null {
  return problem && { path: step + problem.path, rule: problem.rule };
}

/** A string of at most `max` UTF-16 units, at least `min`. */
export function string(max: number, min = 0): Rule {
  return (value) => {
    if (typeof value !== 'string') return wrong('must be a string');
    if (value.length > max) {
      return wrong(
        `has ${value.length} characters; at most ${max} are allowed here, "details" takes longer ones`,
      );
    }
    if (value.length < min) return wrong('is empty; leave it out, or send something');
    return text(value);
  };
}

export function pattern(regex: RegExp, rule: string): Rule {
  return (value) => (typeof value === 'string' && regex.test(value) ? null : wrong(`must be ${rule}`));
}

export function oneOf(values: readonly unknown[]): Rule {
  return (value) => (values.includes(value) ? null : wrong(`must be one of ${values.join(', ')}`));
}

export function integer(min: number, max: number): Rule {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? null
      : wrong(`must be an integer from ${min} to ${max}`);
}

export function boolean(value: unknown): Problem | null {
  return typeof value === 'boolean' ? null : wrong('must be true or false');
}

export function list(max: number, item: Rule): Rule {
  return (value) => {
    if (!Array.isArray(value)) return wrong('must be a list');
    if (value.length > max) return wrong(`has ${value.length} items; at most ${max} are allowed`);
    for (let i = 0; i < value.length; i++) {
      const problem = item(value[i]);
      if (problem !== null) return inside(`[${i}]`, problem);
    }
    return null;
  };
}

/** An object of these members and no others. */
export function object(members: Readonly<Record<string, Rule>>, required: readonly string[] = []): Rule {
  const rules = new Map(Object.entries(members));
  return (value) => {
    if (!isPlainObject(value)) return wrong('must be an object');
    for (const name in value) {
      const rule = rules.get(name);
      if (rule === undefined)
        return wrong('is not known here; put fields of your own under "details"', `.${name}`);
      const problem = rule(value[name]);
      if (problem !== null) return inside(`.${name}`, problem);
    }
    for (const name of required) if (value[name] === undefined) return wrong('is required', `.${name}`);
    return null;
  };
}

/** How deep `fields` may nest, itself counted: two levels are left for the record and a list of records around it. */
const FIELDS_DEPTH = MAX_DEPTH - 2;

/** An object of any JSON. */
export function fields(value: unknown): Problem | null {
  return isPlainObject(value) ? members(value, FIELDS_DEPTH - 1) : wrong('must be an object');
}

/** @param levels how many lists and objects may still be within each other in here. */
function json(value: unknown, levels: number): Problem | null {
  switch (typeof value) {
    case 'string':
      return text(value);
    case 'number':
      return number(value);
    case 'boolean':
      return null;
    case 'object':
      break;
    default:
      return wrong(`is of type ${typeof value}, which JSON does not have`);
  }
  if (value === null) return null;
  if (levels === 0) return wrong(`is nested deeper than ${FIELDS_DEPTH} levels`);
  if (Array.isArray(value)) return items(value, levels - 1);
  return isPlainObject(value)
    ? members(value, levels - 1)
    : wrong('must be plain JSON, not an instance of a class');
}

function members(object: Record<string, unknown>, levels: number): Problem | null {
  for (const name in object) {
    const problem = text(name) ?? json(object[name], levels);
    if (problem !== null) return inside(`.${name}`, problem);
  }
  return null;
}

function items(list: readonly unknown[], levels: number): Problem | null {
  for (let i = 0; i < list.length; i++) {
    const problem = json(list[i], levels);
    if (problem !== null) return inside(`[${i}]`, problem);
  }
  return null;
}

function number(value: number): Problem | null {
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return null;
  return wrong(
    `must be a number within ±${Number.MAX_SAFE_INTEGER}; larger ones lose digits, send them as strings`,
  );
}

function text(value: string): Problem | null {
  if (!value.isWellFormed()) return wrong('holds half of a surrogate pair, which UTF-8 cannot carry');
  if (value.includes('\0')) return wrong('holds a NUL character; send binary content as base64');
  return null;
}
