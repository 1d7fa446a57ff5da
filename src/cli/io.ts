import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';
import { safeJson } from './safe-text.ts';

/** Everything the command line knows of the world around it, so that tests can give it another one. */
export interface Io {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** What to type to start this program. */
  readonly program: string;
  /**
   * Aborts when the user wants to stop (Ctrl-C, SIGTERM) or nobody reads the output any more; the reason is the name
   * of the signal, `SIGPIPE` for the latter.
   */
  readonly signal: AbortSignal;
  /** ms since 1970. */
  readonly now: () => number;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** One of the two output streams. Text of unknown origin must have gone through `safeText` before it comes here. */
export class Output {
  readonly isTerminal: boolean;
  readonly #stream: Writable;
  readonly #colours: boolean;
  #closed = false;

  constructor(
    stream: Writable & { readonly isTTY?: boolean; readonly columns?: number },
    env: Io['env'],
    onClosed: () => void,
  ) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.#colours = this.isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // `| head` has seen enough: not an error, but no reason to go on either.
      if (error.code !== 'EPIPE') throw error;
      this.#closed = true;
      onClosed();
    });
  }

  /** Writes, and resolves when there is room for more: what is produced waits for who reads it. */
  async write(text: string): Promise<void> {
    if (this.#closed || this.#stream.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done).off('close', done).off('error', done);
        resolve();
      };
      this.#stream.on('drain', done).on('close', done).on('error', done);
    });
  }

  line(text = ''): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** A JSON document: indented on a terminal, on one line otherwise, so that many make NDJSON. */
  json(value: unknown): Promise<void> {
    return this.line(safeJson(value, this.isTerminal ? 2 : undefined));
  }

  /** One line of NDJSON. */
  record(value: unknown): Promise<void> {
    return this.line(safeJson(value));
  }

  style(style: Style | readonly Style[], text: string): string {
    return this.#colours ? styleText(style as Style, text, { validateStream: false }) : text;
  }
}
