import {
  type Cosignature,
  checkQuorum,
  type Pin,
  type Policy,
  parseCheckpoint,
  parseNote,
  parsePolicy,
  type QuorumAnswer,
  quorumGap,
} from '../checkpoint/mod.ts';
import { equalBytes, toHex } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { checkLogged, UNSIGNED } from './dated.ts';
import type { Findings } from './findings.ts';
import { type FixedHead, reportBehind, reportContradicted } from './head.ts';
import type { KeyPolicy } from './policy.ts';
import type { Witnessed } from './report.ts';
import type { LogSource } from './source.ts';
import { counted, isoTime } from './words.ts';

/** Checkpoints of the log that witnesses have cosigned, and which witnesses must have. */
export interface CosignedCheckpoints {
  /** Signed notes, of this log or another; each of this log is an anchor. */
  readonly notes: readonly string[];
  /** Without one nobody's cosignature is checked, and none is demanded. */
  readonly policy: Policy | null;
}

/** Named in a message, at most. */
const MAX_STRANGERS = 8;

/** What a pin demands where no cosigned checkpoints are given: a head that its witnesses have cosigned. */
export function demandedBy(pin: Pin | undefined): CosignedCheckpoints {
  return { notes: [], policy: pin?.policy === undefined ? null : parsePolicy(pin.policy) };
}

/** What is given, and the head where a witness of the policy has cosigned it: logs are published with their cosignatures. */
export function cosignedWith(
  run: { readonly cosigned: CosignedCheckpoints; readonly witnesses: ReadonlySet<string> },
  { note, isSigned }: FixedHead,
): CosignedCheckpoints {
  const { notes, policy } = run.cosigned;
  const lines = isSigned ? parseNote(note).signatures : [];
  const isCosigned = lines.some(({ name, keyId }) => run.witnesses.has(`${name}+${keyId}`));
  return { notes: isCosigned ? [note, ...notes] : notes, policy };
}

/** The verification that this is a part of. */
interface Verification {
  readonly source: LogSource;
  readonly policy: KeyPolicy;
  readonly findings: Findings;
  /** Root of the tree of `size` leaves under the head; null when it can't be made. */
  rootAt(size: number): Promise<Uint8Array | null>;
  readonly unknownRoot: { readonly why: string; readonly isNormal: boolean };
  skip(what: string, why: string): void;
}

/** A checkpoint of this log. */
interface Anchor {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
  /** What the policy's witnesses say of it; null without a policy. */
  readonly quorum: QuorumAnswer | null;
}

/** Both largest first. */
interface Anchors {
  /** Those that the log's key has signed. */
  readonly own: readonly Anchor[];
  /** Those that a witness of the policy has cosigned, and no key that this log names has signed. */
  readonly foreign: readonly Anchor[];
}

/**
 * Holds cosigned checkpoints against the log, which has been read: each that the log's key signed is an anchor, whoever
 * cosigned it. With a policy, the largest that a quorum has cosigned says how far witnesses vouch for the log; where there
 * is none, that is a failure; where it is of a size that the source can't have, the notice `not-compared`. They are compared whatever else is wrong with the log: damage must not silence a witness. Of
 * those that contradict it the largest is reported; after a failure nothing is said of times.
 *
 * A witness knows the log's keys by itself. What one of the policy has cosigned and no key signed that this log names must
 * not pass for nothing: a log that was put back to before it changed its key names only the old one.
 *
 * @returns null without a policy that demands witnesses.
 */
