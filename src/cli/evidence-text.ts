import type { EvidenceReport, ProvenRecord } from '../evidence/mod.ts';
import { boundWords } from '../verifier/words.ts';
import { grouped, recordRange } from './format.ts';
import { safeText } from './safe-text.ts';

/** When a record existed at the latest, by somebody else than its log. */
export function boundLine({ bound }: ProvenRecord): string | null {
  return bound === null ? null : safeText(boundWords(bound));
}

/**
 * How far witnesses have seen what evidence is about, for whoever has made it. Nothing of a log that none has seen.
 *
 * @param isWhole no part of the log was named.
 */
export function seenLines({ logs }: EvidenceReport, isWhole: boolean): string[] {
  return logs.flatMap(({ node, size, bounds, records, completeness: { range } }) => {
    const seen = Math.max(0, ...bounds.filter(({ kind }) => kind === 'witnesses').map((each) => each.size));
    const last = records.findLast(({ isMatch }) => isMatch)?.seq ?? 0;
    // One more where a record behind the range shows that its time was over.
    const ofRange = range === null ? 0 : range.to + (range.until === null ? 0 : 1);
    const end = Math.max(last + 1, ofRange);
    if (seen > 0 && end > seen) {
      const are = `${recordRange(seen, end)} of ${node} ${end - seen === 1 ? 'is' : 'are'}`;
      return [
        `  ${are} under no cosigned checkpoint yet: a policy that demands witnesses refuses this; ask them first (witness ask), or name less`,
      ];
    }
    if (!isWhole || range === null || range.to !== seen || seen >= size) return [];
    const behind =
      size - seen === 1 ? 'the record behind says' : `the ${grouped(size - seen)} records behind say`;
    return [`  of ${node} it ends where witnesses have cosigned: ${behind} no more than that they did`];
  });
}
