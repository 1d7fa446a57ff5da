import { sha256 } from '#sha256';
import type { StateWrite } from '../../anchors/anchored-log.ts';
import {
  formatNote,
  MAX_SIGNATURES,
  parseCheckpoint,
  parseNote,
  signatureLine,
} from '../../checkpoint/mod.ts';
import { toHex, utf8 } from '../../crypto/bytes.ts';
import { TallystickError } from '../../errors.ts';

/** What a log's state keeps of its witnesses: JSON by key, below `witness/<node>/`. */

/** A witness that a log is shown to. */
export interface WitnessConfig {
  /** Its name in notes, the same in all its keys. */
  readonly name: string;
  /** Submission prefix, without a slash at the end. */
  readonly url: string;
  /** vkeys of type 0x04 or 0x06; at least one. */
  readonly vkeys: readonly string[];
}

/** As it is set. */
export interface KeptConfig extends WitnessConfig {
  /** Since when, by the log's clock, ms since 1970. */
  readonly addedAt: number;
}

/** What a witness has cosigned. */
export interface KeptCosignature {
  /** Name of the witness. */
  readonly name: string;
  readonly size: number;
  /** What the witness says, in seconds since 1970. */
  readonly time: number;
  /** When it came, by the log's clock, ms since 1970. */
  readonly receivedAt: number;
  /** The checkpoint with the log's own signatures. */
  readonly note: string;
  /** Its good signature lines, verified when they came. */
  readonly lines: string;
}

/** That the log contradicts what a witness has seen of it, or the witness itself, with what shows it. */
export interface WitnessAlarm {
  readonly name: string;
  /**
   * `rolled-back`: the witness has seen a larger tree than the log has now. `split-view`: it has seen another one.
   * `put-back`: it says that it has seen less than it has cosigned; the log is not accused.
   */
  readonly kind: 'rolled-back' | 'split-view' | 'put-back';
  /** True when `seen` is signed by the log and contradicts it; else the witness says so and has shown nothing. */
  readonly proven: boolean;
  /** Records of the tree that the witness has seen, or says that it has. */
  readonly size: number;
  /** ms since 1970. */
  readonly time: number;
  /** The answer, as it came: status and text. */
  readonly answer: string;
  /** The checkpoint that the witness holds, as it gave it; null when it gave none. `put-back`: the one that it had cosigned. */
  readonly seen: string | null;
  /** The checkpoint that the witness was shown. */
  readonly own: string;
}

/** One a day and witness is kept besides the newest; of the last so many days. */
export const MAX_DAYS = 400;
const DAY_MS = 86_400_000;

export function witnessPrefix(node: string): string {
  return `witness/${node}/`;
}

export function configWrite(node: string, name: string, config: KeptConfig | null): StateWrite {
  const value = config === null ? null : JSON.stringify(config);
  return { key: `${witnessPrefix(node)}config/${idOf(name)}`, value };
}

/**
 * The writes that keep a cosignature: as the newest, as the first of its day, and without those of days long past. The
 * witness's newest until now stays as long as it is over what is another one's newest: a quorum may have been reached
 * there, and while one of them is away none will be reached beyond it.
 */
export function cosignatureWrites(
  node: string,
  kept: KeptCosignature,
  state: ReadonlyMap<string, string>,
): readonly StateWrite[] {
  const id = idOf(kept.name);
  const value = JSON.stringify(kept);
  const newestKey = `${witnessPrefix(node)}newest/${id}`;
  const writes: StateWrite[] = [{ key: newestKey, value }, ...sharedWrites(node, newestKey, kept, state)];
  const days = `${witnessPrefix(node)}day/${id}/`;
  const today = days + dayOf(kept.receivedAt);
  if (state.has(today)) return writes;
  writes.push({ key: today, value });
  const last = days + dayOf(kept.receivedAt - MAX_DAYS * DAY_MS);
  for (const key of state.keys()) {
    if (key.startsWith(days) && key <= last) writes.push({ key, value: null });
  }
  return writes;
}

