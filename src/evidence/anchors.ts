import {
  checkPolicy,
  cosignaturesOf,
  type Policy,
  type PolicyAnswer,
  parseNote,
  parseVkey,
  quorumGap,
  type VerifierKey,
} from '../checkpoint/mod.ts';
import { utf8 } from '../crypto/bytes.ts';
import { ProofError } from '../errors.ts';
import { verifyTimestamp } from '../timestamps/mod.ts';
import type { Findings } from '../verify/findings.ts';
import type { NotChecked } from '../verify/mod.ts';
import { short } from '../verify/policy.ts';
import { counted } from '../verify/words.ts';
import type { LogEvidence } from './format.ts';
import type { ExistedBy } from './report.ts';

/** A checkpoint that the log's keys signed and whose tree is the beginning of the newest one's. */
export interface ProvenCheckpoint {
  readonly size: number;
  readonly note: string;
  /** vkeys of the log that signed it. */
  readonly keys: readonly string[];
}

export interface AnchorOptions {
  readonly policy?: Policy;
  readonly tsaRoots?: readonly Uint8Array[];
}

/** What others say of the log's checkpoints. */
export interface Anchors {
  readonly bounds: readonly ExistedBy[];
  readonly timestamps: number;
  readonly cosignatures: number;
}

interface Run {
  readonly findings: Findings;
  readonly notChecked: NotChecked[];
}

/**
 * Verifies time stamps and cosignatures over checkpoints that were found good. What was given to believe is demanded as well: the
 * policy's quorum, and a time stamp that leads to one of the roots.
 *
 * @param needed records that others have to have seen: the first so many.
 */
export async function checkAnchors(
  log: LogEvidence,
  checkpoints: readonly ProvenCheckpoint[],
  needed: number,
  options: AnchorOptions,
  run: Run,
): Promise<Anchors> {
  const dated = await checkTimestamps(log, checkpoints, needed, options.tsaRoots ?? [], run);
  const seen =
    options.policy === undefined
      ? await checkCosignatures(log, checkpoints, run)
      : await checkQuorum(checkpoints, needed, options.policy, run);
  const bounds = [...dated.bounds, ...seen.bounds].sort((a, b) => a.time - b.time);
  return { bounds, timestamps: dated.count, cosignatures: seen.count };
}

interface Counted {
  readonly bounds: readonly ExistedBy[];
  readonly count: number;
}

async function checkTimestamps(
  { timestamps }: LogEvidence,
  checkpoints: readonly ProvenCheckpoint[],
  needed: number,
  roots: readonly Uint8Array[],
  run: Run,
): Promise<Counted> {
  const { findings, notChecked } = run;
  const bounds: ExistedBy[] = [];
  let count = 0;
  let untrusted = 0;
  let loose = 0;
  for (const { size, token } of timestamps) {
    const checkpoint = checkpoints.find((each) => each.size === size);
    if (checkpoint === undefined) {
      loose++;
      continue;
    }
    const report = await verifyTimestamp(token, utf8(parseNote(checkpoint.note).text), { roots });
    const codes = report.findings.map(({ code }) => code);
    const isUntrusted = report.verdict === 'bad' && codes.every((code) => code === 'untrusted');
    if (report.verdict === 'bad' && !isUntrusted) {
      const message = `the time stamp over ${counted(size, 'record')} does not hold: ${report.findings[0]?.message} (${codes.join(', ')})`;
      findings.add({ code: 'bad-timestamp', from: 0, to: size, message });
      continue;
    }
    if (isUntrusted) untrusted++;
    else count++;
    if (report.time === null || isUntrusted) continue;
    const trust = report.verdict === 'verified' ? 'given' : 'file';
    const by = report.authority ?? '';
    bounds.push({ size, time: report.time.notLaterThan, by, kind: 'timestamp', trust });
  }
  const isAnonymous = count > 0 && roots.length === 0;
  const unknown = isAnonymous ? count : untrusted;
  if (unknown > 0) {
    const [come, they] = unknown === 1 ? ['comes', 'it leads'] : ['come', 'they lead'];
    const why = isAnonymous
      ? `no root certificate of a time stamp authority was given: anybody may have made ${unknown === 1 ? 'it' : 'them'}`
      : `${they} to none of the root certificates given`;
    notChecked.push({ what: `whom ${counted(unknown, 'time stamp')} ${come} from`, why });
  }
  if (count > 0)
    notChecked.push({ what: 'revocation of the authorities', why: 'revocation lists are not read' });
  if (loose > 0) {
    const why =
      loose === 1
        ? 'the checkpoint that it dates does not hold'
        : 'the checkpoints that they date do not hold';
    notChecked.push({ what: counted(loose, 'time stamp'), why });
  }
  if (roots.length > 0) demandDate(bounds, needed, run);
  return { bounds, count };
}

