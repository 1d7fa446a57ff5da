import { open } from 'node:fs/promises';
import { ocsfEvent } from '../catalog/ocsf-event.ts';
import { type Dialect, PRINT_FLAGS, type Printer, type PrintFlag } from '../dialects/mod.ts';
import { TallystickError } from '../errors.ts';
import { findFiles } from '../sources/mod.ts';
import { readChunks } from '../sources/recognise.ts';
import { unreadable } from '../sources/unreadable.ts';
import type { Call } from './command.ts';
import { namedDialect, patternOf } from './dialect-option.ts';
import { EXIT } from './exit.ts';
import { grouped } from './format.ts';
import { ParseSummary } from './parse-summary.ts';
import { itemText, summaryText } from './parse-text.ts';
import { safeLines, safeText } from './safe-text.ts';

/** What becomes of each item of a file, and of its end. */
interface Shower {
  item(item: Parsed): Promise<void>;
  end(summary: ParseSummary): Promise<void>;
}

type Parsed = ReturnType<ReturnType<Dialect['parser']>['end']>[number];

/**
 * Shows what dialects make of files, and stores nothing. Exit code 1 when a file is of no known dialect, 2 when none
 * could be read.
 */
export async function parse(call: Call): Promise<number> {
  call.expect(1, Number.MAX_SAFE_INTEGER);
  const show = SHOWERS[call.text('as') ?? (call.json ? 'json' : 'text')];
  if (show === undefined)
    throw call.usage(`--as is ${JSON.stringify(call.text('as'))}; it must be ocsf or native`);
  const dialect = namedDialect(call);
  patternOf(call);
  // What is named is believed: nothing that is sealed depends on it.
  const files = await findFiles(
    call.operands.map((path) => call.path(path)),
    { dialect, force: dialect !== null },
  );
  const errors: TallystickError[] = [];
  for (const file of files) {
    try {
      if ('error' in file) throw file.error;
      if (file.dialect === null) await showEmpty(call, file.path);
      else await parseFile(call, file.path, file.dialect, show(call, file.dialect));
    } catch (error) {
      if (!(error instanceof TallystickError) || files.length === 1) throw error;
      errors.push(error);
      if (call.json) await call.io.stdout.record({ error: { code: error.code, message: error.message } });
      else await call.io.stderr.line(safeLines(error.message).join(' '));
    }
  }
  if (errors.length === 0) return EXIT.ok;
  return errors.every(({ code }) => code === 'FILE_UNREADABLE') ? EXIT.unusable : EXIT.refused;
}

async function showEmpty(call: Call, path: string): Promise<void> {
  const { stdout } = call.io;
  if (call.text('as') !== undefined) return;
  if (call.json) await stdout.record({ end: true, path, dialect: null, records: 0 });
  else await stdout.line(`${safeText(path)}: nothing in it`);
}

async function parseFile(call: Call, path: string, dialect: Dialect, shower: Shower): Promise<void> {
  const summary = new ParseSummary(path, dialect);
  try {
    const file = await open(path);
    try {
      const { size, mtimeMs } = await file.stat();
      const parser = dialect.parser({ ...patternOf(call), fallbackTime: Math.floor(mtimeMs) });
      const take = async (items: readonly Parsed[]): Promise<void> => {
        for (const item of items) {
          call.io.signal.throwIfAborted();
          summary.count(item);
          await shower.item(item);
        }
      };
      for await (const chunk of readChunks(file, 0, size)) await take(parser.push(chunk));
      await take(parser.end());
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  await shower.end(summary);
}

const SHOWERS: Readonly<Record<string, (call: Call, dialect: Dialect) => Shower>> = {
  text: ({ io: { stdout } }) => ({
    item: (item) => (item.record === undefined ? Promise.resolve() : stdout.write(itemText(item, stdout))),
    end: (summary) => stdout.write(summaryText(summary, stdout)),
  }),

  json: ({ io: { stdout } }) => ({
    item: ({ start, end, record }) =>
      record === undefined ? Promise.resolve() : stdout.record({ from: start, to: end, record }),
    end: (summary) => stdout.record({ end: true, ...summary.toJSON() }),
  }),

  ocsf: ({ io: { stdout } }) => ({
    item: ({ record }) => (record === undefined ? Promise.resolve() : stdout.record(ocsfEvent(record))),
    end: () => Promise.resolve(),
  }),

  native: (call, dialect) => new NativeShower(call, dialect),
};

/** Prints records as their system writes them, from what was read of them; what that cannot carry goes to standard error. */
class NativeShower implements Shower {
  readonly #call: Call;
  readonly #dialect: Dialect;
  /** By report, of which a file may hold several. */
  readonly #printers = new Map<string | undefined, Printer>();
  readonly #flags = new Map<PrintFlag, number>();
  #unread = 0;

  constructor(call: Call, dialect: Dialect) {
    this.#call = call;
    this.#dialect = dialect;
  }

  async item({ record }: Parsed): Promise<void> {
    if (record === undefined) return;
    // Nothing of it was understood, so there is nothing to print it from.
    if (record.flags?.includes('unparsed')) {
      this.#unread++;
      return;
    }
    const report = this.#dialect.reports?.find((one) => one === record.module);
    let printer = this.#printers.get(report);
    const begun = printer !== undefined;
    printer ??= this.#dialect.printer({
      ...patternOf(this.#call),
      ...(report === undefined ? {} : { report }),
    });
    this.#printers.set(report, printer);
    const { text, flags } = printer.print(record);
    for (const flag of flags) this.#flags.set(flag, (this.#flags.get(flag) ?? 0) + 1);
    await this.#write(begun ? text : `${printer.head}${text}`);
  }

  async end(): Promise<void> {
    const { stderr } = this.#call.io;
    for (const [flag, n] of this.#flags) await stderr.line(`${grouped(n)} ${flag}: ${PRINT_FLAGS[flag]}`);
    if (this.#unread > 0)
      await stderr.line(`${grouped(this.#unread)} left out: the dialect could not read them as events`);
  }

  #write(text: string): Promise<void> {
    const { stdout } = this.#call.io;
    return stdout.write(stdout.isTerminal ? safeLines(text).join('\n') : text);
  }
}
