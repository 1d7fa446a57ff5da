import { existsSync } from 'node:fs';
import type { Dialect } from '../dialects/mod.ts';
import { TallystickError } from '../errors.ts';
import { FileImport, type FoundFile, findFiles, type SourceLog } from '../sources/mod.ts';
import { databasePath } from '../store/sqlite/database.ts';
import type { Call } from './command.ts';
import { namedDialect, patternOf } from './dialect-option.ts';
import { EXIT } from './exit.ts';
import { counted } from './format.ts';
import { lockImports } from './import-lock.ts';
import { type ImportOutcome, outcomeJson, outcomeText, statusOf } from './import-text.ts';
import { openToAppend, openToRead } from './open-data.ts';
import { Progress } from './progress.ts';

/** Source that imported records name. */
const SOURCE = 'import';

/** Errors that are about one file: the others go on. */
const OF_A_FILE: readonly string[] = ['DIALECT_UNKNOWN', 'DIALECT_MISMATCH', 'FILE_UNREADABLE'];

/** Takes files into the log. Exit code 1 when one was refused, or one of its records. */
export async function importFiles(call: Call): Promise<number> {
  call.expect(1, Number.MAX_SAFE_INTEGER);
  patternOf(call);
  const chosen = { dialect: namedDialect(call), force: call.isSet('force') };
  const files = await findFiles(
    call.operands.map((path) => call.path(path)),
    chosen,
  );
  const outcomes: ImportOutcome[] = [];
  // A log is not begun for files that none of it is made of.
  const target = files.some(isTaken) ? await openTarget(call) : null;
  try {
    for (const file of files) {
      const outcome = await importOne(call, file, target);
      outcomes.push(outcome);
      if (call.json) await call.io.stdout.record(outcomeJson(outcome));
      else
        await call.io.stdout.line(outcomeText(outcome, call.io.cwd, call.isSet('dry-run'), call.io.stdout));
      if (outcome.error !== null && !OF_A_FILE.includes(outcome.error.code)) throw outcome.error;
    }
  } finally {
    await target?.close();
  }
  await showTotal(call, outcomes);
  return codeOf(outcomes);
}

function isTaken(file: FoundFile): file is { path: string; dialect: Dialect; size: number } {
  return !('error' in file) && file.dialect !== null;
}

async function importOne(call: Call, file: FoundFile, target: Target | null): Promise<ImportOutcome> {
  const { path } = file;
  if ('error' in file) return { path, summary: null, error: file.error };
  if (!isTaken(file) || target === null) return { path, summary: null, error: null };
  const progress = new Progress(call.io, `importing ${counted(file.size, 'byte')}`);
  const work = new FileImport(path, file.dialect, {
    log: target.log,
    source: SOURCE,
    ...patternOf(call),
    unfinished: call.isSet('live') ? 'leave' : 'take',
    dryRun: call.isSet('dry-run'),
    onProgress: progress.update,
    signal: call.io.signal,
  });
  try {
    return { path, summary: await work.run(), error: null };
  } catch (error) {
    if (error instanceof TallystickError) return { path, summary: work.summary, error };
    throw error;
  } finally {
    progress.clear();
  }
}

/** The log that records go to. */
interface Target {
  readonly log: SourceLog;
  close(): Promise<void>;
}

async function openTarget(call: Call): Promise<Target> {
  if (call.isSet('dry-run')) return openToCompare(call);
  const log = await openToAppend(call);
  try {
    const lock = lockImports(call.data);
    const close = async (): Promise<void> => {
      lock.release();
      await log.close();
    };
    return { log, close };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** For a dry run: what is known of the files, and nothing to write to. */
async function openToCompare(call: Call): Promise<Target> {
  const appendEach = async (): Promise<never> => {
    throw new TallystickError('INTERNAL', 'a dry run appends nothing');
  };
  if (!existsSync(databasePath(call.data))) {
    return { log: { appendEach, state: async () => new Map() }, close: async () => {} };
  }
  const { store, close } = await openToRead(call);
  return { log: { appendEach, state: (prefix) => store.state(prefix) }, close };
}

async function showTotal(call: Call, outcomes: readonly ImportOutcome[]): Promise<void> {
  const count = (status: ReturnType<typeof statusOf>): number =>
    outcomes.filter((outcome) => statusOf(outcome) === status).length;
  const records = outcomes.reduce((n, { summary }) => n + (summary?.records ?? 0), 0);
  const { stdout } = call.io;
  const [files, unchanged, refused] = [outcomes.length, count('unchanged'), count('refused')];
  if (call.json) return stdout.record({ end: true, files, records, unchanged, refused });
  if (files === 0) return stdout.line('There are no files in what was named.');
  if (files === 1) return;
  const parts = [
    `${counted(files, 'file')}: ${counted(records, 'record')} ${call.isSet('dry-run') ? 'would be sealed' : 'sealed'}`,
  ];
  if (unchanged > 0) parts.push(`${unchanged} without anything new`);
  if (refused > 0) parts.push(stdout.style('red', `${refused} refused`));
  await stdout.line(parts.join('; '));
}

function codeOf(outcomes: readonly ImportOutcome[]): number {
  const failed = outcomes.filter(({ error, summary }) => error !== null || (summary?.refused ?? 0) > 0);
  if (failed.length === 0) return EXIT.ok;
  return outcomes.every(({ error }) => error?.code === 'FILE_UNREADABLE') ? EXIT.unusable : EXIT.refused;
}
