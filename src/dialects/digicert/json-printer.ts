import { DIGICERT_REPORTS, DIGICERT_REST_NAMES, type DigicertReport } from '../../catalog/digicert.ts';
import type { Json, RecordDraft } from '../../record/types.ts';
import type { Printed, Printer, PrinterOptions } from '../dialect.ts';
import type { Flag, PrintFlag } from '../flags.ts';
import { readJson } from '../json.ts';
import { columnOf, FIELDS, isDecisive, plainName } from './columns.ts';
import { type Content, contentOf, reportOf } from './content.ts';
import { fitting } from './fit.ts';

/**
 * Writes the objects of one of the listings, a line each: `options.report`, by default the audit log. Throws
 * `UsageError` USAGE for a report that the system does not have.
 */
export function jsonPrinter(options: PrinterOptions = {}): Printer {
  const report = reportOf(options.report);
  return {
    head: '',
    print(record: RecordDraft): Printed {
      const content = contentOf(record, report, options.zone);
      const { flags } = content;
      const members = membersOf(content, report);
      const { text, whole } = fitting(
        members.map(([, value]) => value),
        (kept) =>
          `{${members.map(([name], i) => `${JSON.stringify(name)}:${kept[i] ?? 'null'}`).join(',')}}\n`,
      );
      if (!whole) flags.add('no-place');
      return { text, flags: [...flags] };
    },
  };
}

/**
 * Names and values as JSON text. What the report always tells comes first, and is there even when it is not
 * known.
 */
function membersOf(content: Content, report: DigicertReport): (readonly [string, string])[] {
  const { fields, metadata, flags } = content;
  const own = DIGICERT_REPORTS[report].columns.filter(
    (name) => FIELDS[report].get(name) !== 'signature.metadata',
  );
  const known = [...new Set([...own, ...[...FIELDS[report].keys()].filter((name) => fields.has(name))])];
  const others = [...fields.keys()].filter((name) => !FIELDS[report].has(name)).sort(byCodePoint);
  const members: (readonly [string, string])[] = known.map((name) => [
    restName(name),
    valueText(fields.get(name) ?? null, flags),
  ]);
  for (const name of others) {
    // A name that reading would take for another field, or for one of another report.
    const taken = columnOf(report, name, 0).known || isDecisive(name) || plainName(name) === 'metadata';
    if (taken || name === '' || name.trim() !== name) flags.add('no-place');
    else members.push([name, valueText(fields.get(name)!, flags)]);
  }
  if (metadata.length > 0 && report === 'signature-log') {
    const entries = metadata.map(({ key, value, primary, source }) => ({
      ...{ metadata_key: key, metadata_value: value, metadata_primary: primary, metadata_source: source },
    }));
    members.push(['metadata', JSON.stringify(entries)]);
  } else if (metadata.length > 0) flags.add('no-place');
  return members;
}

function restName(field: string): string {
  return DIGICERT_REST_NAMES[field] ?? field.toLowerCase().replaceAll(/[ -]/g, '_');
}

function valueText(value: Json, flags: Set<PrintFlag>): string {
  const text = JSON.stringify(value);
  if (typeof value === 'string' || value === null) return text;
  const remarks = new Set<Flag>();
  // Within something, as it stands in the object: a number at the end of a text could have more digits.
  readJson(`[${text}]`, 0, remarks);
  if (remarks.size > 0) flags.add('retyped');
  return text;
}

function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((char, i) => char !== right[i]);
  if (at === -1) return left.length - right.length;
  return left[at]!.codePointAt(0)! - (right[at]?.codePointAt(0) ?? -1);
}
