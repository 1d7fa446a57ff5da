import type { Pin } from '../checkpoint/mod.ts';
import { equalBytes, toHex } from '../crypto/bytes.ts';
import { emptyRoot } from '../merkle/mod.ts';
import type { FindingInput, Findings } from './findings.ts';
import { composeNote } from './note.ts';
import type { KeyPolicy } from './policy.ts';
import type { Trust } from './report.ts';
import type { SourceHead } from './source.ts';
import { counted } from './words.ts';

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
  /** vkeys that had to sign and whose signature this platform cannot check. */
  readonly unchecked: readonly string[];
}

/**
 * Composes the head's checkpoint and checks who signed it, whose log it is, and that it is not behind the pin.
 * Null when it is not even a checkpoint; it has been reported.
 *
 * @param witnesses who may have cosigned it and is no stranger, `name+id`.
 * @param pinName what the pin is called in messages.
 * @param unfollowed takes what is to be said of a head by a key that is not known, where records that may tell of it can't be
 *   had.
 */
export async function fixHead(
  { origin, size, root, signatures }: SourceHead,
  policy: KeyPolicy,
  pin: Pin | undefined,
  findings: Findings,
  witnesses: ReadonlySet<string>,
  pinName: string,
  unfollowed: FindingInput[],
): Promise<FixedHead | null> {
  const note = composeNote(origin, size, root, signatures);
  if (note === null || (size === 0 && !equalBytes(root, emptyRoot()))) {
    const message = 'the head is not one that a log could have: origin, size or root are malformed';
    findings.add({ code: 'bad-checkpoint', from: 0, to: 0, size: 0, notes: [], message });
    return null;
  }
  const signed = await whoSigned(size, note, policy, findings, witnesses, unfollowed);
  const head: FixedHead = { origin, size, root, note, isSigned: signed.keys.length > 0, ...signed };
  if (pin !== undefined && policy.pinTrouble !== null) {
    const place = { from: 0, to: pin.size, size: pin.size, notes: [pin.checkpoint, note] };
    findings.add({ code: 'unknown-key', ...place, message: policy.pinTrouble });
  }
  const isPinned = pin === undefined || isSameLog(head, pin, findings);
  if (pin !== undefined && isPinned && pin.size > size) {
    reportBehind(head, { size: pin.size, root: pin.root, note: pin.checkpoint, where: pinName }, findings);
  }
  return head;
}

/** Who signed the head; nobody when it is not to be believed, which is reported. */
async function whoSigned(
  size: number,
  note: string,
  policy: KeyPolicy,
  findings: Findings,
  witnesses: ReadonlySet<string>,
  unfollowed: FindingInput[],
): Promise<Pick<FixedHead, 'trust' | 'keys' | 'unchecked'>> {
  const opening = await policy.open(note, size);
  const place = { from: 0, to: size, size, notes: [note] };
  if (opening.result !== 'good') {
    const message = `the head at ${counted(size, 'record')}: ${opening.message}`;
    const finding = { code: opening.result, ...place, message };
    if (opening.result === 'unknown-key' && !policy.isFollowed) unfollowed.push(finding);
    else findings.add(finding);
    return { trust: 'none', keys: [], unchecked: [] };
  }
  const { trust, keys, unchecked } = opening;
  const strangers = opening.strangers.filter((stranger) => !witnesses.has(stranger));
  if (strangers.length > 0) {
    const message = `the head also bears ${alsoSigned(strangers)}`;
    findings.add({ code: 'foreign-signature', ...place, message });
  }
  return { trust, keys, unchecked };
}

/** Accuses nobody: anybody may sign a checkpoint, and witnesses do. */
export function alsoSigned(strangers: readonly string[]): string {
  const they = strangers.length === 1 ? 'the signature of' : 'signatures of';
  return `${they} ${strangers.join(', ')}: a witness or another key that is not one of those to go by here; nothing rests on it`;
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

/** A signed checkpoint held outside the log that the head does not continue. */
interface Outside {
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
  readonly note: string;
  /** What it is, or what holds it. */
  readonly where: string;
}

/** Reports a head that is behind what was sealed before: rolled back when it is itself signed, else truncated. */
export function reportBehind(head: FixedHead, newer: Outside, findings: Findings): void {
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

/** Reports a signed checkpoint of which the log has another tree: a split view when the head is itself signed, else altered. */
export function reportContradicted(
  head: FixedHead,
  { size, root, note, where }: Outside,
  actual: Uint8Array,
  findings: Findings,
): void {
  const roots = { from: 0, to: size, expected: root, actual: toHex(actual) };
  if (head.isSigned) {
    const message = `${where} shows another log of ${size} records, signed by this log's own key, than the one that is here now`;
    findings.add({ code: 'split-view', ...roots, size, notes: [note, head.note], message });
  } else {
    const message = `${where} shows another log of ${size} records, signed by this log's own key, than the one that is here now, whose head is not`;
    findings.add({ code: 'altered', ...roots, message });
  }
}
