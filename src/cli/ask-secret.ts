import type { ReadStream } from 'node:tty';
import type { Io } from './io.ts';

const MAX_CHARACTERS = 1_024;
const ENTER = '\r\n';
/** With Ctrl-C and Ctrl-D: there is no answer. */
const ENDS = `${ENTER}\x03\x04`;
const BACKSPACE = '\x08\x7f';

/** Asks on the terminal without showing what is typed. `undefined` when there is no terminal, or no answer. */
export async function askSecret({ stdin, stderr }: Io, question: string): Promise<string | undefined> {
  const terminal = stdin as ReadStream;
  if (terminal.isTTY !== true) return undefined;
  await stderr.write(`${question}: `);
  terminal.setRawMode(true);
  try {
    return await typed(terminal);
  } finally {
    terminal.setRawMode(false);
    terminal.pause();
    await stderr.line();
  }
}

/** The first line of what is piped in, for programs that have a secret to give. */
export async function pipedSecret({ stdin }: Io): Promise<string | undefined> {
  let text = '';
  for await (const chunk of stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.includes('\n') || text.length > MAX_CHARACTERS) break;
  }
  const [line = ''] = text.split(/\r?\n/, 1);
  return line === '' || line.length > MAX_CHARACTERS ? undefined : line;
}

function typed(terminal: ReadStream): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const done = (answer: string): void => {
      terminal.off('data', onData).off('end', onEnd);
      resolve(answer === '' ? undefined : answer);
    };
    const onEnd = (): void => done('');
    const onData = (chunk: Buffer | string): void => {
      for (const character of String(chunk)) {
        if (ENDS.includes(character)) {
          done(ENTER.includes(character) ? text : '');
          return;
        }
        text = BACKSPACE.includes(character)
          ? text.slice(0, -1)
          : `${text}${character}`.slice(0, MAX_CHARACTERS);
      }
    };
    terminal.on('data', onData).on('end', onEnd).resume();
  });
}
