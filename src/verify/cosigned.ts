import {
  type Cosignature,
  checkQuorum,
  type Policy,
  parseCheckpoint,
  parseNote,
  type QuorumAnswer,
} from '../checkpoint/mod.ts';
import { equalBytes, toHex } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { checkLogged } from './dated.ts';
import type { Findings } from './findings.ts';
import { type FixedHead, reportBehind } from './head.ts';
import type { KeyPolicy } from './policy.ts';
import type { Witnessed } from './report.ts';
import type { LogSource } from './source.ts';

/** Checkpoints of the log that witnesses have cosigned, and which witnesses must have. */
export interface CosignedCheckpoints {
  /** Signed notes, of this log or another; each of this log is an anchor. */
  readonly notes: readonly string[];
  /** Without one nobody's cosignature is checked, and none is demanded. */
  readonly policy: Policy | null;
}

/** The verification that this is a part of. */
interface Verification {
  readonly source: LogSource;
  readonly policy: KeyPolicy;
  readonly findings: Findings;
  /** Root of the tree of `size` leaves under the head; null when it can't be made. */
  rootAt(size: number): Promise<Uint8Array | null>;
  skip(what: string, why: string): void;
}

/** A checkpoint of this log that its key has signed. */
interface Anchor {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
  /** null without a policy. */
  readonly quorum: QuorumAnswer | null;
}

/**
 * Holds cosigned checkpoints against the log, which has been read: each that the log's key signed is an anchor, whoever
 * cosigned it. With a policy, the largest that a quorum has cosigned says how far witnesses vouch for the log; where there
 * is none, that is a failure. After failures nothing is compared, for it would say nothing new.
 *
 * @returns null without a policy that demands witnesses.
 */
export async function checkCosigned(
  run: Verification,
  head: FixedHead,
  { notes, policy }: CosignedCheckpoints,
): Promise<Witnessed | null> {
  const anchors = await anchorsOf(run, head, notes, policy);
  let covered: Witnessed['covered'] = null;
  let uncompared = 0;
  for (const anchor of anchors) {
    const { size, root, note, quorum } = anchor;
    if (size > head.size) {
      // Of those that are ahead the first, which is the largest, says it all.
      reportBehind(head, { size, root: toHex(root), note, where: placeOf(anchor) }, run.findings);
      break;
    }
    const actual = run.findings.failed ? null : await run.rootAt(size);
    if (actual === null) uncompared++;
    else if (!equalBytes(actual, root)) contradict(run, head, anchor, actual);
    else if (covered === null && quorum?.holds === true && quorum.by !== null) {
      const witnesses = quorum.witnesses.map(({ name, time }) => ({ name, time }));
      // A witness counts seconds: it may have been any moment of the one it states.
      const by = witnesses.map(({ name }) => name).join(', ');
      await checkLogged(run, { size, notLaterThan: quorum.by * 1_000 + 999, by });
      covered = { size, root: toHex(root), by: quorum.by, witnesses, note };
    }
  }
  if (uncompared > 0) {
    run.skip(`${uncompared} cosigned checkpoints`, 'the records up to them are not all as sealed');
  }
  if (policy === null || policy.quorum === null) return null;
  if (covered === null) reportNoQuorum(run, head, policy.quorum, anchors);
  return { covered, beyond: head.size - (covered?.size ?? 0) };
}

/** Largest first. What is not of this log, or no known key signed, is left out and said. */
async function anchorsOf(
  run: Verification,
  head: FixedHead,
  notes: readonly string[],
  policy: Policy | null,
): Promise<readonly Anchor[]> {
  const anchors: Anchor[] = [];
  let foreign = 0;
  let unsigned = 0;
  for (const note of notes) {
    const checkpoint = parseCheckpoint(parseNote(note).text);
    const { origin, size, root } = checkpoint;
    if (origin !== head.origin) foreign++;
    else if ((await run.policy.open(note, size)).result !== 'good') unsigned++;
    else anchors.push({ size, root, note, quorum: policy && (await quorumOf(run, head, note, policy)) });
  }
  if (foreign > 0) run.skip(`${foreign} cosigned checkpoints`, `they are of another log than ${head.origin}`);
  if (unsigned > 0) {
    run.skip(`${unsigned} cosigned checkpoints`, 'no known key signed them: they say nothing of this log');
  }
  return anchors.sort((a, b) => b.size - a.size);
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

function contradict(run: Verification, head: FixedHead, anchor: Anchor, actual: Uint8Array): void {
  const { size, root, note } = anchor;
  run.findings.add({
    ...{ code: 'split-view', from: 0, to: size, size, notes: [note, head.note] },
    ...{ expected: toHex(root), actual: toHex(actual) },
    message: `${placeOf(anchor)} shows another log of ${size} records, signed by this log's own key, than the one that is here now`,
  });
}

function reportNoQuorum(
  run: Verification,
  head: FixedHead,
  quorum: string,
  anchors: readonly Anchor[],
): void {
  const most = anchors.map((anchor) => anchor.quorum?.witnesses ?? []).sort((a, b) => b.length - a.length)[0];
  const have = most?.map(({ name }) => name).join(', ') ?? '';
  run.findings.add({
    ...{ code: 'no-quorum', from: 0, to: head.size, size: head.size, notes: [head.note] },
    ...{ expected: `cosignatures of ${quorum}`, actual: have === '' ? 'none' : have },
    message: 'no checkpoint of this log has the cosignatures that the policy demands',
  });
}

/** Who holds it, in words. */
function placeOf({ quorum }: Anchor): string {
  const all = quorum?.witnesses ?? [];
  if (all.length === 0) return 'a checkpoint held outside the log';
  return `a checkpoint cosigned by ${all.map(seenBy).join(' and ')}`;
}

function seenBy({ name, time }: Pick<Cosignature, 'time'> & { readonly name: string }): string {
  return `${name} at ${new Date(Math.min(time, 8.64e12) * 1_000).toISOString()}`;
}
