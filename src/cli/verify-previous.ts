import { existsSync } from 'node:fs';
import { nodeOf } from '../checkpoint/mod.ts';
import { LogError } from '../errors.ts';
import { databasePath } from '../store/sqlite/database.ts';
import { SqliteStore } from '../store/sqlite/mod.ts';
import { readContinuation, verifyPrevious } from '../verify/mod.ts';
import type { Call } from './command.ts';
import type { FixedSource } from './fixed-source.ts';
import { publishedPlace, publishedSource } from './published-target.ts';
import type { VerifiedPrevious } from './verified.ts';

/**
 * The log in the data directory or published copy that `--previous` names, and whether it is the one that a log
 * continues; null when the option is not given. Throws `LogError` LOG_NOT_FOUND when the log continues none.
 */
export async function previousOf(call: Call, log: FixedSource): Promise<VerifiedPrevious | null> {
  const named = call.text('previous');
  if (named === undefined) return null;
  const continued = log.fixed === null ? null : await readContinuation(log, log.fixed);
  if (continued === null) {
    throw new LogError(
      'LOG_NOT_FOUND',
      'the log does not say that it continues another; leave --previous out',
    );
  }
  const path = call.path(named);
  if (/^https?:/i.test(named) || !existsSync(databasePath(path))) {
    const where = publishedPlace(call, named);
    const source = await publishedSource(where, false);
    return { place: where.place, ...(await verifyPrevious(continued, source)) };
  }
  const store = await SqliteStore.open({ dir: path, readOnly: true });
  try {
    return { place: path, ...(await verifyPrevious(continued, store.source(nodeOf(continued.origin)))) };
  } finally {
    await store.close();
  }
}

/** Whether it is intact, and the one. */
export function isProven({ report, problem }: VerifiedPrevious): boolean {
  return report.verdict === 'intact' && problem === null;
}
