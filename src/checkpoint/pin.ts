import { fromHex, toHex } from '../crypto/bytes.ts';
import { TallystickError, UsageError } from '../errors.ts';
import { HASH } from '../merkle/mod.ts';
import { type Checkpoint, parseCheckpoint } from './body.ts';
import { openCheckpoint } from './checkpoint.ts';
import { NOT_CHECKABLE, parseVkey } from './keys.ts';
import { parseNote } from './note.ts';
import { parsePolicy } from './policy.ts';

/**
 * What a verifier remembers of a log, kept outside the log's own storage: the keys it trusts, which witnesses it
 * demands, and the newest checkpoint it has seen. A log that is cut, rolled back or rebuilt contradicts it.
 */
export interface Pin {
  readonly origin: string;
  /** vkeys; at least one. */
  readonly keys: readonly string[];
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
  /** The signed note that says so: evidence for others. */
  readonly checkpoint: string;
  /** When it was remembered, ms since 1970. */
  readonly savedAt: number;
  /** The witnesses that must have cosigned the log, as C2SP tlog-policy has it; none is demanded when not given. */
  readonly policy?: string;
}

const MEMBERS = ['v', 'origin', 'keys', 'size', 'root', 'checkpoint', 'savedAt'];
/** By version: 2 has a policy. A program that does not know it must not read the pin as if there were none. */
const VERSIONS: readonly (readonly string[])[] = [[], MEMBERS, [...MEMBERS, 'policy']];
const MAX_PIN_CHARACTERS = 1024 * 1024;

/** The pin as a JSON text with a final LF. */
export function formatPin(pin: Pin): string {
  const { origin, keys, size, root, checkpoint, savedAt, policy } = pin;
  const members = { origin, keys, size, root, checkpoint, savedAt };
  const versioned = policy === undefined ? { v: 1, ...members } : { v: 2, ...members, policy };
  return `${JSON.stringify(versioned, null, 2)}\n`;
}

/**
 * Reads a pin: exactly the members that `formatPin` writes, white space and escapes in texts aside, and a checkpoint that says what
 * origin, size and root say. Its signature is another question: `checkPinSigned`. Throws `UsageError` PIN_INVALID.
 */
export function parsePin(text: string): Pin {
  if (text.length > MAX_PIN_CHARACTERS) throw invalid(`it is larger than ${MAX_PIN_CHARACTERS} characters`);
  const pin = parseStrictly(text);
  const names = Object.keys(pin);
  if (!names.includes('v')) throw invalid('it has no v');
  const members = Number.isSafeInteger(pin.v) && pin.v !== 0 ? VERSIONS[pin.v as number] : undefined;
  if (members === undefined) throw invalid(`it is of version ${pin.v}; this program reads versions 1 and 2`);
  const missing = members.find((name) => !names.includes(name));
  if (missing !== undefined) throw invalid(`it has no ${missing}`);
  if (names.length > members.length) throw invalid('it has members that are not known');
  const { origin, keys, size, root, checkpoint, savedAt, policy } = pin as unknown as Pin;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isVkey))
    throw invalid('keys are not verifier keys');
  if (!Number.isSafeInteger(savedAt) || savedAt < 0) throw invalid('savedAt is not a time');
  if (typeof root !== 'string' || fromHex(root)?.length !== HASH)
    throw invalid('root is not 32 bytes in hex');
  const said = readCheckpoint(checkpoint);
  if (said.origin !== origin || said.size !== size || toHex(said.root) !== root) {
    throw invalid('its checkpoint says another origin, size or root');
  }
  checkPolicyText(policy);
  return { origin, keys, size, root, checkpoint, savedAt, ...(policy === undefined ? {} : { policy }) };
}

/**
 * That every key of a pin has signed its checkpoint, as far as this platform can tell. Throws `UsageError` PIN_INVALID for
 * one that was changed, and `ProofError` KEY_INVALID where the platform can check none of its keys.
 */
export async function checkPinSigned(pin: Pin): Promise<void> {
  let missing: string[];
  try {
    const { verifiedBy, unchecked } = await openCheckpoint(pin.checkpoint, pin.keys);
    const there = new Set([...verifiedBy, ...unchecked].map(({ vkey }) => vkey));
    missing = pin.keys.filter((key) => !there.has(key));
  } catch (cause) {
    // It may well be signed: what is missing is a platform that can tell.
    if (cause instanceof TallystickError && cause.context.reason === NOT_CHECKABLE) throw cause;
    throw notSigned(cause);
  }
  if (missing.length > 0) throw notSigned();
}

function notSigned(cause?: unknown): UsageError {
  const rule =
    'the pin is not signed by its own keys: it was changed; keep it, and save one again from a log you trust';
  return new UsageError('PIN_INVALID', rule, cause === undefined ? {} : { cause });
}

function checkPolicyText(policy: unknown): void {
  if (policy === undefined) return;
  if (typeof policy !== 'string') throw invalid('policy is not a text');
  try {
    parsePolicy(policy);
  } catch (cause) {
    if (!(cause instanceof TallystickError)) throw cause;
    throw invalid(`its policy does not hold: ${cause.message}`, cause);
  }
}

function parseStrictly(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
  // JSON.parse keeps the last of two equal names without a word: what was read must write the same tokens again.
  const tokens = text.replace(/("[^"\\]*(?:\\.[^"\\]*)*")|\s+/g, (_, string?: string) =>
    string === undefined ? '' : JSON.stringify(JSON.parse(string)),
  );
  if (value === null || typeof value !== 'object' || JSON.stringify(value) !== tokens) {
    throw invalid('it is not an object whose members each stand once, with numbers written plainly');
  }
  return value as Record<string, unknown>;
}

function isVkey(text: unknown): boolean {
  try {
    return typeof text === 'string' && parseVkey(text).vkey === text;
  } catch (error) {
    // Any other error is a defect, not a bad key.
    if (error instanceof TallystickError) return false;
    throw error;
  }
}

function readCheckpoint(note: unknown): Checkpoint {
  if (typeof note !== 'string') throw invalid('its checkpoint is not a text');
  try {
    return parseCheckpoint(parseNote(note).text);
  } catch (cause) {
    throw invalid('its checkpoint is not a signed checkpoint', cause);
  }
}

function invalid(rule: string, cause?: unknown): UsageError {
  const options = cause === undefined ? {} : { cause };
  return new UsageError('PIN_INVALID', `not a pin: ${rule}; save it again from a log you trust`, options);
}
