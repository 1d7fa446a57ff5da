import { userInfo } from 'node:os';
import { type Act, type Answer, administer, type Given } from '../keys/administration.ts';
import type { Call } from './command.ts';
import { openHere, requireLog } from './open-data.ts';
import { findServer } from './server-here.ts';

/** What administers tokens and keys: the server that runs on the data directory, or the log opened here. */
export interface Administering {
  /** Whether a server does it: then what is opened stays open. */
  readonly isServer: boolean;
  do<A extends Act>(act: A, given: Given<A>): Promise<Answer<A>>;
  close(): Promise<void>;
}

/**
 * @param needsLog refuses to begin a log, with `UsageError` LOG_NOT_FOUND.
 * @param asks whether somebody is asked for the PIN of any token that is needed.
 */
export async function openToAdminister(call: Call, needsLog = true, asks = true): Promise<Administering> {
  const server = await findServer(call.data);
  if (server !== null) {
    return {
      isServer: true,
      do: async (act, given) => (await server.client.administer(act, given, cliUser())) as never,
      close: async () => server.close(),
    };
  }
  if (needsLog) requireLog(call);
  const log = await openHere(call, false, asks);
  const admin = log.administration({ name: cliUser() });
  return { isServer: false, do: (act, given) => administer(admin, act, given), close: () => log.close() };
}

/** Does one act and closes again. */
export async function once<A extends Act>(call: Call, act: A, given: Given<A>): Promise<Answer<A>> {
  const admin = await openToAdminister(call);
  try {
    return await admin.do(act, given);
  } finally {
    await admin.close();
  }
}

/** Who the records say it was: `CLI user`, and the name the operating system knows. */
export function cliUser(): string {
  try {
    return `CLI user ${userInfo().username}`;
  } catch {
    // An account without a name.
    return 'CLI user';
  }
}
