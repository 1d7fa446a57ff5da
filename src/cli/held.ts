import { existsSync } from 'node:fs';
import type { Pin } from '../checkpoint/mod.ts';
import { LogError, TallystickError, UsageError } from '../errors.ts';
import type { Condition } from '../health/health.ts';
import { headDirectory, stateDirectory } from '../places.ts';
import { databasePath } from '../store/sqlite/database.ts';
import { SqliteStore } from '../store/sqlite/mod.ts';
import { Reader } from '../store/sqlite/reader.ts';
import type { LogStore } from '../store/store.ts';
import {
  type CosignedCheckpoints,
  type Finding,
  type FindingCode,
  findingWords,
  followPin,
} from '../verify/mod.ts';
import { alarmText, provenAlarms, witnessPrefix } from '../witness/client/mod.ts';
import type { Call } from './command.ts';
import { NOTHING } from './fixed-source.ts';
import { counted, utc } from './format.ts';
import { openToRead, openToSearch, type Reading, requireLog, type Searching } from './open-data.ts';
import { type PinFile, RememberedPins } from './pins.ts';
import { safeText } from './safe-text.ts';
import { heldInState, pinnedPolicy } from './verify-witnessed.ts';

const SAYS_MORE = '"tallystick verify" says more';

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
    await warnOfAlarms(call, reading.store, node);
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
      await holdAll(call, store, undefined);
      await warnOfAlarms(call, store, undefined);
    } finally {
      await store.close();
    }
  } else if (existsSync(databasePath(call.data))) await warnBeside(call);
  return openToSearch(call);
}

/** For a few rows of the store beside what answers no thread is started. Where it can't be read, whoever needs it says so. */
async function warnBeside(call: Call): Promise<void> {
  let reader: Reader | null = null;
  try {
    reader = new Reader(call.data);
    await warnOfAlarms(call, reader, undefined);
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
  } finally {
    reader?.close();
  }
}

/**
 * Says, in a line, that a witness has contradicted a log with proof, as the log's own state keeps it: whoever has no pin would
 * not hear of it. What is shown stays as it is: what to make of an alarm is for people to decide.
 */
async function warnOfAlarms(
  { io: { stderr } }: Call,
  store: Pick<LogStore | Reader, 'nodes' | 'state'>,
  only: string | undefined,
): Promise<void> {
  try {
    for (const node of only === undefined ? await store.nodes() : [only]) {
      const [alarm] = provenAlarms(await store.state(witnessPrefix(node)), node);
      if (alarm === undefined) continue;
      const warning = stderr.style('yellow', 'warning:');
      await stderr.line(`${warning} ${safeText(alarmText(alarm))}. "tallystick status" says more`);
    }
  } catch (error) {
    // State that can't be read is no reason to show nothing; `status` says so.
    if (!(error instanceof TallystickError)) throw error;
  }
}

/**
 * As `openHeld`, and each log held against the head that its writer remembers here, too: what leaves the log for others
 * must not be an older copy, or another, whether somebody has verified it before or not.
 */
export async function openToPublish(call: Call, node?: string): Promise<Reading> {
  const reading = await openHeld(call, node);
  try {
    if (!call.isSet('no-pin')) {
      for (const each of node === undefined ? reading.reader.nodes : [node]) {
        const memory = await writersMemory(call, reading.store, each);
        if (memory !== null) await hold(call, reading.store, each, memory);
      }
    }
    return reading;
  } catch (error) {
    await reading.close();
    throw error;
  }
}

/**
 * Holds logs against the pins that are remembered of the data directory, and advances these: so that what is shown
 * continues what was seen before. A pin is begun by `verify` and by `pin create` alone. Throws `LogError`
 * PIN_CONTRADICTED for a log that does not continue its pin, `UsageError` PIN_INVALID and FILE_UNREADABLE.
 */
export async function holdToPins(call: Call, { store }: Reading, node?: string): Promise<void> {
  if (pinsOf(call).length === 0) return;
  await holdAll(call, store, node);
}

