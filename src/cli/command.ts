import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../errors.ts';
import type { Io } from './io.ts';
import { nearest } from './nearest.ts';

/** An option as help shows it and the parser takes it. */
export interface Option {
  /** Without the hyphens. */
  readonly name: string;
  readonly short?: string;
  /** Name of its value in help; an option without one is a switch. */
  readonly value?: string;
  /** It may be given several times: see `Call.texts`. */
  readonly many?: true;
  readonly summary: string;
}

/** A row of the command table. */
export interface Command {
  /** One or two words. */
  readonly name: string;
  /** What follows the name in a usage line, options aside. */
  readonly operands: string;
  readonly summary: string;
  readonly options: readonly Option[];
  /** What a reader of its help should know besides. */
  readonly notes: readonly string[];
  readonly examples: readonly string[];
  /** Does it. Resolves with the exit code; what it throws is reported by its caller. */
  run(call: Call): Promise<number>;
}

/** Options of every command. */
export const COMMON: readonly Option[] = [
  { name: 'json', summary: 'machine-readable output on standard output' },
  { name: 'help', short: 'h', summary: 'show this help' },
];

type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** A command as it was called. */
export class Call {
  readonly command: Command;
  readonly io: Io;
  readonly operands: readonly string[];
  readonly #values: Values;

  private constructor(command: Command, io: Io, values: Values, operands: readonly string[]) {
    this.command = command;
    this.io = io;
    this.#values = values;
    this.operands = operands;
  }

  /** Reads what follows the command's name. Throws `UsageError` USAGE. */
  static parse(command: Command, args: readonly string[], io: Io): Call {
    const options = [...command.options, ...COMMON];
    const { values, positionals, tokens } = parseArgs({
      args: [...args],
      options: Object.fromEntries(options.map((option) => [option.name, parserOption(option)])),
      allowPositionals: true,
      tokens: true,
      // What it would refuse is refused below, in words that help.
      strict: false,
    });
    const names = new Set<string>();
    for (const token of tokens) {
      if (token.kind !== 'option') continue;
      checkOption(token, command, options);
      const isMany = options.some(({ name, many }) => name === token.name && many === true);
      if (names.has(token.name) && !isMany) throw usage(`--${token.name} is given twice`, command);
      names.add(token.name);
    }
    return new Call(command, io, values as Values, positionals);
  }

  get json(): boolean {
    return this.isSet('json');
  }

  isSet(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** All values of an option that may be given several times. */
  texts(name: string): readonly string[] {
    const values = this.#values[name];
    return Array.isArray(values) ? values : [];
  }

  /** A whole number within bounds. Throws `UsageError` USAGE. */
  number(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : this.toNumber(`--${name}`, text, min, max);
  }

  /** @param what names the value in the message. */
  toNumber(what: string, text: string, min: number, max: number): number {
    const value = Number(text);
    if (/^(0|[1-9][0-9]*)$/.test(text) && value >= min && value <= max) return value;
    const bounds = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
    throw this.usage(`${what} is ${JSON.stringify(text)}; it must be a whole number, ${bounds}`);
  }

  /** A path as the user means it: from where the command was called. */
  path(path: string): string {
    return resolve(this.io.cwd, path);
  }

  get data(): string {
    return this.path(this.text('data') ?? this.io.env.TALLYSTICK_DATA ?? 'tallystick-data');
  }

  /** Throws `UsageError` USAGE unless there are `min` to `max` operands. */
  expect(min: number, max: number): void {
    const count = this.operands.length;
    if (count >= min && count <= max) return;
    const { name, operands } = this.command;
    throw this.usage(
      count < min
        ? `it needs ${operands}`
        : `${JSON.stringify(this.operands[max])} is one word too many; the command is: tallystick ${`${name} ${operands}`.trim()}`,
    );
  }

  usage(problem: string): UsageError {
    return usage(problem, this.command);
  }
}

function parserOption({ value, short, many }: Option): {
  type: 'string' | 'boolean';
  multiple: boolean;
  short?: string;
} {
  const type = value === undefined ? 'boolean' : 'string';
  return { type, multiple: many === true, ...(short === undefined ? {} : { short }) };
}

function usage(problem: string, { name }: Command): UsageError {
  return new UsageError('USAGE', `${name}: ${problem}; see: tallystick ${name} --help`);
}

interface OptionToken {
  readonly name: string;
  /** As it was written. */
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function checkOption(token: OptionToken, command: Command, options: readonly Option[]): void {
  const { rawName, value } = token;
  const option = options.find(({ name }) => name === token.name);
  if (option === undefined) {
    const meant = nearest(
      token.name,
      options.map(({ name }) => name),
    );
    const hint = meant === null ? 'words that begin with a hyphen go behind --' : `did you mean --${meant}?`;
    throw usage(`there is no option ${rawName}; ${hint}`, command);
  }
  if (option.value === undefined) {
    if (value !== undefined) throw usage(`${rawName} takes no value`, command);
  } else if (
    value === undefined ||
    value === '' ||
    (value !== '-' && value.startsWith('-') && token.inlineValue !== true)
  ) {
    throw usage(`${rawName} needs its value, ${option.value}`, command);
  }
}