/** What was kept of a witness besides its newest, and of all others, is dropped where it is over nobody's newest any more. */
function sharedWrites(
  node: string,
  newestKey: string,
  kept: KeptCosignature,
  state: ReadonlyMap<string, string>,
): StateWrite[] {
  const { configs, newest } = readWitnessState(state, node);
  const shared = `${witnessPrefix(node)}shared/`;
  const isSet = new Set(configs.map(({ name }) => name));
  const others = newest.filter(({ name }) => name !== kept.name && isSet.has(name));
  const wanted = new Set([kept, ...others].map(({ size }) => size));
  const before = state.get(newestKey);
  const [last] = before === undefined ? [] : valuesBelow<KeptCosignature>(new Map([[newestKey, before]]), '');
  const writes: StateWrite[] = [...state.keys()].flatMap((key) => {
    const isDropped = key.startsWith(shared) && !wanted.has(Number(key.slice(key.lastIndexOf('/') + 1)));
    return isDropped ? [{ key, value: null }] : [];
  });
  if (before !== undefined && last !== undefined && last.size !== kept.size && wanted.has(last.size)) {
    writes.push({ key: `${shared}${idOf(kept.name)}/${last.size}`, value: before });
  }
  return writes;
}

export function alarmWrite(node: string, alarm: WitnessAlarm): StateWrite {
  const key = `${witnessPrefix(node)}alarm/${idOf(alarm.name)}/${alarm.kind}`;
  return { key, value: JSON.stringify(alarm) };
}

/**
 * The writes with which a witness's alarms are over, but for proven ones: those are the log's, whoever raised them. The bytes
 * stay, apart, where no alarm is read.
 */
export function alarmsOverWrites(
  node: string,
  name: string,
  state: ReadonlyMap<string, string>,
): readonly StateWrite[] {
  const of = `${idOf(name)}/`;
  const below = `${witnessPrefix(node)}alarm/${of}`;
  return [...state].flatMap(([key, value]) => {
    if (!key.startsWith(below) || provenAlarms(new Map([[key, value]]), node).length > 0) return [];
    const past = `${witnessPrefix(node)}${PAST}${of}${key.slice(below.length)}`;
    return [
      { key, value: null },
      { key: past, value },
    ];
  });
}

export interface WitnessState {
  /** By name. */
  readonly configs: readonly KeptConfig[];
  readonly newest: readonly KeptCosignature[];
  /** Those that are proven, and what witnesses that are set say. */
  readonly alarms: readonly WitnessAlarm[];
}

/** Alarms that are over, below the prefix of a node. */
const PAST = 'past-alarm/';

/** @param state of a node: what `witnessPrefix` finds. */
export function readWitnessState(state: ReadonlyMap<string, string>, node: string): WitnessState {
  const configs = valuesBelow<KeptConfig>(state, `${witnessPrefix(node)}config/`);
  const isSet = new Set(configs.map(({ name }) => name));
  const alarms = valuesBelow<WitnessAlarm>(state, `${witnessPrefix(node)}alarm/`).filter(isAlarm);
  return {
    configs: configs.sort((a, b) => (a.name < b.name ? -1 : 1)),
    newest: valuesBelow(state, `${witnessPrefix(node)}newest/`),
    alarms: alarms.filter(({ name, proven }) => proven || isSet.has(name)),
  };
}

/** What somebody has changed in the store is none. */
function isAlarm({ name, kind, proven, size, time, answer, seen, own }: WitnessAlarm): boolean {
  return (
    [name, answer].every((each) => typeof each === 'string') &&
    ['rolled-back', 'split-view', 'put-back'].includes(kind) &&
    [size, time].every((each) => Number.isSafeInteger(each)) &&
    [true, false].includes(proven) &&
    // A witness that has proven nothing may have shown anything.
    (isCheckpoint(seen) || (!proven && (seen === null || kind !== 'put-back'))) &&
    isCheckpoint(own)
  );
}

/**
 * The checkpoints that witnesses have shown as contradicting the log, also those whose alarm is over: anchors, as what they have
 * cosigned is, for as long as the state is kept. What of them is signed by whom, whoever holds them against the log says. What does not read is left out.
 *
 * @param state of a node: what `witnessPrefix` finds.
 */
export function shownByAlarms(state: ReadonlyMap<string, string>, node: string): readonly string[] {
  const seen = ['alarm/', PAST].flatMap((part) =>
    valuesBelow<WitnessAlarm>(state, `${witnessPrefix(node)}${part}`).map((alarm) => alarm.seen),
  );
  return [...new Set(seen.filter(isCheckpoint))];
}

