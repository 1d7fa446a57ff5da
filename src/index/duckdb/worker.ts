import { type MessagePort, parentPort } from 'node:worker_threads';
import { TallystickError } from '../../errors.ts';
import { removeFiles } from './database.ts';
import { unavailable } from './errors.ts';
import type { Answer, Call } from './link.ts';
import type { OpenOptions } from './protocol.ts';
import { Session } from './session.ts';

/** The worker: answers calls in the order they come, one at a time, until `close` has been answered. */

const port = parentPort as MessagePort;
let options: OpenOptions;
/** Undefined after one was lost, until the next call opens another. */
let session: Session | undefined;
let last: Promise<void> = Promise.resolve();

port.on('message', (call: Call) => {
  last = last.then(() => answer(call));
});

async function answer({ id, name, arg }: Call): Promise<void> {
  try {
    const value = await perform(name, arg);
    port.postMessage({ id, value } satisfies Answer, buffersOf(value));
  } catch (error) {
    const { code, message, context } = understood(error);
    port.postMessage({ id, error: { code, message, context } } satisfies Answer);
  }
  if (name === 'close') port.close();
}

async function perform(name: string, arg: unknown): Promise<unknown> {
  switch (name) {
    case 'open':
      options = arg as OpenOptions;
      session = await Session.open(options);
      return session.opened;
    case 'close':
      return session?.close();
    case 'reset':
      return reset();
    default:
      return ask(name, arg);
  }
}

async function ask(name: string, arg: unknown): Promise<unknown> {
  session ??= await Session.open(options);
  try {
    return await (session as unknown as Record<string, (arg: unknown) => unknown>)[name]!(arg);
  } catch (error) {
    if (session.isLost) await abandon(session);
    throw error;
  }
}

async function reset(): Promise<void> {
  if (session !== undefined) await abandon(session);
  await removeFiles(options.path);
  session = await Session.open(options);
}

async function abandon(lost: Session): Promise<void> {
  session = undefined;
  // What was in memory goes with it, and comes again from the log; an error now would hide the one that matters.
  await lost.close().catch(() => {});
}

function understood(error: unknown): TallystickError {
  if (error instanceof TallystickError) return error;
  // A defect ends the thread: what it knows may be wrong. The other end is told by its exit.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
    throw error;
  return unavailable(options.path, error);
}

/** The memory of the columns in an answer, to be given away instead of copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.values(value).flatMap((part) =>
    part instanceof Uint32Array ? [part.buffer as ArrayBuffer] : buffersOf(part),
  );
}
