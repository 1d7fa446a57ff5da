import { equalBytes, fromHex, toHex } from '../crypto/bytes.ts';
import { TallystickError, UsageError } from '../errors.ts';
import { emptyRoot, rootFromTiles } from '../merkle/mod.ts';
import { storedBase } from './base.ts';
import { checkCosigned, cosignedWith } from './cosigned.ts';
import { checkDated } from './dated.ts';
import type { FixedHead } from './head.ts';
import type { Report } from './report.ts';
import { Run, type VerifyOptions } from './run.ts';
import type { LogSource } from './source.ts';
import { SealedTiles } from './tiles.ts';

/**
 * Verifies records [from, to): the head's signature, and that each of them is in the tree under its root, through the
 * hash tiles between. Reads nothing else of the log, so a part cut out of the middle verifies as that part. Kept
 * checkpoints are not looked at. Throws like `verifyLog`, and `UsageError` USAGE for a range outside the log.
 */
export async function verifyRange(
  source: LogSource,
  from: number,
  to: number,
  options: VerifyOptions = {},
): Promise<Report> {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to <= from) {
    throw new UsageError(
      'USAGE',
      `records ${from} to ${to} are no range; give two numbers, the first one less`,
    );
  }
  const run = new Run(source, options);
  const head = await run.openHead();
  const range = { from, to };
  if (head === null) return run.report(range);
  if (to > head.size) {
    if (run.findings.failed) return run.report(range);
    throw new UsageError(
      'USAGE',
      `the log has ${head.size} records; ${from} to ${to - 1} are not among them`,
    );
  }
  const base = await storedBase(source, head, run.findings);
  if (base === null) {
    const message =
      "the hash tiles at the end of the log do not lead to the head's root; verify the whole log";
    run.findings.add({ code: 'coverage-ends', ...range, expected: toHex(head.root), message });
  } else {
    const tiles = new SealedTiles(source, base, run.findings, range);
    for await (const _ of run.records(head, tiles, base.size, range)) {
      // What there is to say of a bundle has been said.
    }
    run.rootAt = (size) => sealedRoot(tiles, size);
  }
  if (run.attempts !== null) {
    run.attempts = null;
    run.skip('attempts without outcome', 'outcomes may lie outside the records asked for');
  }
  run.isWhole = false;
  const why = 'the hash tiles there are not all as sealed; verify the whole log';
  run.unknownRoot = { why, isNormal: false };
  await checkPin(run, head);
  run.dated = await checkDated(run, head, options.dated ?? []);
  run.witnessed = await checkCosigned(run, head, cosignedWith(run, head));
  if (options.trustAnchors !== undefined) {
    run.skip('the certificates of the sealing keys', 'which they are, only the whole log says');
  }
  run.skip('the rest of the log', `only records ${from} to ${to - 1} were asked for`);
  return run.report(range);
}

/** Verifies one record: see `verifyRange`. */
export async function verifyRecord(
  source: LogSource,
  seq: number,
  options: VerifyOptions = {},
): Promise<Report> {
  return verifyRange(source, seq, seq + 1, options);
}

/** Root by the tiles at the end of that tree, each of them sealed; null when one is not. */
async function sealedRoot(tiles: SealedTiles, size: number): Promise<Uint8Array | null> {
  try {
    return await rootFromTiles(size, (...tile) => tiles.read(...tile));
  } catch (error) {
    if (error instanceof TallystickError && error.code === 'TILE_INVALID') return null;
    throw error;
  }
}

/** The tree at the pin's size must have the pin's root. */
export async function checkPin(run: Run, head: FixedHead): Promise<void> {
  const { pin } = run.options;
  if (pin === undefined || pin.origin !== head.origin || pin.size > head.size) return;
  const root = pin.size === 0 ? emptyRoot() : await run.rootAt(pin.size);
  if (root === null) {
    const { why } = run.unknownRoot;
    run.skip('the pin', why);
    run.findings.add({
      ...{ code: 'not-compared', from: 0, to: pin.size, size: pin.size, notes: [pin.checkpoint, head.note] },
      message: `the pin at ${pin.size} records was not compared with what is here: ${why}`,
    });
    return;
  }
  if (equalBytes(root, fromHex(pin.root) as Uint8Array)) return;
  run.findings.add({
    code: 'split-view',
    from: 0,
    to: pin.size,
    size: pin.size,
    expected: pin.root,
    actual: toHex(root),
    notes: [pin.checkpoint, head.note],
    message: `${run.pinName} at ${pin.size} records and the head are both signed, but the log under the head had another root there`,
  });
}
