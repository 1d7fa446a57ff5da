import {
  type Checkpoint,
  type Cosignature,
  parseCheckpoint,
  parseNote,
  parseVkey,
  readCosignatures,
} from '../../checkpoint/mod.ts';
import { equalBytes, fromUtf8, toHex } from '../../crypto/bytes.ts';
import { TallystickError, WitnessError } from '../../errors.ts';
import { makeConsistency, rootFromTiles, type TileReader } from '../../merkle/mod.ts';
import { formatAddCheckpoint, hashOf, parseSizeAnswer } from '../protocol.ts';
import type { WitnessAlarm, WitnessConfig } from './kept.ts';

/** What a witness is shown of a log. */
export interface ShownLog {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The signed checkpoint. */
  readonly note: string;
  readonly readTile: TileReader;
  /** The key that seals it: what the operator of a witness is told. */
  readonly vkey: string;
  /** Whether a checkpoint, a signed note, is of this log and signed by the keys that seal it at that size. */
  isOwn(note: string): Promise<boolean>;
}

export interface AskSettings {
  /** Instead of the platform's `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** For each request, ms; 10 s when not given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type Asked =
  | {
      readonly result: 'cosigned';
      readonly cosignatures: readonly Cosignature[];
      /** What the witness said when it claimed to have seen less than it was known to have; null when it did not. */
      readonly less: { readonly size: number; readonly answer: string } | null;
    }
  /** The log contradicts what the witness has seen; `alarm` says how. */
  | { readonly result: 'alarm'; readonly alarm: Omit<WitnessAlarm, 'time'> };

const TIMEOUT_MS = 10_000;
/** An answer has one or a few signature lines; a checkpoint is a little longer. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** The size may change once while it is being asked for; not for ever. */
const MAX_TRIES = 4;

/**
 * Has a witness cosign a log's checkpoint (C2SP tlog-witness), with the proof from what it knows. Throws `WitnessError`:
 * WITNESS_UNAVAILABLE when it can't be reached or does not answer in time, WITNESS_REFUSED when it refuses, and
 * WITNESS_WRONG when what it answers is no good cosignature; and what reading tiles throws.
 *
 * @param known size that the witness has cosigned, 0 when that is not known. One that says it knows less has lost what it had seen,
 *   or an older copy of it was put back: it is asked all the same, from what it says.
 */
export async function askWitness(
  config: WitnessConfig,
  log: ShownLog,
  known: number,
  settings: AskSettings = {},
): Promise<Asked> {
  const body = parseNote(log.note).text;
  const { name, url } = config;
  let old = Math.min(known, log.size);
  let less: { readonly size: number; readonly answer: string } | null = null;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const proof = old === 0 || old === log.size ? [] : await makeConsistency(old, log.size, log.readTile);
    const request = formatAddCheckpoint({ old, proof, note: log.note });
    const { status, text } = await send(name, `${url}/add-checkpoint`, settings, request);
    if (status === 200) {
      return { result: 'cosigned', cosignatures: await cosignaturesIn(config, body, text), less };
    }
    const size = status === 409 ? parseSizeAnswer(text) : null;
    const answer = `${status}\n${text}`;
    if (size !== null && size > log.size) return seen(config, log, 'rolled-back', size, answer, settings);
    // Earlier versions of the protocol answered another root with a conflict.
    const isOther = status === 422 || (size === old && size === log.size && size > 0);
    if (isOther && old > 0) return seen(config, log, 'split-view', old, answer, settings);
    if (size === null || size === old) throw refused(name, status, text, log);
    if (size < known) less ??= { size, answer };
    old = size;
  }
  throw new WitnessError('WITNESS_WRONG', `the witness ${name} named another size each time it was asked`);
}

async function cosignaturesIn(
  { name, vkeys }: WitnessConfig,
  body: string,
  text: string,
): Promise<readonly Cosignature[]> {
  try {
    return await readCosignatures(body, text, vkeys.map(parseVkey));
  } catch (cause) {
    if (!(cause instanceof TallystickError)) throw cause;
    throw new WitnessError('WITNESS_WRONG', `the witness ${name}: ${cause.message}`, { cause });
  }
}

