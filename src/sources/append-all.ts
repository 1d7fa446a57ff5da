import { RecordError } from '../errors.ts';
import type { AppendResult } from '../log/unit.ts';
import type { RecordDraft } from '../record/mod.ts';
import type { SourceLog } from './source-log.ts';

/**
 * Appends checked records so that one which turns out to be unfit when it is encoded is refused alone; the results
 * are in the order of the records. Throws what else `SourceLog.appendEach` throws; then none of them was added.
 */
export async function appendAll(
  log: Pick<SourceLog, 'appendEach'>,
  records: readonly RecordDraft[],
  options: Parameters<SourceLog['appendEach']>[1],
): Promise<AppendResult[]> {
  const results = new Array<AppendResult>(records.length);
  let places = records.map((_, i) => i);
  while (places.length > 0) {
    try {
      const batch = places.map((place) => records[place] as RecordDraft);
      for (const [i, result] of (await log.appendEach(batch, options)).entries()) {
        results[places[i] as number] = result;
      }
      return results;
    } catch (error) {
      const index = error instanceof RecordError ? error.context.index : undefined;
      const place = typeof index === 'number' ? places[index] : undefined;
      if (place === undefined) throw error;
      results[place] = { error: error as RecordError };
      places = places.filter((other) => other !== place);
    }
  }
  return results;
}