/** The alarms of which the log's own signature is the proof. */
export function provenAlarms(state: ReadonlyMap<string, string>, node: string): readonly WitnessAlarm[] {
  return readWitnessState(state, node).alarms.filter(({ proven }) => proven);
}

/** The alarms that accuse the log on a witness's word alone: to be told, and no reason to call the log anything. */
export function unprovenAlarms(state: ReadonlyMap<string, string>, node: string): readonly WitnessAlarm[] {
  return readWitnessState(state, node).alarms.filter(({ proven, kind }) => !proven && kind !== 'put-back');
}

export function isCheckpoint(note: unknown): note is string {
  try {
    if (typeof note === 'string') parseCheckpoint(parseNote(note).text);
    return typeof note === 'string';
  } catch (error) {
    if (error instanceof TallystickError) return false;
    throw error;
  }
}

/** A checkpoint of a log with the cosignatures that witnesses gave it. */
export interface Cosigned {
  readonly origin: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
  /** Signed note: the log's signatures, then the cosignatures. */
  readonly note: string;
  /** `time` in seconds since 1970, as the witness says. */
  readonly witnesses: readonly { readonly name: string; readonly time: number }[];
}

/**
 * The cosigned checkpoints that a log's state keeps, largest first: the newest of each witness, with what the others have
 * cosigned of these, and for the last 400 days the first of each day. Cosignatures of one checkpoint are together in one note. They were good when they came;
 * whoever relies on them checks them again. What does not read is as if it were not there.
 *
 * @param state of a node: what `witnessPrefix` finds.
 */
export function readCosigned(state: ReadonlyMap<string, string>, node: string): readonly Cosigned[] {
  const kept = ['newest/', 'shared/', 'day/'].flatMap((part) =>
    valuesBelow<KeptCosignature>(state, `${witnessPrefix(node)}${part}`),
  );
  const byText = new Map<string, KeptCosignature[]>();
  for (const each of kept) {
    const text = textOf(each);
    if (text !== null) byText.set(text, [...(byText.get(text) ?? []), each]);
  }
  return [...byText].map(([text, all]) => together(text, all)).sort((a, b) => b.size - a.size);
}

/** null for what is no cosigned checkpoint: somebody has changed it in the store. */
function textOf({ name, note, lines, time }: KeptCosignature): string | null {
  try {
    const { text } = parseNote(formatNote(parseNote(note).text, lines));
    parseCheckpoint(text);
    return typeof name === 'string' && Number.isSafeInteger(time) ? text : null;
  } catch (error) {
    if (error instanceof TallystickError || error instanceof TypeError) return null;
    throw error;
  }
}

function together(text: string, kept: readonly KeptCosignature[]): Cosigned {
  const newest = kept.toSorted((a, b) => b.time - a.time);
  const witnesses = new Map<string, KeptCosignature>();
  for (const each of newest) if (!witnesses.has(each.name)) witnesses.set(each.name, each);
  const own = kept.flatMap(({ note }) => parseNote(note).signatures);
  const ownLines = own.map(({ name, keyId, signature }) => signatureLine(name, keyId, signature));
  const all = [...witnesses.values()].flatMap(({ lines }) => lines.split(/(?<=\n)/));
  const lines = all.slice(0, MAX_SIGNATURES - new Set(ownLines).size);
  const { origin, size, root } = parseCheckpoint(text);
  return {
    ...{
      origin,
      size,
      root: toHex(root),
      note: `${text}\n${[...new Set(ownLines)].join('')}${lines.join('')}`,
    },
    witnesses: [...witnesses.values()].map(({ name, time }) => ({ name, time })),
  };
}

function valuesBelow<T>(state: ReadonlyMap<string, string>, prefix: string): T[] {
  return [...state].flatMap(([key, value]) => {
    if (!key.startsWith(prefix)) return [];
    try {
      const parsed: unknown = JSON.parse(value);
      return parsed !== null && typeof parsed === 'object' ? [parsed as T] : [];
    } catch {
      // Somebody has changed it in the store: what it said is lost, and what it was for is done without it.
      return [];
    }
  });
}

/** Names hold what keys of state need not. */
function idOf(name: string): string {
  return toHex(sha256(utf8(name)).subarray(0, 16));
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
