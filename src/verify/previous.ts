import { equalBytes, fromHex, toHex } from '../crypto/bytes.ts';
import { ProofError } from '../errors.ts';
import { rootFromTiles } from '../merkle/mod.ts';
import type { Continuation } from './continuation.ts';
import { verifyLog } from './log.ts';
import { proofTiles } from './proof-tiles.ts';
import type { Report } from './report.ts';
import type { LogSource } from './source.ts';

/** The log that another says it continues, as it is now. */
export interface PreviousLog {
  readonly report: Report;
  /** Why the quoted head is none of that log; null when it is. */
  readonly problem: string | null;
}

/**
 * Verifies the log that another continues, and whether the head that is quoted is that log's. The quoted checkpoint is an
 * anchor for it. Throws as `verifyLog`.
 */
export async function verifyPrevious(
  { origin, size, root, checkpoint }: Continuation,
  source: LogSource,
): Promise<PreviousLog> {
  const cosigned = { notes: checkpoint === null ? [] : [checkpoint], policy: null };
  const report = await verifyLog(source, { cosigned });
  return { report, problem: await problemOf(report, { origin, size, root }, source) };
}

async function problemOf(
  report: Report,
  { origin, size, root }: Pick<Continuation, 'origin' | 'size' | 'root'>,
  source: LogSource,
): Promise<string | null> {
  if (report.origin === null) return 'there is no log with a sealed head';
  if (report.origin !== origin) return `this is ${report.origin}, and the log that is continued is ${origin}`;
  if (report.size < size) return `it has ${report.size} records, and ${size} are quoted`;
  try {
    const found = await rootFromTiles(size, proofTiles(source));
    if (equalBytes(found, fromHex(root) as Uint8Array)) return null;
    return `at ${size} records it has the root ${toHex(found)}, and ${root} is quoted`;
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return `its root at ${size} records cannot be told: ${error.message}`;
  }
}