export async function checkCosigned(
  run: Verification,
  head: FixedHead,
  { notes, policy }: CosignedCheckpoints,
): Promise<Witnessed | null> {
  const { own: anchors, foreign } = await anchorsOf(run, head, notes, policy);
  let covered: Witnessed['covered'] = null;
  let uncompared = 0;
  let isContradicted = false;
  // Of those that are ahead the first, which is the largest, says it all.
  const ahead = anchors.find(({ size }) => size > head.size);
  if (ahead !== undefined) {
    const { size, root, note } = ahead;
    reportBehind(head, { size, root: toHex(root), note, where: placeOf(ahead) }, run.findings);
  }
  for (const anchor of anchors) {
    const { size, root, note, quorum } = anchor;
    if (size > head.size) continue;
    const actual = await run.rootAt(size);
    if (actual === null) uncompared++;
    else if (!equalBytes(actual, root)) {
      const outside = { size, root: toHex(root), note, where: placeOf(anchor) };
      if (!isContradicted) reportContradicted(head, outside, actual, run.findings);
      isContradicted = true;
    } else if (covered === null && quorum?.holds === true && quorum.by !== null) {
      const witnesses = quorum.witnesses.map(({ name, time }) => ({ name, time }));
      // A witness counts seconds: it may have been any moment of the one it states.
      const by = witnesses.map(({ name }) => name).join(', ');
      if (!run.findings.failed) await checkLogged(run, { size, notLaterThan: quorum.by * 1_000 + 999, by });
      covered = { size, root: toHex(root), by: quorum.by, witnesses, note };
    }
  }
  if (uncompared > 0) run.skip(counted(uncompared, 'cosigned checkpoint'), run.unknownRoot.why);
  for (const anchor of foreign) if (await isForeignAgainst(run, head, anchor)) break;
  if (policy === null || policy.quorum === null) return null;
  if (covered === null) reportNoQuorum(run, head, policy, anchors);
  return { covered, beyond: head.size - (covered?.size ?? 0) };
}

/** What is not of this log, or nobody known signed, is left out and said. */
async function anchorsOf(
  run: Verification,
  head: FixedHead,
  notes: readonly string[],
  policy: Policy | null,
): Promise<Anchors> {
  const own: Anchor[] = [];
  const foreign: Anchor[] = [];
  let others = 0;
  let unsigned = 0;
  for (const note of notes) {
    const { origin, size, root } = parseCheckpoint(parseNote(note).text);
    if (origin !== head.origin) others++;
    else if ((await run.policy.open(note, size)).result === 'good') {
      own.push({ size, root, note, quorum: policy && (await quorumOf(run, head, note, policy)) });
    } else {
      const quorum = policy && (await witnessesOf(note, policy));
      if (quorum === null) unsigned++;
      else foreign.push({ size, root, note, quorum });
    }
  }
  if (others > 0) run.skip(counted(others, 'cosigned checkpoint'), `of another log than ${head.origin}`);
  if (unsigned > 0) {
    run.skip(counted(unsigned, 'cosigned checkpoint'), UNSIGNED);
  }
  const largestFirst = (a: Anchor, b: Anchor): number => b.size - a.size;
  return { own: own.sort(largestFirst), foreign: foreign.sort(largestFirst) };
}

/** What witnesses of a policy say of a checkpoint whose log is not known; null when none has cosigned it. */
export async function witnessesOf(note: string, policy: Policy): Promise<QuorumAnswer | null> {
  try {
    const answer = await checkQuorum(note, policy);
    return answer.witnesses.length > 0 ? answer : null;
  } catch (error) {
    if (!(error instanceof TallystickError) || error.code !== 'NOTE_UNTRUSTED') throw error;
    return null;
  }
}

/** A key that is not named may be one that the log got later, or none of its: either way this is not all of it. One says it. */
async function isForeignAgainst(run: Verification, head: FixedHead, anchor: Anchor): Promise<boolean> {
  const { size, root, note } = anchor;
  const isAhead = size > head.size;
  const actual = isAhead ? head.root : await run.rootAt(size);
  if (actual === null || (!isAhead && equalBytes(actual, root))) {
    run.skip('1 cosigned checkpoint', 'no key signed it that seals this log there');
    return false;
  }
  const shown = isAhead
    ? `${size} records of this log, which has ${head.size} here`
    : `another log of ${size} records than the one that is here now`;
  run.findings.add({
    ...{ code: 'unknown-key', from: isAhead ? head.size : 0, to: size, size, notes: [note, head.note] },
    expected: `${size} records, root ${toHex(root)}`,
    actual: `${isAhead ? head.size : size} records, root ${toHex(actual)}`,
    message: `${placeOf(anchor)} shows ${shown}, signed by a key that this log does not name: this is a copy from before the log changed its key, or that key is not the log's`,
  });
  return true;
}

