import type { RecordDraft } from '../../record/types.ts';
import type { Parser, Printed, Printer } from '../dialect.ts';
import type { PrintFlag } from '../flags.ts';
import { isPlain } from './details.ts';
import { encodeText } from './encoding.ts';
import { byName, eventOf, pairsOf } from './pairs.ts';
import { absent, type Pattern } from './pattern.ts';
import { logPrefix, noteLosses, writeEntry } from './print.ts';
import { ALL_FIELDS } from './worker-start.ts';

const CATEGORY = 'IWorkerLogger';

/** Writes lines of AllFieldsWorkerLogger. */
export class WorkerPrinter implements Printer {
  readonly head = '';
  readonly #zone: number;
  readonly #parser: () => Parser;

  constructor(zone: number, parser: () => Parser) {
    this.#zone = zone;
    this.#parser = parser;
  }

  print(record: RecordDraft): Printed {
    const flags = new Set<PrintFlag>();
    const event = eventOf(record, flags);
    const head = `${logPrefix(record.time, this.#zone, CATEGORY)}${ALL_FIELDS}`;
    const pairs = pairsOf(record, event, flags);
    const text = writeEntry({ head, pairs, tail: `REPLY_TIME:${record.time}` }, event, flags);
    noteLosses(record, text, this.#parser(), flags);
    return { text, flags: [...flags] };
  }
}

/** Writes lines of PatternWorkerLogger, which has an empty line follow each. */
export class PatternPrinter implements Printer {
  readonly head = '';
  readonly #zone: number;
  readonly #pattern: Pattern;
  readonly #parser: () => Parser;

  constructor(zone: number, pattern: Pattern, parser: () => Parser) {
    this.#zone = zone;
    this.#pattern = pattern;
    this.#parser = parser;
  }

  print(record: RecordDraft): Printed {
    const flags = new Set<PrintFlag>();
    const fields = byName(pairsOf(record, eventOf(record, flags), flags));
    const names = this.#pattern.names;
    const values = names.map((name) => fields.get(name)?.[0] ?? null);
    const told = [...fields].filter(([name, all]) => names.includes(name) && all.length === 1);
    if (told.length < fields.size) flags.add('no-place');
    const written = this.#write(values, flags);
    const text = `${logPrefix(record.time, this.#zone, CATEGORY)}${written}\n\n`;
    noteLosses(record, text, this.#parser(), flags);
    return { text, flags: [...flags] };
  }

  /**
   * As they stand, else all encoded (but nothing, which has no encoded form), else none: whichever is read
   * back as these values and no others.
   */
  #write(values: readonly (string | null)[], flags: Set<PrintFlag>): string {
    const names = this.#pattern.names;
    const safe = (value: string, i: number): boolean =>
      isPlain(value) && !/[\r\n]/.test(value) && value !== absent(names[i]!);
    const plain = values.map((value, i) => (value === null || safe(value, i) ? value : encodeText(value)));
    const encoded = values.map((value) => (value === null || value === '' ? value : encodeText(value)));
    const chosen = [plain, encoded].find((some) => this.#readsAs(some));
    if (chosen === undefined) flags.add('no-place');
    else if (chosen.some((value, i) => value !== values[i])) flags.add('escaped');
    return this.#pattern.print(chosen ?? []);
  }

  #readsAs(values: readonly (string | null)[]): boolean {
    const line = this.#pattern.print(values);
    const match = this.#pattern.match(line, 0);
    if (match === null || match.ambiguous) return false;
    return match.values.every((value, i) => value === (values[i] ?? absent(this.#pattern.names[i]!)));
  }
}
