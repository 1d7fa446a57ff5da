import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { after, type TestContext } from 'node:test';
import { type Io, Output } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as NDJSON. */
  readonly lines: readonly Json[];
  /** Standard output as one JSON document. */
  readonly json: Json;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of any shape, and fail where it is another.
export type Json = any;

export interface RunOptions {
  readonly stdin?: string | Uint8Array | Readable;
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal;
  /** Called with each piece of standard output. */
  readonly onOut?: (text: string) => void;
  readonly terminal?: boolean;
  readonly program?: string;
}

/** A folder of its own for each test, and the program run in it as a user would, without a process. */
export class Sandbox {
  readonly dir: string;
  /** The data directory that is used when none is named. */
  readonly data: string;

  /** @param t whose end is that of the folder. */
  constructor(t: { after(remove: () => void): void }) {
    this.dir = mkdtempSync(join(tmpdir(), 'tallystick-'));
    this.data = this.at('tallystick-data');
    t.after(() => rmSync(this.dir, { recursive: true, force: true }));
  }

  at(...parts: string[]): string {
    return join(this.dir, ...parts);
  }

  get env(): Record<string, string> {
    return { TALLYSTICK_STATE: this.at('state') };
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const stop = new AbortController();
    options.signal?.addEventListener('abort', () => stop.abort(options.signal?.reason));
    const stdout = collector(options.onOut, options.terminal);
    const stderr = collector(undefined, options.terminal);
    const env = { ...this.env, ...options.env };
    const io: Io = {
      stdin:
        options.stdin instanceof Readable ? options.stdin : Readable.from([Buffer.from(options.stdin ?? '')]),
      stdout: new Output(stdout.stream, env, () => stop.abort('SIGPIPE')),
      stderr: new Output(stderr.stream, env, () => {}),
      env,
      cwd: this.dir,
      program: options.program ?? 'tallystick',
      signal: stop.signal,
      now: Date.now,
    };
    const code = await main(argv, io);
    const [out, err] = [stdout.text(), stderr.text()];
    return {
      ...{ code, out, err },
      get json(): Json {
        return JSON.parse(out);
      },
      get lines(): Json[] {
        return out
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line));
      },
    };
  }

  /** Runs what must succeed. */
  async ok(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const ran = await this.run(argv, options);
    assert.equal(ran.code, 0, `${argv.join(' ')}: ${ran.out}${ran.err}`);
    return ran;
  }

  /** Runs what must fail, and gives the code of its error. */
  async refused(argv: readonly string[], exitCode: number, options: RunOptions = {}): Promise<string> {
    const ran = await this.run([...argv, '--json'], options);
    assert.equal(ran.code, exitCode, `${argv.join(' ')}: ${ran.out}${ran.err}`);
    assert.match(ran.err, /^tallystick: [^\n]+\n$/, 'one line that says what is wrong');
    return ran.lines.at(-1).error.code;
  }

  /** Seals `count` records. */
  async fill(count: number, more: Record<string, unknown> = {}): Promise<void> {
    await this.ok(['append'], { stdin: ndjson(count, more) });
  }
}

/** Sandboxes that begin alike: `make` is run once for a test file, and what is there then is copied for each test. */
export function prepared(make: (box: Sandbox) => Promise<unknown>): (t: TestContext) => Promise<Sandbox> {
  const first = new Sandbox({ after: (remove) => after(remove) });
  let made: Promise<unknown> | undefined;
  return async (t) => {
    made ??= make(first);
    await made;
    const box = new Sandbox(t);
    cpSync(first.dir, box.dir, { recursive: true });
    return box;
  };
}

/** Runs a server while something is done. */
export async function served(box: Sandbox, act: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const serving = box.run(['serve', '--port', '0', '--json', '--log-level', 'silent'], {
    signal: stop.signal,
    onOut: () => resolve(),
  });
  await Promise.race([ready, serving]);
  try {
    await act();
  } finally {
    stop.abort('SIGTERM');
    await serving;
  }
}

export function ndjson(count: number, more: Record<string, unknown> = {}): string {
  let text = '';
  for (let n = 0; n < count; n++) text += `${JSON.stringify(draft(n, more))}\n`;
  return text;
}

export function draft(n: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  const time = Date.UTC(2026, 9, 5) + 1000 * n;
  return {
    system: 'test',
    event: `EVENT_${n % 3}`,
    outcome: 'success',
    time,
    actor: { name: `user${n}` },
    ...more,
  };
}

function collector(
  onText: ((text: string) => void) | undefined,
  terminal = false,
): { stream: PassThrough & { isTTY?: boolean }; text(): string } {
  let text = '';
  const stream: PassThrough & { isTTY?: boolean } = new PassThrough();
  if (terminal) stream.isTTY = true;
  stream.setEncoding('utf8');
  stream.on('data', (part: string) => {
    text += part;
    onText?.(part);
  });
  return { stream, text: () => text };
}

/** Nothing in it that a terminal would act upon, line feeds aside. */
export function assertSafe(text: string): void {
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
}
