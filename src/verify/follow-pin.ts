import { checkPinSigned, type Pin } from '../checkpoint/mod.ts';
import { equalBytes, fromHex, toHex } from '../crypto/bytes.ts';
import { ProofError, TallystickError } from '../errors.ts';
import { emptyRoot, makeConsistency, rootFromTiles, verifyConsistency } from '../merkle/mod.ts';
import { type CosignedCheckpoints, checkCosigned, demandedBy } from './cosigned.ts';
import type { Finding } from './findings.ts';
import type { FixedHead } from './head.ts';
import { proofTiles } from './proof-tiles.ts';
import type { Witnessed } from './report.ts';
import { PIN_NAME, Run } from './run.ts';
import type { LogSource } from './source.ts';

/** What holding a pin against a log came to. */
export interface FollowedPin {
  /** Without a failure the log continues what was pinned. */
  readonly findings: readonly Finding[];
  /** The pin of the log as it is now; the very same one when there is nothing new; null after a failure. */
  readonly pin: Pin | null;
  /** What witnesses vouch for; null unless a policy that demands some was given. */
  readonly witnessed: Witnessed | null;
}

/**
 * Holds a pin against a log's head, and gives the pin of that head: keys are followed through the log's key changes,
 * and a consistency proof shows that the head continues what was pinned. It is no verification: of the records none is
 * read but record 0 and those that change keys. Of a log that stands as it was pinned the head is read, and no more.
 *
 * What is wrong with the log is a finding, never thrown. Throws `UsageError` PIN_INVALID for a pin that its own keys have not
 * signed, whatever there is of the log, `ProofError` KEY_INVALID where the platform can check none of them, and what the
 * source throws when its medium fails.
 *
 * @param now ms since 1970: when the new pin is saved.
 * @param given cosigned checkpoints to hold against the log too, and the witnesses that must have cosigned; those that the
 *   pin demands, by a head that bears their cosignatures, when not given.
 * @param pinName what the pin is called in messages.
 */
export async function followPin(
  source: LogSource,
  pin: Pin,
  now: number,
  given?: CosignedCheckpoints,
  pinName: string = PIN_NAME,
): Promise<FollowedPin> {
  const cosigned = given ?? (pin.policy === undefined ? undefined : demandedBy(pin));
  await checkPinSigned(pin);
  if (cosigned === undefined && (await standsAs(source, pin))) return { findings: [], pin, witnessed: null };
  const run = new Run(source, { pin, ...(cosigned && { cosigned }) }, pinName);
  const head = await run.openHead();
  if (head !== null && !run.findings.failed) await checkContinued(run, head, pin);
  const followed = await finish(run, head, pin, now, cosigned);
  const { size, root, keys } = followed.pin ?? {};
  const isSame = size === pin.size && root === pin.root && keys?.join() === pin.keys.join();
  return isSame ? { ...followed, pin } : followed;
}

/**
 * The first pin of a log: its head is signed, by its own keys or by those given, and its hash tiles lead to it. What is
 * wrong is a finding. Throws `ProofError` KEY_INVALID, and what the source throws when its medium fails.
 *
 * @param keys vkeys that have to sign from now on, as far as they seal the log; all of the log's own when not given.
 * @param policy as `Pin.policy`.
 * @param now ms since 1970.
 */
export async function beginPin(
  source: LogSource,
  { keys, policy }: { readonly keys?: readonly string[]; readonly policy?: string },
  now: number,
  cosigned?: CosignedCheckpoints,
): Promise<FollowedPin> {
  const run = new Run(source, { ...(keys && { keys }), ...(cosigned && { cosigned }) });
  const head = await run.openHead();
  if (head !== null && !run.findings.failed) await checkLedTo(run, head);
  const begun = await finish(run, head, policy === undefined ? {} : { policy }, now, cosigned);
  const signers = [...(head?.keys ?? []), ...(head?.unchecked ?? [])];
  // Keys that seal now were chosen from those that do; others are followed to these.
  const isChosen = keys?.every((key) => signers.includes(key)) === true;
  return begun.pin !== null && isChosen ? { ...begun, pin: { ...begun.pin, keys } } : begun;
}

