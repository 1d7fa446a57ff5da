import { checkpointBody, Keyring, openCheckpoint, type Pin, parseVkey } from '../checkpoint/mod.ts';
import { equalBytes, toHex } from '../crypto/bytes.ts';
import { TallystickError, UsageError } from '../errors.ts';
import { bundleEntries, emptyRoot } from '../merkle/mod.ts';
import { type AuditRecord, decodeEntry } from '../record/mod.ts';
import type { Findings } from './findings.ts';
import type { Trust } from './report.ts';
import type { LogSource, SourceHead } from './source.ts';

/** The keys to believe, and why. */
export interface Keys {
  /** null when none is known. */
  readonly keyring: Keyring | null;
  readonly trust: Trust;
}

/** The head as it was when the verification began. */
export interface FixedHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** The checkpoint as a signed note. */
  readonly note: string;
  /** A believed key has signed it. */
  readonly isSigned: boolean;
  readonly trust: Trust;
  /** vkeys whose signature is good. */
  readonly keys: readonly string[];
}

/**
 * Keys of the pin and of the caller; without either, the key that record 0 names. Throws `ProofError` KEY_INVALID for
 * a bad vkey of the caller, `UsageError` PIN_INVALID for a pin whose own checkpoint its keys did not sign.
 */
export async function chooseKeys(
  source: LogSource,
  pin: Pin | undefined,
  given: readonly string[] | undefined,
): Promise<Keys> {
  if (pin !== undefined) {
    try {
      await openCheckpoint(pin.checkpoint, pin.keys);
    } catch (cause) {
      throw new UsageError(
        'PIN_INVALID',
        'the pin is not signed by its own keys; save it again from a log you trust',
        { cause },
      );
    }
    return { keyring: new Keyring([...pin.keys, ...(given ?? [])]), trust: 'pinned-key' };
  }
  if (given !== undefined && given.length > 0) return { keyring: new Keyring(given), trust: 'given-key' };
  const own = await ownKey(source);
  return own === null ? { keyring: null, trust: 'none' } : { keyring: new Keyring([own]), trust: 'log-key' };
}

/** The vkey that the log's first record names, null when it names none. */
async function ownKey(source: LogSource): Promise<string | null> {
  for await (const { entries } of source.bundles(0, 1)) {
    try {
      const [entry] = entries === null ? [] : bundleEntries(entries);
      const key = entry === undefined ? null : keyNamedBy(decodeEntry(entry));
      // Throws for a text that is no key, and for a key that could verify nothing.
      if (key !== null) await parseVkey(key).verify(new Uint8Array(0), new Uint8Array(64));
      return key;
    } catch (error) {
      // A first record that does not read names no key; what is wrong with it is found where records are checked.
      if (error instanceof TallystickError) return null;
      throw error;
    }
  }
  return null;
}

function keyNamedBy(genesis: AuditRecord): string | null {
  const details = genesis.details as { readonly key?: unknown } | undefined;
  return genesis.system === 'tallystick' && typeof details?.key === 'string' ? details.key : null;
}

/**
 * Composes the head's checkpoint and checks who signed it, whose log it is, and that it is not behind the pin.
 * Null when it is not even a checkpoint; it has been reported.
 */
export async function fixHead(
  { origin, size, root, signatures }: SourceHead,
  keys: Keys,
  pin: Pin | undefined,
  findings: Findings,
): Promise<FixedHead | null> {
  const note = composeNote(origin, size, root, signatures);
  if (note === null || (size === 0 && !equalBytes(root, emptyRoot()))) {
    const message = 'the head is not one that a log could have: origin, size or root are malformed';
    findings.add({ code: 'bad-checkpoint', from: 0, to: 0, size: 0, notes: [], message });
    return null;
  }
  const signers = await signersOf({ origin, size, note }, keys.keyring, findings);
  const head: FixedHead = {
    origin,
    size,
    root,
    note,
    isSigned: signers.length > 0,
    trust: trustIn(signers, keys, pin),
    keys: signers,
  };
  const isPinned = pin === undefined || isSameLog(head, pin, findings);
  if (pin !== undefined && isPinned && pin.size > size) {
    reportBehind(head, { size: pin.size, root: pin.root, note: pin.checkpoint, where: 'the pin' }, findings);
  }
  return head;
}

