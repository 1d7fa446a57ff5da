import { TallystickError, UsageError } from '../errors.ts';
import { version } from '../places.ts';
import { Call, type Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT, exitCode, exitCodeOfSignal } from './exit.ts';
import { commandHelp, groupHelp, overview } from './help.ts';
import type { Io } from './io.ts';
import { nearest } from './nearest.ts';
import { processIo } from './process-io.ts';
import { safeText } from './safe-text.ts';

/**
 * The program: runs one command and resolves with its exit code (see `exit.ts`). Never rejects.
 *
 * @param argv what follows the program's name.
 */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  const json = argv.includes('--json');
  try {
    return await run(argv, io);
  } catch (error) {
    if (io.signal.aborted && error === io.signal.reason) return exitCodeOfSignal(error);
    return fail(error, io, json);
  }
}

async function run(argv: readonly string[], io: Io): Promise<number> {
  const [first, second] = argv;
  if (first === undefined || first === '--help' || first === '-h') {
    await io.stdout.write(overview(COMMANDS));
    return EXIT.ok;
  }
  if (first === '--version' || first === '-V') {
    await io.stdout.line(`tallystick ${version()}`);
    return EXIT.ok;
  }
  if (first === 'help') return help(argv.slice(1), io);
  const command = find([first, second ?? '']) ?? find([first]);
  if (command === null && (second === '--help' || second === '-h')) return help([first], io);
  if (command === null) throw unknownCommand(first, second);
  const call = Call.parse(command, argv.slice(command.name.split(' ').length), io);
  if (!call.isSet('help')) return command.run(call);
  await io.stdout.write(commandHelp(command));
  return EXIT.ok;
}

async function help(words: readonly string[], io: Io): Promise<number> {
  const named = words.filter((word) => !word.startsWith('-'));
  const [first, second] = named;
  if (first === undefined) await io.stdout.write(overview(COMMANDS));
  else await io.stdout.write(helpOf(first, second));
  return EXIT.ok;
}

/** Throws `UsageError` USAGE. */
function helpOf(first: string, second: string | undefined): string {
  const command = find(second === undefined ? [first] : [first, second]);
  if (command !== null) return commandHelp(command);
  const inside = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (second !== undefined || inside.length === 0) throw unknownCommand(first, second);
  return groupHelp(first, inside);
}

function find(words: readonly string[]): Command | null {
  return COMMANDS.find(({ name }) => name === words.join(' ')) ?? null;
}

function unknownCommand(first: string, second: string | undefined): UsageError {
  const names = COMMANDS.map(({ name }) => name);
  const inside = names.filter((name) => name.startsWith(`${first} `));
  if (inside.length > 0)
    return new UsageError('USAGE', `${first} is not complete; there is: ${inside.join(', ')}`);
  const meant = nearest(first, [...names, 'help']) ?? nearest(`${first} ${second ?? ''}`.trim(), names);
  const hint = meant === null ? 'see: tallystick help' : `did you mean ${meant}?`;
  const what = first.startsWith('-')
    ? `${first} does not come before a command`
    : `there is no command ${first}`;
  return new UsageError('USAGE', `${what}; ${hint}`);
}

/** Says what went wrong, in one line; for programs as a document, too. */
async function fail(error: unknown, io: Io, json: boolean): Promise<number> {
  if (!(error instanceof TallystickError)) {
    const { stack = String(error) } = error as { stack?: string };
    await io.stderr.line(
      `tallystick: a defect, please report it: ${stack.split('\n').map(safeText).join('\n')}`,
    );
    return EXIT.unusable;
  }
  if (json) await io.stdout.json({ error: { code: error.code, message: error.message } });
  await io.stderr.line(`${io.stderr.style('red', 'tallystick:')} ${safeText(error.message)}`);
  return exitCode(error.code);
}
