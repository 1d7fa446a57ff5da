import type { Pin } from '../checkpoint/mod.ts';
import { LogError } from '../errors.ts';
import { stateDirectory } from '../open.ts';
import { SqliteStore } from '../store/sqlite/mod.ts';
import type { LogStore } from '../store/store.ts';
import { type CosignedCheckpoints, followPin, type LogSource } from '../verify/mod.ts';
import type { Call } from './command.ts';
import { NOTHING } from './fixed-source.ts';
import { counted, utc } from './format.ts';
import { openToRead, openToSearch, type Reading, requireLog, type Searching } from './open-data.ts';
import { type PinFile, RememberedPins } from './pins.ts';
import { keptQuorum, pinnedPolicy } from './verify-witnessed.ts';

/**
 * As `openToRead`, once each log has been held against what is remembered of it. Throws as `openToRead`, and as
 * `holdToPins`.
 *
 * @param node the log that is shown; all that there are when not given.
 */
export async function openHeld(call: Call, node?: string): Promise<Reading> {
  const reading = await openToRead(call);
  try {
    await holdToPins(call, reading, node);
    return reading;
  } catch (error) {
    await reading.close();
    throw error;
  }
}

/** As `openToSearch`, with the logs held as `openHeld` does. A server's are read from the disk that it writes. */
export async function openHeldToSearch(call: Call): Promise<Searching> {
  if (pinsOf(call).length > 0) {
    requireLog(call);
    const store = await SqliteStore.open({ dir: call.data, readOnly: true });
    try {
      await hold(call, store, undefined);
    } finally {
      await store.close();
    }
  }
  return openToSearch(call);
}

/**
 * Holds logs against the pins that are remembered of the data directory, and advances these: so that what is shown
 * continues what was seen before. A pin is begun by `verify` and by `pin create` alone. Throws `LogError`
 * PIN_CONTRADICTED for a log that does not continue its pin, `UsageError` PIN_INVALID and FILE_UNREADABLE.
 */
export async function holdToPins(call: Call, { store }: Reading, node?: string): Promise<void> {
  if (pinsOf(call).length === 0) return;
  await hold(call, store, node);
}

async function hold(call: Call, store: LogStore, only: string | undefined): Promise<void> {
  const remembered = new RememberedPins(stateDirectory(call.io.env), call.data);
  const nodes = await store.nodes();
  for (const node of remembered.nodes()) {
    if (only !== undefined && node !== only) continue;
    const file = remembered.of(node);
    const before = file.read();
    if (before === null) continue;
    const policy = pinnedPolicy(before);
    // Before the head is read: a checkpoint over more than the head is then no race.
    const cosigned = policy === null ? undefined : await keptQuorum(store, node, policy);
    const source = nodes.includes(node) ? store.source(node) : NOTHING;
    await holdOne(file, before, source, node, call.io.now(), cosigned);
  }
}

async function holdOne(
  file: PinFile,
  before: Pin,
  source: LogSource,
  node: string,
  now: number,
  cosigned: CosignedCheckpoints | undefined,
): Promise<void> {
  const { pin, findings } = await followPin(source, before, now, cosigned);
  if (pin === null) {
    const failures = findings.filter((finding) => finding.class === 'fail');
    // That it is another log explains why other keys have signed it.
    const first = failures.find((finding) => finding.code === 'other-log') ?? failures[0];
    const { code, message } = first ?? { code: 'unknown-key', message: 'no known key has signed it' };
    const anew = code === 'other-log' ? ` If it was begun anew on purpose, delete ${file.path}.` : '';
    const why =
      code === 'no-quorum'
        ? `the pin ${file.path} demands witnesses that have not vouched for it`
        : `it does not continue the ${counted(before.size, 'record')} remembered on ${utc(before.savedAt)}`;
    throw new LogError(
      'PIN_CONTRADICTED',
      `nothing is shown of the log of ${node}: ${why} (${code}: ${message}). "tallystick verify" says more.${anew} --no-pin reads it all the same`,
      { context: { node, findings } },
    );
  }
  if (pin === before) return;
  try {
    file.advance(pin);
  } catch {
    // The pin that stands is only less sharp: no reason to withhold what is asked for. `verify` says so.
  }
}

function pinsOf(call: Call): readonly string[] {
  if (call.isSet('no-pin')) return [];
  return new RememberedPins(stateDirectory(call.io.env), call.data).nodes();
}