function trustIn(signers: readonly string[], keys: Keys, pin: Pin | undefined): Trust {
  if (signers.length === 0) return 'none';
  if (keys.trust !== 'pinned-key') return keys.trust;
  return signers.some((key) => pin?.keys.includes(key)) ? 'pinned-key' : 'given-key';
}

/** A stored checkpoint as a signed note, null when it can't be one. */
export function composeNote(
  origin: string,
  size: number,
  root: Uint8Array,
  signatures: string,
): string | null {
  try {
    return `${checkpointBody(origin, size, root)}\n${signatures}`;
  } catch (error) {
    if (error instanceof TallystickError) return null;
    throw error;
  }
}

/** What opening a checkpoint came to. */
export type Opening =
  | { readonly result: 'good'; readonly keys: readonly string[]; readonly strangers: readonly string[] }
  | { readonly result: 'bad-checkpoint' | 'bad-signature' | 'unknown-key'; readonly message: string };

/** Opens a checkpoint's note; trouble with it is a result. `origin`: a key called otherwise does not speak for the log. */
export async function openNote(note: string, origin: string, keyring: Keyring | null): Promise<Opening> {
  try {
    const { verifiedBy, unknown } = await openCheckpoint(note, keyring ?? []);
    const strangers = unknown.map(({ name, keyId }) => `${name}+${keyId}`);
    if (!verifiedBy.some((key) => key.name === origin)) {
      const names = verifiedBy.map((key) => key.name).join(', ');
      return {
        result: 'unknown-key',
        message: `signed by ${names}, whose name is not that of the log, ${origin}`,
      };
    }
    return { result: 'good', keys: verifiedBy.map((key) => key.vkey), strangers };
  } catch (error) {
    if (!(error instanceof TallystickError) || error.code === 'KEY_INVALID') throw error;
    if (error.code === 'NOTE_INVALID') return { result: 'bad-checkpoint', message: error.message };
    const reason = error.context.reason === 'bad-signature' ? 'bad-signature' : 'unknown-key';
    return { result: reason, message: error.message };
  }
}

/** vkeys whose signature of the head is good; none when it is not to be believed, which is reported. */
async function signersOf(
  { origin, size, note }: Pick<FixedHead, 'origin' | 'size' | 'note'>,
  keyring: Keyring | null,
  findings: Findings,
): Promise<readonly string[]> {
  const opening = await openNote(note, origin, keyring);
  const place = { from: 0, to: size, size, notes: [note] };
  if (opening.result !== 'good') {
    const message = `the head at ${size} records: ${opening.message}`;
    findings.add({ code: opening.result, ...place, message });
    return [];
  }
  if (opening.strangers.length > 0) {
    const message = `the head is also signed by ${opening.strangers.join(', ')}, of whom no key is known`;
    findings.add({ code: 'foreign-signature', ...place, message });
  }
  return opening.keys;
}

function isSameLog({ origin, size, note }: FixedHead, pin: Pin, findings: Findings): boolean {
  if (origin === pin.origin) return true;
  const message = `the log calls itself ${origin}; the pin is of ${pin.origin}`;
  const names = { expected: pin.origin, actual: origin };
  findings.add({
    code: 'other-log',
    from: 0,
    to: size,
    size,
    ...names,
    notes: [pin.checkpoint, note],
    message,
  });
  return false;
}

/** A signed checkpoint that is newer than the head. */
interface Newer {
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
  readonly note: string;
  /** What holds it: `the pin`. */
  readonly where: string;
}

/** Reports a head that is behind what was sealed before: rolled back when it is itself signed, else truncated. */
export function reportBehind(head: FixedHead, newer: Newer, findings: Findings): void {
  const found = head.isSigned ? 'a signed head' : 'a head that is not signed';
  findings.add({
    code: head.isSigned ? 'rolled-back' : 'truncated',
    from: head.size,
    to: newer.size,
    size: newer.size,
    expected: `${newer.size} records, root ${newer.root}`,
    actual: `${head.size} records, root ${toHex(head.root)}`,
    notes: [newer.note, head.note],
    message: `${newer.where} shows that ${newer.size} records were sealed; the log now has ${found} at ${head.size}`,
  });
}
