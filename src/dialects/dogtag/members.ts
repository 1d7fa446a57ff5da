import type { Outcome } from '../../record/types.ts';

/** Fields that are members of the record, and stay out of details unless they repeat. */
export const MEMBERS: ReadonlySet<string> = new Set(['AuditEvent', 'SubjectID', 'Outcome']);

export const OUTCOMES: ReadonlyMap<string, Exclude<Outcome, 'void'>> = new Map([
  ['success', 'success'],
  ['failure', 'failure'],
]);

/** What the server prints for a value that it does not have. */
export const NULL = '<null>';

/** Words printed where a value is missing. */
const ABSENT: ReadonlySet<string> = new Set(['', NULL, 'null', 'N/A', '--', 'None']);

/** The thread that a line is of when details name none. */
export const MAIN_THREAD = '0.main';

export function isAbsent(value: string): boolean {
  return ABSENT.has(value);
}

/** The values of fields by name; `encoded` ones are never words for no value. */
export type Told = ReadonlyMap<string, { readonly value: string; readonly encoded: boolean }>;

/** The value of the first of these fields that tells one. */
export function firstTold(told: Told, names: readonly string[] = []): string | undefined {
  for (const name of names) {
    const field = told.get(name);
    if (field !== undefined && (field.encoded || !isAbsent(field.value))) return field.value;
  }
  return undefined;
}