async function finish(
  run: Run,
  head: FixedHead | null,
  before: Pick<Pin, 'policy'>,
  now: number,
  cosigned: CosignedCheckpoints | undefined,
): Promise<FollowedPin> {
  let witnessed: Witnessed | null = null;
  if (head !== null && cosigned !== undefined && !run.findings.failed) {
    // The tiles have not been verified: what they say of a tree counts where it is proven that the head continues it.
    run.rootAt = (size) => provenRoot(run, head, size);
    const { notes, policy } = cosigned;
    // A published head may bear its cosignatures itself.
    witnessed = await checkCosigned(run, head, { notes: [head.note, ...notes], policy });
  }
  return { findings: run.findings.list(), pin: nextPin(run, head, before, now), witnessed };
}

async function standsAs(source: LogSource, { origin, size, root }: Pin): Promise<boolean> {
  try {
    const head = await source.head();
    return head?.origin === origin && head.size === size && toHex(head.root) === root;
  } catch (error) {
    // What is wrong with it, opening it says.
    if (error instanceof TallystickError && error.code === 'STORE_DAMAGED') return false;
    throw error;
  }
}

function nextPin(run: Run, head: FixedHead | null, before: Pick<Pin, 'policy'>, now: number): Pin | null {
  if (head === null || run.findings.failed || !head.isSigned) return null;
  const { origin, size, root, note } = head;
  const { policy } = before;
  return {
    ...{ origin, keys: run.policy.required(head), size, root: toHex(root), checkpoint: note, savedAt: now },
    ...(policy === undefined ? {} : { policy }),
  };
}

/** That the head continues what was pinned, no larger than it. What the head does not prove is held against nobody. */
async function checkContinued(run: Run, head: FixedHead, pin: Pin): Promise<void> {
  const pinned = fromHex(pin.root) as Uint8Array;
  if (pin.size === 0) return checkLedTo(run, head);
  if (pin.size === head.size) {
    if (!equalBytes(pinned, head.root)) contradict(run, head, pin, head.root);
    return;
  }
  try {
    const readTile = proofTiles(run.source);
    const proof = await makeConsistency(pin.size, head.size, readTile);
    if (isConsistent(pin.size, head, proof, pinned)) return;
    const found = await provenRoot(run, head, pin.size);
    if (found !== null) return contradict(run, head, pin, found);
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
  }
  reportTiles(run, head);
}

/** Root that the tree under the head had at a size; null when the tiles do not prove one. */
async function provenRoot(run: Run, head: FixedHead, size: number): Promise<Uint8Array | null> {
  if (size === head.size) return head.root;
  if (size === 0) return emptyRoot();
  const readTile = proofTiles(run.source);
  try {
    const proof = await makeConsistency(size, head.size, readTile);
    const found = await rootFromTiles(size, readTile);
    return isConsistent(size, head, proof, found) ? found : null;
  } catch (error) {
    if (error instanceof ProofError) return null;
    throw error;
  }
}

async function checkLedTo(run: Run, head: FixedHead): Promise<void> {
  try {
    if (equalBytes(await rootFromTiles(head.size, proofTiles(run.source)), head.root)) return;
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
  }
  reportTiles(run, head);
}

function isConsistent(
  size: number,
  head: FixedHead,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  try {
    verifyConsistency(size, head.size, proof, root, head.root);
    return true;
  } catch (error) {
    if (error instanceof ProofError) return false;
    throw error;
  }
}

function contradict(run: Run, head: FixedHead, pin: Pin, found: Uint8Array): void {
  const { size } = pin;
  run.findings.add({
    ...{ code: 'split-view', from: 0, to: size, size, notes: [pin.checkpoint, head.note] },
    ...{ expected: pin.root, actual: toHex(found) },
    message: `${run.pinName} at ${size} records and the head are both signed, but the log under the head had another root there`,
  });
}

function reportTiles(run: Run, { size }: FixedHead): void {
  const message = `the hash tiles do not lead to the signed head of ${size} records; verify says what is wrong`;
  run.findings.add({ code: 'coverage-ends', from: 0, to: size, message });
}
