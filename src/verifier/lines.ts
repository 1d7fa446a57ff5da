import { Catalogs, deriveObjects } from '../catalog/mod.ts';
import { safeText } from '../crypto/safe-text.ts';
import type { EvidenceReport, LogEvidenceReport, Made, ProvenRecord } from '../evidence/mod.ts';
import type { AuditRecord } from '../record/mod.ts';
import { findingWords } from '../verify/findings.ts';
import type { Finding } from '../verify/mod.ts';
import { counted, grouped } from '../verify/words.ts';
import {
  boundWords,
  checkedWords,
  completenessWords,
  notCheckedWords,
  rangeWords,
  trustWords,
  utcText,
  wordsOf,
} from './words.ts';

/** A report in lines for a terminal. All of it is safe to show: what the file says went through `safeText`. */

/** How a text is given a look, where there are any. */
export interface Painter {
  style(style: Look | readonly Look[], text: string): string;
}

type Look = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** Records in a line each, at most. */
export const MAX_LISTED = 50;
/** Characters of one value in such a line. */
const MAX_VALUE = 80;
/** Findings shown to people; `--json` has all that the verifier lists. */
const MAX_SHOWN = 20;

/**
 * A verified evidence file in lines for people, without its records.
 *
 * @param trust what a log stands on, in words.
 */
export function evidenceLines(
  report: EvidenceReport,
  out: Painter,
  trust: (log: LogEvidenceReport) => string = trustWords,
): string[] {
  const { tone, headline, wrong, notices } = wordsOf(report);
  const color = { good: 'green', bad: 'red', open: 'yellow' } as const;
  const lines = [out.style([color[tone], 'bold'], safeText(headline))];
  for (const finding of wrong.slice(0, MAX_SHOWN)) lines.push(...findingLines(finding, out));
  const more = wrong.length - MAX_SHOWN;
  if (more > 0) lines.push(`  … and ${counted(more, 'more finding')}; --json has them`);
  for (const finding of notices.slice(0, MAX_SHOWN)) lines.push(...findingLines(finding, out));
  for (const log of report.logs) lines.push(...logLines(log, trust(log), out));
  if (report.made !== null) lines.push(...madeLines(report.made, report.logs));
  return lines;
}

function findingLines(finding: Finding, out: Painter): string[] {
  const { code, class: grade, expected, actual } = finding;
  const mark = grade === 'fail' ? out.style('red', 'FAIL  ') : out.style('yellow', 'notice');
  const lines = [`  ${mark} ${code}: ${safeText(findingWords(finding))}`];
  if (expected !== null) lines.push(`         expected ${safeText(expected)}`);
  if (actual !== null) lines.push(`         found    ${safeText(actual)}`);
  return lines;
}

function logLines(log: LogEvidenceReport, trust: string, out: Painter): string[] {
  const { origin, size, root, keys, eras, completeness, bounds, certificates, notChecked } = log;
  const lines = [
    out.style('bold', `Log ${safeText(origin)}`),
    `  its newest checkpoint here is of ${counted(size, 'record')}, root ${root}`,
    ...keys.map((key) => `  signed with ${safeText(key)}`),
  ];
  for (const { from, takenOver } of eras.slice(1)) {
    lines.push(
      `  the sealing keys changed at ${counted(from, 'record')}${takenOver ? ': a stand-by took over' : ''}`,
    );
  }
  lines.push(`  ${trust}`);
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
  lines.push(safeText(`  made ${utcText(at)}${by === null ? '' : ` by ${dense(by)}`}, with ${software}`));
  if (query === null) lines.push('  the records were named by their numbers');
  else lines.push(safeText(`  the query was: ${query === '' ? 'everything' : dense(query)}`));
  for (const { node, searched } of logs) {
    if (searched === null || query === null) continue;
    lines.push(safeText(`  it was answered over the first ${counted(searched, 'record')} of ${node}`));
  }
  if (more) lines.push('  more records matched: these are the newest of them');
  return lines;
}

/** Without runs of blanks: what stands behind them would be far off, and narrows a query all the same. */
function dense(text: string): string {
  return text.replace(/\s{5,}/g, (blanks) => ` […${grouped(blanks.length)} blanks…] `);
}

/**
 * Records in a line each, those that the evidence is about; without colours.
 *
 * @param rest where the others are, when there are more than are listed.
 */
export function recordLines({ logs }: EvidenceReport, rest: string): string[] {
  const matches = logs.flatMap(({ records }) => records.filter(({ isMatch }) => isMatch));
  const lines = matches.slice(0, MAX_LISTED).map(recordLine);
  const more = matches.length - MAX_LISTED;
  return more > 0 ? [...lines, `… and ${counted(more, 'more record')}; ${rest}`] : lines;
}

function recordLine({ node, seq, status, problem, record }: ProvenRecord): string {
  const alarm = status === 'verified' ? [] : [`!! ${status.toUpperCase()}: ${problem ?? 'it does not hold'}`];
  const said = record === null ? [] : [utcText(record.time), record.outcome, record.system, record.event];
  const things = record === null ? [] : [actorOf(record), objectOf(record)];
  const cells = [`${node}/${seq}`, ...alarm, ...said, ...things];
  return cells
    .filter((cell) => cell !== '')
    .map(shown)
    .join('  ');
}

/** Who did it, by the first name that the record has for them. */
export function actorOf({ actor }: AuditRecord): string {
  if (actor === undefined) return '';
  const all: Readonly<Record<string, unknown>> = { ...actor };
  return String(all.name ?? all.id ?? Object.values(all)[0] ?? '');
}

/** The first thing it was done to, by its name for people where it has one. */
function objectOf(record: AuditRecord): string {
  const [first, ...others] = deriveObjects(record, Catalogs.builtIn);
  if (first === undefined) return '';
  return `${first.kind} ${first.name ?? first.id}${others.length > 0 ? ` +${others.length}` : ''}`;
}

/** One value of the file's, short, with what could deceive shown as an escape. */
function shown(text: string): string {
  // A surrogate pair is not split: its half would be shown as an escape that is not in the text.
  const part = text.slice(0, MAX_VALUE).replace(/[\ud800-\udbff]$/, '');
  return `${safeText(part)}${text.length > MAX_VALUE ? '…' : ''}`;
}
