import { parseVkey } from '../checkpoint/mod.ts';
import type { CreatedEvidence, ProvenRecord } from '../evidence/mod.ts';
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
export function seenLines(
  { evidence, report }: Pick<CreatedEvidence, 'evidence' | 'report'>,
  isWhole: boolean,
): string[] {
  return report.logs.flatMap(({ node, size, bounds, records, completeness: { range } }, i) => {
    const witnesses = (evidence.logs[i]?.witnesses ?? []).map((vkey) => parseVkey(vkey).name);
    const cosigned = bounds.filter(({ kind }) => kind === 'witnesses');
    const bySize = [...Map.groupBy(cosigned, (each) => each.size)]
      .map(([at, all]) => ({ at, names: [...new Set(all.map(({ by }) => by))] }))
      .sort((a, b) => b.at - a.at);
    const seen = bySize[0]?.at ?? 0;
    const lastMatch = records.findLast(({ isMatch }) => isMatch)?.seq ?? 0;
    // One more where a record behind the range shows that its time was over.
    const ofRange = range === null ? 0 : range.to + (range.until === null ? 0 : 1);
    const end = Math.max(lastMatch + 1, ofRange);
    if (seen > 0 && end > seen) {
      const are = `${recordRange(seen, end)} of ${node} ${end - seen === 1 ? 'is' : 'are'}`;
      return [
        `  ${are} under no cosigned checkpoint yet: a policy that demands witnesses refuses this; ask them first (witness ask), or name less`,
      ];
    }
    const lines: string[] = [];
    const last = bySize.find(({ at }) => at === range?.to);
    if (isWhole && last !== undefined && last.at < size) {
      const have = last.names.length === 1 ? 'has' : 'have';
      const behind =
        size - last.at === 1 ? 'the record behind says' : `the ${grouped(size - last.at)} records behind say`;
      lines.push(
        `  of ${node} it ends where ${listed(last.names)} ${have} cosigned: ${behind} no more than that something was cosigned or dated`,
      );
    }
    const [best] = bySize.filter(({ at }) => at >= end).sort((a, b) => b.names.length - a.names.length);
    const lacking = [...new Set(witnesses)].filter(
      (name) => best !== undefined && !best.names.includes(name),
    );
    if (best !== undefined && lacking.length > 0) {
      lines.push(
        `  no checkpoint of ${node} over all of this is cosigned by ${listed(lacking)} besides ${listed(best.names)}: a policy that demands so many refuses this; ask them first (witness ask), or name less`,
      );
    }
    return lines.map(safeText);
  });
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