/** null, and reported, when a cosignature in it is not its witness's. */
async function quorumOf(
  run: Verification,
  head: FixedHead,
  note: string,
  policy: Policy,
): Promise<QuorumAnswer | null> {
  try {
    return await checkQuorum(note, policy);
  } catch (error) {
    if (!(error instanceof TallystickError) || error.code !== 'NOTE_UNTRUSTED') throw error;
    const { size } = parseCheckpoint(parseNote(note).text);
    const message = `a cosigned checkpoint over ${size} records: ${error.message}`;
    run.findings.add({
      ...{ code: 'bad-signature', from: 0, to: Math.min(size, head.size), size, notes: [note], message },
    });
    return null;
  }
}

function reportNoQuorum(
  run: Verification,
  head: FixedHead,
  policy: Policy,
  anchors: readonly Anchor[],
): void {
  const holding = anchors.find(({ quorum }) => quorum?.holds === true);
  // One that contradicts the log, or was not compared for what has been found, has its cosignatures all the same.
  if (holding !== undefined && run.findings.failed) return;
  const { why, isNormal } = run.unknownRoot;
  if (holding !== undefined && isNormal) {
    const { size, note } = holding;
    run.findings.add({
      ...{ code: 'not-compared', from: 0, to: size, size, notes: [note, head.note] },
      message: `the checkpoint at ${size} records that has the cosignatures that the policy demands was not compared with what is here: ${why}`,
    });
    return;
  }
  const found = anchors.map(({ size, quorum }) => ({ size, witnesses: quorum?.witnesses ?? [] }));
  const { demanded, had, words } = quorumGap(policy, found);
  const strangers = strangersOn(anchors, policy, head.origin);
  const others = strangers.length === 0 ? '' : `; ${strangers.join(', ')} cosigned, whom it does not name`;
  const lack =
    holding === undefined
      ? `no checkpoint of this log has the cosignatures ${words}${others}`
      : `the checkpoint that has the cosignatures that the policy demands, ${demanded}, at ${holding.size} records, could not be compared with the log`;
  run.findings.add({
    ...{ code: 'no-quorum', from: 0, to: head.size, size: head.size, notes: [head.note] },
    ...{ expected: `cosignatures of ${demanded}`, actual: had },
    message: lack,
  });
}

/** Names of those who cosigned and are nobody in the policy; the first few. */
function strangersOn(anchors: readonly Anchor[], { witnesses }: Policy, origin: string): readonly string[] {
  const known = new Set(witnesses.map(({ key }) => `${key.name}+${key.id}`));
  const lines = anchors.flatMap(({ note }) => parseNote(note).signatures);
  const names = lines.flatMap(({ name, keyId }) => {
    return name === origin || known.has(`${name}+${keyId}`) ? [] : [`${name}+${keyId}`];
  });
  return [...new Set(names)].slice(0, MAX_STRANGERS);
}

/** Who holds it, in words. */
export function placeOf({ quorum }: Pick<Anchor, 'quorum'>): string {
  const all = quorum?.witnesses ?? [];
  if (all.length === 0) return 'a checkpoint held outside the log';
  return `a checkpoint cosigned by ${all.map(seenBy).join(' and ')}`;
}

function seenBy({ name, time }: Pick<Cosignature, 'time'> & { readonly name: string }): string {
  return `${name} at ${isoTime(time * 1_000)}`;
}
