import type { Parser, Printer } from '../dialect.ts';
import type { PrintFlag } from '../flags.ts';
import { isPlain } from './details.ts';
import { encodeText } from './encoding.ts';
import { byName, pairsOf } from './pairs.ts';
import { absent, type Pattern } from './pattern.ts';
import { allFields, EntryPrinter } from './print.ts';
import { ALL_FIELDS } from './worker-start.ts';

const CATEGORY = 'IWorkerLogger';

/** Lines of AllFieldsWorkerLogger. */
export function allFieldsPrinter(zone: number, parser: () => Parser): Printer {
  return new EntryPrinter(CATEGORY, zone, parser, (record, prefix, event, flags) =>
    allFields(prefix + ALL_FIELDS, pairsOf(record, event, flags), record.time, event, flags),
  );
}

/** Lines of PatternWorkerLogger, which has an empty line follow each. */
export function patternPrinter(zone: number, pattern: Pattern, parser: () => Parser): Printer {
  return new EntryPrinter(CATEGORY, zone, parser, (record, prefix, event, flags) => {
    const fields = byName(pairsOf(record, event, flags));
    const values = pattern.names.map((name) => fields.get(name)?.[0] ?? null);
    const told = [...fields].filter(([name, all]) => pattern.names.includes(name) && all.length === 1);
    if (told.length < fields.size) flags.add('no-place');
    return `${prefix}${fill(pattern, values, flags)}\n\n`;
  });
}

/**
 * As they stand, else all encoded (but nothing, which has no encoded form), else none: whichever is read
 * back as these values and no others.
 */
function fill(pattern: Pattern, values: readonly (string | null)[], flags: Set<PrintFlag>): string {
  const { names } = pattern;
  const safe = (value: string, i: number): boolean =>
    isPlain(value) && !/[\r\n]/.test(value) && value !== absent(names[i]!);
  const plain = values.map((value, i) => (value === null || safe(value, i) ? value : encodeText(value)));
  const encoded = values.map((value) => (value === null || value === '' ? value : encodeText(value)));
  const chosen = [plain, encoded].find((some) => readsAs(pattern, some));
  if (chosen === undefined) flags.add('no-place');
  else if (chosen.some((value, i) => value !== values[i])) flags.add('escaped');
  return pattern.print(chosen ?? []);
}

/** Whether the line is read as these values. */
function readsAs(pattern: Pattern, values: readonly (string | null)[]): boolean {
  const line = pattern.print(values);
  const match = pattern.match(line, 0);
  if (match === null || match.ambiguous) return false;
  return match.values.every((value, i) => value === (values[i] ?? absent(pattern.names[i]!)));
}