/** Of what a log seals last nobody can have a date yet: that none covers it is said, and no failure as long as there is one. */
function demandDate(bounds: readonly ExistedBy[], needed: number, { findings, notChecked }: Run): void {
  const dated = Math.max(0, ...bounds.filter(({ trust }) => trust === 'given').map(({ size }) => size));
  if (dated === 0) {
    const message = 'no time stamp here that holds leads to a root certificate given';
    findings.add({ code: 'not-dated', from: 0, to: needed, message });
  } else if (dated < needed) {
    const what = `by when records from ${dated} on existed`;
    notChecked.push({ what, why: 'no time stamp here that leads to a root certificate given covers them' });
  }
}

/** Without a policy: by the keys that the file itself names, which anybody may have put there. */
async function checkCosignatures(
  { witnesses }: LogEvidence,
  checkpoints: readonly ProvenCheckpoint[],
  run: Run,
): Promise<Counted> {
  const keys = await checkable(witnesses.map(parseVkey), run);
  const bounds: ExistedBy[] = [];
  let count = 0;
  for (const { size, note } of keys.length === 0 ? [] : checkpoints) {
    const found = await caught(() => cosignaturesOf(note, keys), size, note, run);
    for (const { key, time } of found ?? []) {
      bounds.push({ size, time: endOf(time), by: key.name, kind: 'witnesses', trust: 'file' });
      count++;
    }
  }
  if (count > 0) {
    run.notChecked.push({
      what: `who made ${counted(count, 'cosignature')}`,
      why: 'no policy was given: the keys of the witnesses are those that the file names',
    });
  }
  return { bounds, count };
}

/** The quorum has to be reached over a checkpoint that covers the first `needed` records. */
async function checkQuorum(
  checkpoints: readonly ProvenCheckpoint[],
  needed: number,
  policy: Policy,
  run: Run,
): Promise<Counted> {
  await checkable(
    policy.witnesses.map(({ key }) => key),
    run,
  );
  const bounds: ExistedBy[] = [];
  let count = 0;
  let covered = 0;
  const found: { size: number; witnesses: PolicyAnswer['witnesses'] }[] = [];
  for (const { size, note, keys } of checkpoints) {
    const answer = await caught(() => checkPolicy(note, policy, keys), size, note, run);
    if (answer === null) continue;
    found.push({ size, witnesses: answer.witnesses });
    count += answer.witnesses.length;
    if (!answer.holds) continue;
    covered = Math.max(covered, size);
    if (answer.by === null) continue;
    const by = answer.witnesses.map(({ name }) => name).join(', ');
    bounds.push({ size, time: endOf(answer.by), by, kind: 'witnesses', trust: 'given' });
  }
  const newest = checkpoints.at(-1);
  if (covered < needed && policy.quorum !== null && newest !== undefined) {
    const { size, note } = newest;
    const behind = covered === 0 ? found : found.filter((each) => each.size > covered);
    const gap = quorumGap(policy, behind).words;
    const message =
      covered === 0
        ? `no checkpoint here has the cosignatures ${gap}`
        : `records from ${covered} on are under no checkpoint that has the cosignatures ${gap}`;
    run.findings.add({ code: 'no-quorum', from: covered, to: needed, size, notes: [note], message });
  }
  return { bounds, count };
}

/** Keys that this platform can check signatures of; the others are named. */
async function checkable(keys: readonly VerifierKey[], { notChecked }: Run): Promise<VerifierKey[]> {
  const good: VerifierKey[] = [];
  for (const key of keys) {
    if (await isCheckable(key)) good.push(key);
    else {
      const why = 'this platform cannot check signatures of its kind';
      notChecked.push({ what: `cosignatures of ${short(key.vkey)}`, why });
    }
  }
  return good;
}

async function isCheckable(key: VerifierKey): Promise<boolean> {
  try {
    return await key.isCheckable();
  } catch (error) {
    // What turns out to be no key signs nothing either.
    if (error instanceof ProofError) return false;
    throw error;
  }
}

/** null when a signature that could be checked is not good, which is reported, or none can be. */
async function caught<T>(
  check: () => Promise<T>,
  size: number,
  note: string,
  { findings }: Run,
): Promise<T | null> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    if (error.code === 'KEY_INVALID') return null;
    const code = error.context.reason === 'unknown-key' ? 'unknown-key' : 'bad-signature';
    const message = `the checkpoint at ${counted(size, 'record')}: ${error.message}`;
    findings.add({ code, from: 0, to: size, size, notes: [note], message });
    return null;
  }
}

/** A witness counts whole seconds: it may mean any moment within the one it states. In ms since 1970. */
function endOf(seconds: number): number {
  return seconds * 1000 + 999;
}

/** The earliest bound of a record, those on the word of somebody given first; null when there is none. */
export function boundOf(bounds: readonly ExistedBy[], seq: number): ExistedBy | null {
  const covering = bounds.filter(({ size }) => seq < size);
  return covering.find(({ trust }) => trust === 'given') ?? covering[0] ?? null;
}
