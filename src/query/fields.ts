import type { NumberField, TextField } from './ast.ts';

/** The names a query may put before a colon, in one place: parser, formatter and completion follow these lists. */
export const TEXT_FIELDS: readonly TextField[] = [
  'node',
  'system',
  'source',
  'event',
  'action',
  'outcome',
  'module',
  'component',
  'actor',
  'ip',
  'correlation',
  'hash',
  'flag',
];

export const NUMBER_FIELDS: readonly NumberField[] = ['seq', 'time', 'logged'];

/** Kinds of object that are fields of their own; any other kind is `object.<kind>`. */
export const OBJECT_KINDS: readonly string[] = [
  'key',
  'certificate',
  'token',
  'worker',
  'client',
  'file',
  'user',
];

const ALL_FIELDS: readonly string[] = [
  ...TEXT_FIELDS,
  ...NUMBER_FIELDS,
  ...OBJECT_KINDS,
  'object',
  'details',
];

export function isTextField(name: string): name is TextField {
  return (TEXT_FIELDS as readonly string[]).includes(name);
}

export function isNumberField(name: string): name is NumberField {
  return (NUMBER_FIELDS as readonly string[]).includes(name);
}

/** The field a mistyped name probably meant, or null when none is near. */
export function nearestField(name: string): string | null {
  if (name.length > 32) return null;
  let best: string | null = null;
  let distance = name.length <= 3 ? 2 : 3;
  for (const field of ALL_FIELDS) {
    const d = field.startsWith(name) && name.length > 1 ? 0.5 : editDistance(name, field);
    if (d < distance) [best, distance] = [field, d];
  }
  return best;
}

/** Levenshtein: insertions, deletions and replacements that lead from one word to the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