/** Whether a log continues what is remembered of it here: by alarms in its own state, a pin, its writer. Changes no pin. */
export async function continuesWhatIsRemembered(
  call: Call,
  store: LogStore,
  node: string,
): Promise<Condition> {
  const [alarm] = provenAlarms(await store.state(witnessPrefix(node)), node);
  if (alarm !== undefined) return { state: 'failed', detail: `${alarmText(alarm)}. ${SAYS_MORE}` };
  const kept: string[] = [];
  const lacking: string[] = [];
  try {
    for (const memory of [pinnedMemory(call, node), await writersMemory(call, store, node)]) {
      if (memory === null) continue;
      const { contradiction } = await compare(call, store, node, memory);
      if (contradiction === null) kept.push(whatIsRemembered(memory));
      else if (contradiction.code === 'no-quorum') lacking.push(contradiction.why);
      else return { state: 'failed', detail: `${contradiction.why}. ${wayOut(memory)}` };
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { state: 'failed', detail: error.message };
  }
  if (lacking.length > 0) return { state: 'warning', detail: `${lacking.join('; ')}. ${SAYS_MORE}` };
  if (kept.length > 0) return { state: 'ok', detail: `it continues ${kept.join(' and ')}` };
  return { state: 'unknown', detail: 'nothing is remembered of it here; "tallystick verify" begins a pin' };
}

async function holdAll(call: Call, store: LogStore, only: string | undefined): Promise<void> {
  for (const node of rememberedPins(call).nodes()) {
    if (only !== undefined && node !== only) continue;
    const memory = pinnedMemory(call, node);
    if (memory === null) continue;
    const pin = await hold(call, store, node, memory);
    if (pin === memory.pin) continue;
    try {
      memory.file?.advance(pin);
    } catch {
      // The pin that stands is only less sharp: no reason to withhold what is asked for. `verify` says so.
    }
  }
}

/** What it is called in messages. */
export const WRITERS_HEAD = 'the head that its writer remembers here';

/** A log as it was once, and where that is remembered. */
export interface Memory {
  readonly pin: Pin;
  readonly path: string;
  /** null for the head of a writer, which it alone moves on. */
  readonly file: PinFile | null;
}

function rememberedPins(call: Call): RememberedPins {
  return new RememberedPins(stateDirectory(call.io.env), call.data);
}

function pinnedMemory(call: Call, node: string): Memory | null {
  const file = rememberedPins(call).of(node);
  const pin = file.read();
  return pin === null ? null : { pin, path: file.path, file };
}

async function writersMemory(call: Call, store: LogStore, node: string): Promise<Memory | null> {
  const head = await store.head(node);
  return head === null ? null : writersHead(call, head.origin);
}

/** What the writer of a log remembers here of its head: never more than was sealed by then. Throws `UsageError`. */
export function writersHead(call: Call, origin: string): Memory | null {
  const heads = headDirectory(stateDirectory(call.io.env));
  const pin = heads.recall(origin);
  return pin === null ? null : { pin, path: heads.file(origin), file: null };
}

function whatIsRemembered({ pin: { size, savedAt }, file }: Memory): string {
  const who = file === null ? 'by the writer ' : '';
  return `the ${counted(size, 'record')} remembered ${who}on ${utc(savedAt)}`;
}

/** Whoever opens the log for writing goes by the writer's memory. */
function wayOut({ file, path }: Memory): string {
  return file === null ? putBack(path) : SAYS_MORE;
}

/** @param path of what a writer remembers. */
export function putBack(path: string): string {
  return `Put the store that ${path} tells of back; a restored backup can only go on as a new log: "tallystick continue" (docs/recovery.md)`;
}

/** Why a log is not what is remembered of it. */
interface Contradiction {
  readonly code: FindingCode;
  readonly why: string;
  readonly findings: readonly Finding[];
}

/** The pin of the log as it goes on, or why it does not. */
async function compare(
  call: Call,
  store: LogStore,
  node: string,
  memory: Memory,
): Promise<{ readonly pin: Pin; readonly contradiction: null } | { readonly contradiction: Contradiction }> {
  // Before the head is read: a checkpoint over more than the head is then no race.
  const cosigned = await heldInState(store, node, pinnedPolicy(memory.pin));
  const source = (await store.nodes()).includes(node) ? store.source(node) : NOTHING;
  const name = memory.file === null ? WRITERS_HEAD : undefined;
  const { pin, findings } = await followPin(source, memory.pin, call.io.now(), cosigned, name);
  if (pin !== null) return { pin, contradiction: null };
  const failures = findings.filter((finding) => finding.class === 'fail');
  // That it is another log explains why other keys have signed it.
  const first = failures.find((finding) => finding.code === 'other-log') ?? failures[0];
  const code = first?.code ?? 'unknown-key';
  const words = first === undefined ? 'no known key has signed it' : findingWords(first);
  const before = isAbout(first, cosigned) ? 'what a witness has seen of it' : whatIsRemembered(memory);
  const what =
    code === 'no-quorum'
      ? `the pin ${memory.path} demands witnesses that have not vouched for it`
      : `it does not continue ${before}`;
  return { contradiction: { code, why: `${what} (${code}: ${words})`, findings } };
}

/** Whether a finding is about one of the checkpoints that were given besides a pin. */
function isAbout(finding: Finding | undefined, given: CosignedCheckpoints | undefined): boolean {
  return (
    finding !== undefined && 'notes' in finding && finding.notes.some((note) => given?.notes.includes(note))
  );
}

/** The pin of the log as it goes on. Throws `LogError` PIN_CONTRADICTED when it does not. */
async function hold(call: Call, store: LogStore, node: string, memory: Memory): Promise<Pin> {
  const compared = await compare(call, store, node, memory);
  if (compared.contradiction === null) return compared.pin;
  const { code, why, findings } = compared.contradiction;
  const anew =
    code === 'other-log' ? ` If it was begun anew on purpose, move ${memory.path} away and keep it.` : '';
  throw new LogError(
    'PIN_CONTRADICTED',
    `nothing is shown of the log of ${node}: ${why}. ${wayOut(memory)}.${anew} --no-pin reads it all the same`,
    { context: { node, findings } },
  );
}

function pinsOf(call: Call): readonly string[] {
  return call.isSet('no-pin') ? [] : rememberedPins(call).nodes();
}
