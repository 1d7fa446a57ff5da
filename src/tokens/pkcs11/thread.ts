import { parentPort, workerData } from 'node:worker_threads';
import { TokenError } from '../../errors.ts';
import type { Cryptoki } from './cryptoki.ts';
import { Library } from './library.ts';
import type { Answer, Call, ThreadData } from './protocol.ts';
import { Session } from './session.ts';

/** The thread of one PKCS#11 library: its calls block here, and nowhere else. */

const port = parentPort as NonNullable<typeof parentPort>;
const { library: path } = workerData as ThreadData;
const sessions = new Map<number, Session>();
let library: Library | null = null;

async function loadLibrary(): Promise<Library> {
  let module: { readonly PKCS11: new () => Cryptoki };
  try {
    const loaded = await import('pkcs11js');
    module = loaded.default as unknown as typeof module;
  } catch (cause) {
    throw new TokenError(
      'TOKEN_UNAVAILABLE',
      'PKCS#11 needs the package pkcs11js, which is not installed or was not compiled; install a C++ compiler (on Debian: apt-get install python3 make g++), then run: npm install pkcs11js',
      { cause },
    );
  }
  const made = new Library(new module.PKCS11(), path);
  try {
    made.initialize();
  } catch (cause) {
    throw new TokenError(
      'TOKEN_UNAVAILABLE',
      `the PKCS#11 library ${path} cannot be used: ${(cause as Error).message}`,
      { cause },
    );
  }
  return made;
}

async function answer(call: Call): Promise<unknown> {
  if (call.name === 'close') {
    sessions.get(call.session)?.close();
    sessions.delete(call.session);
    return;
  }
  library ??= await loadLibrary();
  let session = sessions.get(call.session);
  if (session === undefined) {
    session = new Session(library, call);
    sessions.set(call.session, session);
  }
  const act = session[call.name] as (...args: readonly unknown[]) => unknown;
  return act.apply(session, [...call.args]);
}

// One after another: loading waits, and what came meanwhile must not overtake.
let last: Promise<void> = Promise.resolve();
port.on('message', (call: Call | null) => {
  last = last.then(async () => {
    if (call === null) {
      library?.close();
      port.close();
      return;
    }
    try {
      port.postMessage({ id: call.id, value: await answer(call) } satisfies Answer);
    } catch (error) {
      // A defect, not a token's trouble: let it end the thread, and be told.
      if (!(error instanceof TokenError)) throw error;
      const { code, message, context } = error;
      port.postMessage({ id: call.id, error: { code, message, context } } satisfies Answer);
    }
  });
});