/** Gets the checkpoint that the witness holds: it shows whether the log, or the witness, has told two stories. */
async function seen(
  config: WitnessConfig,
  log: ShownLog,
  kind: WitnessAlarm['kind'],
  size: number,
  answer: string,
  settings: AskSettings,
): Promise<Asked> {
  const { name } = config;
  const copy = await heldBy(config, log.origin, settings);
  const held = copy === null ? null : await ownCheckpoint(copy, log);
  const alarm = { name, kind, size: held?.size ?? size, answer, seen: copy, own: log.note };
  if (held === null) return { result: 'alarm', alarm: { ...alarm, proven: false } };
  if (held.size > log.size)
    return { result: 'alarm', alarm: { ...alarm, kind: 'rolled-back', proven: true } };
  const own = held.size === log.size ? log.root : await rootFromTiles(held.size, log.readTile);
  if (!equalBytes(own, held.root)) {
    return { result: 'alarm', alarm: { ...alarm, kind: 'split-view', proven: true } };
  }
  throw new WitnessError(
    'WITNESS_WRONG',
    `the witness ${name} refuses what continues the tree of ${held.size} records, root ${toHex(held.root)}, that it shows itself`,
  );
}

/** The newest checkpoint a witness holds of a log, as it gives it; null when it gives none. */
async function heldBy(
  { name, url }: WitnessConfig,
  origin: string,
  settings: AskSettings,
): Promise<string | null> {
  try {
    const { status, text } = await send(name, `${url}/${hashOf(origin)}/checkpoint`, settings);
    return status === 200 ? text : null;
  } catch (error) {
    if (error instanceof WitnessError) return null;
    throw error;
  }
}

/**
 * The newest checkpoint of a log that a witness holds, for whoever verifies that log.
 *
 * @param url the witness's address, or that of the checkpoint itself, which ends in `/checkpoint`. Throws `WitnessError`
 *   WITNESS_UNAVAILABLE, WITNESS_REFUSED.
 */
export async function fetchHeld(
  url: string,
  origin: string | null,
  settings: AskSettings = {},
): Promise<string> {
  const base = url.replace(/\/+$/, '');
  const at = base.endsWith('/checkpoint') ? base : `${base}/${hashOf(origin ?? '')}/checkpoint`;
  const { status, text } = await send(base, at, settings);
  if (status === 200) return text;
  throw refused(base, status, text);
}

/** null for what is no checkpoint that the log has signed. */
async function ownCheckpoint(note: string, log: ShownLog): Promise<Checkpoint | null> {
  try {
    const checkpoint = parseCheckpoint(parseNote(note).text);
    return checkpoint.origin === log.origin && (await log.isOwn(note)) ? checkpoint : null;
  } catch (error) {
    if (error instanceof TallystickError && error.code === 'NOTE_INVALID') return null;
    throw error;
  }
}

async function send(
  name: string,
  url: string,
  { fetch = globalThis.fetch, timeoutMs = TIMEOUT_MS, signal }: AskSettings,
  body?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const signals = [AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])];
  try {
    const answer = await fetch(url, {
      ...(body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'text/plain' } }),
      redirect: 'error',
      signal: AbortSignal.any(signals),
    });
    return { status: answer.status, text: await readText(answer) };
  } catch (cause) {
    const { message, cause: below } = cause as Error & { cause?: { message?: string } };
    const why = below?.message ?? message;
    throw new WitnessError('WITNESS_UNAVAILABLE', `the witness ${name} cannot be asked at ${url}: ${why}`, {
      cause,
    });
  }
}

async function readText(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const reader = answer.body?.getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    parts.push(part.value);
    bytes += part.value.length;
    if (bytes <= MAX_ANSWER_BYTES) continue;
    await reader?.cancel();
    throw new TypeError(`its answer has more than ${MAX_ANSWER_BYTES} bytes`);
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return fromUtf8(all);
}

/** With what its operator has to do, where that is known. */
function refused(name: string, status: number, text: string, log?: ShownLog): WitnessError {
  const said = JSON.stringify(text.slice(0, 200));
  const lacks = { 403: 'does not believe the key that seals this log now', 404: 'does not know this log' }[
    status
  ];
  const todo =
    lacks === undefined || log === undefined
      ? ''
      : `; it ${lacks}, until its operator does: tallystick witness add-log '${log.vkey}'`;
  return new WitnessError('WITNESS_REFUSED', `the witness ${name} answered ${status}, ${said}${todo}`, {
    context: { status },
  });
}
