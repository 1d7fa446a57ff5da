import type { EvidenceReport, LogEvidenceReport, Made, ProvenRecord } from '../evidence/mod.ts';
import {
  boundWords,
  checkedWords,
  completenessWords,
  notCheckedWords,
  rangeWords,
  trustWords,
  utcText,
  wordsOf,
} from '../verifier/words.ts';
import { findingWords } from '../verify/findings.ts';
import type { Finding } from '../verify/mod.ts';
import { counted, grouped, recordRange } from './format.ts';
import type { Output } from './io.ts';
import { safeText } from './safe-text.ts';

/** Findings shown to people; `--json` has all that the verifier lists. */
const MAX_SHOWN = 20;

/** A verified evidence file in lines for people, without its records. */
export function evidenceLines(report: EvidenceReport, out: Output): string[] {
  const { tone, headline, wrong, notices } = wordsOf(report);
  const color = { good: 'green', bad: 'red', open: 'yellow' } as const;
  const lines = [out.style([color[tone], 'bold'], safeText(headline))];
  for (const finding of wrong.slice(0, MAX_SHOWN)) lines.push(...findingLines(finding, out));
  const more = wrong.length - MAX_SHOWN;
  if (more > 0) lines.push(`  … and ${counted(more, 'more finding')}; --json has them`);
  for (const finding of notices.slice(0, MAX_SHOWN)) lines.push(...findingLines(finding, out));
  for (const log of report.logs) lines.push(...logLines(log, out));
  if (report.made !== null) lines.push(...madeLines(report.made, report.logs));
  return lines;
}

function findingLines(finding: Finding, out: Output): string[] {
  const { code, class: grade, expected, actual } = finding;
  const mark = grade === 'fail' ? out.style('red', 'FAIL  ') : out.style('yellow', 'notice');
  const lines = [`  ${mark} ${code}: ${safeText(findingWords(finding))}`];
  if (expected !== null) lines.push(`         expected ${safeText(expected)}`);
  if (actual !== null) lines.push(`         found    ${safeText(actual)}`);
  return lines;
}

function logLines(log: LogEvidenceReport, out: Output): string[] {
  const { origin, size, root, keys, eras, completeness, bounds, certificates, notChecked } = log;
  const lines = [
    out.style('bold', `Log ${safeText(origin)}`),
    `  its newest checkpoint here is of ${counted(size, 'record')}, root ${root}`,
    ...keys.map((key) => `  signed with ${safeText(key)}`),
  ];
  for (const { from, takenOver } of eras.slice(1)) {
    lines.push(
      `  the sealing keys changed at ${grouped(from)} records${takenOver ? ': a stand-by took over' : ''}`,
    );
  }
  lines.push(`  ${trustWords(log)}`);
  lines.push(`  Checked: ${checkedWords(log).join('; ') || 'nothing'}.`);
  lines.push(`  ${completenessWords(log)}`);
  const range = rangeWords(completeness);
  if (range !== null) lines.push(`  ${range}`);
  const first = bounds.find((bound) => bound.trust === 'given') ?? bounds[0];
  if (first !== undefined) {
    lines.push(safeText(`  Its first ${counted(first.size, 'record')} ${boundWords(first)}.`));
  }
  for (const { subject, notBefore, notAfter } of certificates) {
    lines.push(safeText(`  certificate ${subject}, from ${utcText(notBefore)} to ${utcText(notAfter)}`));
  }
  for (const left of notChecked) {
    lines.push(out.style('dim', `  not checked: ${safeText(notCheckedWords(left))}`));
  }
  return lines;
}

/** What the file says of itself. */
function madeLines({ at, by, software, query, more }: Made, logs: readonly LogEvidenceReport[]): string[] {
  const lines = ['The file says of itself, and nothing proves:'];
  lines.push(safeText(`  made ${utcText(at)}${by === null ? '' : ` by ${by}`}, with ${software}`));
  if (query === null) lines.push('  the records were named by their numbers');
  else lines.push(safeText(`  the query was: ${query === '' ? 'everything' : query}`));
  for (const { node, searched } of logs) {
    if (searched === null || query === null) continue;
    lines.push(safeText(`  it was answered over the first ${counted(searched, 'record')} of ${node}`));
  }
  if (more) lines.push('  more records matched: these are the newest of them');
  return lines;
}

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
