import { type MessagePort, parentPort } from 'node:worker_threads';
import { TallystickError } from '../../errors.ts';
import type { Answer, Call } from './link.ts';

interface Service<T> {
  /** Answers the first call, which is named `open`. All others are methods of what this returns. */
  readonly open: (arg: never) => T;
  /** Which buffers of an answer are given away instead of copied. */
  readonly transfer?: (value: unknown) => ArrayBuffer[];
  /** Runs when the answer to a call is on its way. */
  readonly afterwards?: (opened: T) => void;
}

/** Answers calls in the order they come, one at a time, until `close` has been answered. */
export function serve<T extends object>({ open, transfer, afterwards }: Service<T>): void {
  const port = parentPort as MessagePort;
  let opened: T | null = null;
  const answer = (name: string, arg: unknown): unknown => {
    if (name === 'open') {
      opened = open(arg as never);
      return undefined;
    }
    const method = (opened as Record<string, (arg: unknown) => unknown> | null)?.[name];
    if (method === undefined) throw new TypeError(`no call is named ${name}, or open has failed`);
    return method.call(opened, arg);
  };
  port.on('message', ({ id, name, arg }: Call) => {
    try {
      const value = answer(name, arg);
      port.postMessage({ id, value } satisfies Answer, transfer?.(value) ?? []);
    } catch (error) {
      // A defect ends the thread: what it knows may be wrong. The other end is told by its exit.
      if (!(error instanceof TallystickError)) throw error;
      const { code, message, context } = error;
      port.postMessage({ id, error: { code, message, context } } satisfies Answer);
    }
    if (name === 'close') port.close();
    else if (opened !== null) afterwards?.(opened);
  });
}
