import { HASH, TILE_WIDTH, Tree, tileRoot } from '../merkle/mod.ts';
import { AnchoredRoots, anchoredSizes } from './anchored.ts';
import { provenBase, storedBase } from './base.ts';
import { checkCertified, trustAnchors } from './certified.ts';
import { CheckpointCheck } from './checkpoints.ts';
import { CONTINUATION_SEQ, readContinuation } from './continuation.ts';
import { checkCosigned, cosignedWith } from './cosigned.ts';
import { checkDated } from './dated.ts';
import { checkGone } from './gone.ts';
import type { FixedHead } from './head.ts';
import { InstalledCertificates } from './installed.ts';
import type { Report } from './report.ts';
import { Run, type VerifyOptions } from './run.ts';
import type { LogSource } from './source.ts';
import { type Base, SealedTiles } from './tiles.ts';
import type { WalkedBundle } from './walk.ts';
import { counted } from './words.ts';

/**
 * Verifies a whole log as it stands when called; what is appended meanwhile is left for the next time. Checks the
 * head's signature, every entry and hash tile up to the head's root, every kept checkpoint, the payloads, and the
 * pin if there is one; with `deep` what is in the records, with `index` that it says the same.
 *
 * Reads each part of the log once and in order; memory does not grow with the log. What is wrong with the log is in
 * the report, never thrown. Throws `ProofError` KEY_INVALID and `UsageError` PIN_INVALID for bad options, the
 * signal's reason when aborted, `UsageError` USAGE for trust anchors that are no certificates, and `StoreError` STORE_UNAVAILABLE when the medium fails.
 */
export async function verifyLog(source: LogSource, options: VerifyOptions = {}): Promise<Report> {
  const { trustAnchors: given } = options;
  const anchors = given === undefined ? null : trustAnchors(given);
  const run = new Run(source, options);
  const head = await run.openHead();
  if (head === null) {
    await checkGone(run);
    return run.report({ from: 0, to: 0 });
  }
  const eras = run.policy.history?.eras ?? [];
  const keys = eras.flatMap((era) => era.keys);
  const installed = anchors && new InstalledCertificates(source, keys);
  const base =
    (await storedBase(source, head, run.findings)) ??
    (await provenBase(source, head, run.policy, run.findings));
  const checkpoints = new CheckpointCheck(
    source,
    head,
    run.policy,
    options.pin,
    run.findings,
    run.unfollowed,
  );
  const cosigned = cosignedWith(run, head);
  const roots = new AnchoredRoots(anchoredSizes(options.dated ?? [], cosigned.notes));
  try {
    await checkRecords(run, head, base, { checkpoints, roots }, installed);
    await checkpoints.finish();
  } finally {
    await checkpoints.close();
  }
  run.checked.checkpoints = checkpoints.good;
  if (checkpoints.unknown > 0) {
    run.skip(
      `the root of ${counted(checkpoints.unknown, 'kept checkpoint')}`,
      'not all records up to there are as sealed',
    );
  }
  if (!checkpoints.pinChecked && (options.pin?.size ?? 0) <= head.size) {
    run.skip('the pin', 'the records up to it are not all as sealed');
  }
  const unfollowed = run.attempts?.unfollowed ?? 0;
  if (unfollowed > 0) {
    run.skip(
      `the outcomes of ${counted(unfollowed, 'attempt')}`,
      'too many others waited for theirs at the same time',
    );
  }
  run.rootAt = async (size) => roots.at(size) ?? run.rootOfHead(size);
  run.dated = await checkDated(run, head, options.dated ?? []);
  run.witnessed = await checkCosigned(run, head, cosigned);
  if (anchors !== null && installed !== null) {
    if (run.findings.failed || options.hashesOnly === true || eras.length === 0) {
      const why = 'which they are, only the records say: all of them, as they were sealed';
      run.skip('the certificates of the sealing keys', why);
    } else
      run.certified = await checkCertified(run, head.size, { anchors, eras, installed, dated: run.dated });
  }
  if (options.hashesOnly !== true) await tellContinuation(run, head);
  return run.report({ from: 0, to: head.size });
}

/** A log that continues another is not whole by itself: that is to be known, and no fault. */
async function tellContinuation(run: Run, head: FixedHead): Promise<void> {
  const found = head.isSigned ? await readContinuation(run.source, head) : null;
  if (found === null) return;
  const { origin, size, root, cause, newer } = found;
  const lost = newer === null ? '' : '; newer records of it were known of, and are lost';
  run.findings.add({
    ...{ code: 'continues', from: CONTINUATION_SEQ, to: CONTINUATION_SEQ + 1 },
    actual: `${size} records of ${origin}, root ${root}`,
    message: `continues ${origin} at ${size} records (${cause.slice(0, 200)})${lost}; what came before is in that log, and is not verified with this one`,
  });
}

async function checkRecords(
  run: Run,
  head: FixedHead,
  base: Base,
  { checkpoints, roots }: { readonly checkpoints: CheckpointCheck; readonly roots: AnchoredRoots },
  installed: InstalledCertificates | null,
): Promise<void> {
  const tiles = new SealedTiles(run.source, base, run.findings);
  const tree = new Tree();
  for await (const bundle of run.records(head, tiles, base.size, { from: 0, to: base.size })) {
    await installed?.add(bundle);
    const within = rootsWithin(tree, bundle);
    await checkpoints.visit(bundle.to - 1, within);
    roots.visit(bundle.to - 1, within);
    const isKnown = grow(tree, bundle, tiles);
    const atEnd = (): Uint8Array | null => (isKnown ? tree.root() : null);
    await checkpoints.visit(bundle.to, atEnd);
    roots.visit(bundle.to, atEnd);
  }
}

/** Roots at sizes within a bundle that begins where the tree ends. */
function rootsWithin(tree: Tree, { from, leaves }: WalkedBundle): (size: number) => Uint8Array | null {
  return (size) => {
    if (leaves === null || tree.size !== from) return null;
    if (size === from) return tree.root();
    return tree.rootWith(tileRoot(leaves.subarray(0, (size - from) * HASH)));
  };
}

/** Adds a bundle to the tree, or the whole region when one that is lost ends with it. False while it is within one. */
function grow(tree: Tree, { from, to, root, leaves }: WalkedBundle, { lost }: SealedTiles): boolean {
  // The tree keeps the tiles it completes until they are taken.
  if (tree.size % TILE_WIDTH ** 2 === 0) tree.changedTiles();
  if (root !== null) tree.appendSubtree(1, root);
  else if (leaves !== null) tree.appendAll(leaves);
  else if (lost?.to === to) tree.appendSubtree(lost.level, lost.hash);
  else return false;
  return tree.size === to && from < to;
}
