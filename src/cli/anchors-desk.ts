import type { AuditLog } from '../audit-log.ts';
import type { ControlClient } from '../client/mod.ts';
import type { WitnessedLog } from '../witness/client/mod.ts';
import type { Call } from './command.ts';
import { openHere, openToRead, type Reading, requireLog } from './open-data.ts';
import { findServer, findServerOf } from './server-here.ts';

/** Works on what others vouch for of a log, at the server that runs on it or, where none does, with the log opened here. */
export async function atDesk<D>(
  call: Call,
  ofServer: (client: ControlClient) => D,
  ofLog: (log: AuditLog) => D & { close(): Promise<void> },
  work: (desk: D) => Promise<number>,
): Promise<number> {
  const server = await findServer(call.data);
  if (server !== null) {
    try {
      return await work(ofServer(server.client));
    } finally {
      server.close();
    }
  }
  requireLog(call);
  const log = await openHere(call, false);
  const desk = ofLog(log);
  try {
    return await work(desk);
  } finally {
    await desk.close();
    await log.close();
  }
}

/** As the server says, which knows what fails, or as the store has it, whoever writes the log. */
export async function listed<T>(
  call: Call,
  byServer: (client: ControlClient) => Promise<T>,
  fromStore: (log: WitnessedLog) => Promise<T>,
): Promise<T> {
  const server = await findServerOf(call);
  if (server !== null) {
    try {
      return await byServer(server.client);
    } finally {
      server.close();
    }
  }
  const reading = await openToRead(call);
  try {
    return await fromStore(await standingLog(reading, call.text('node')));
  } finally {
    await reading.close();
  }
}

/** A log as it stands in a store, for what only looks at it: whatever would need the log open is a defect. */
export async function standingLog({ store, reader }: Reading, named?: string): Promise<WitnessedLog> {
  const head = await reader.head(named);
  const node = named ?? (reader.nodes[0] as string);
  const never = (): Promise<never> => Promise.reject(new TypeError('a log that is only looked at was used'));
  return {
    ...{ node, head, vkey: '', appendOwn: never, isOwn: never, readTile: never },
    state: (prefix) => store.state(prefix),
    ownEvent: async (seq) => {
      const { record } = await reader.get(seq, node);
      return record?.system === 'tallystick' ? record.event : null;
    },
  };
}
