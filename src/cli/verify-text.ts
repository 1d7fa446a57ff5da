import { findingWords } from '../verify/findings.ts';
import type { Finding, NotChecked, Report, Trust, Verdict } from '../verify/mod.ts';
import { attemptLines } from './attempts-text.ts';
import type { Call } from './command.ts';
import { counted, grouped, utc } from './format.ts';
import { WRITERS_HEAD } from './held.ts';
import type { Output, Style } from './io.ts';
import { safeText } from './safe-text.ts';
import { signatureLines } from './signatures-text.ts';
import type { Verified, VerifiedPrevious } from './verified.ts';
import { certifiedLines } from './verify-certificates.ts';
import { rememberedLines } from './verify-remembered.ts';
import { timestampLines } from './verify-timestamps.ts';
import { witnessedLines } from './verify-witnessed.ts';

/** Findings shown to people; `--json` has all that the verifier lists. */
const MAX_SHOWN = 20;

const TRUST: Readonly<Record<Trust, string>> = {
  'pinned-key': 'pinned key',
  'given-key': 'key given',
  'log-key': "the log's own key, on first use",
  none: 'no key: nothing could be believed',
};

const VERDICTS: Readonly<Record<Verdict, { readonly color: Style; readonly words: string }>> = {
  intact: { color: 'green', words: 'intact' },
  'not-intact': { color: 'red', words: 'NOT INTACT' },
  'not-compared': { color: 'yellow', words: 'NOT COMPARED' },
};

/** The verdict in one line: what was found, on whose trust, and what was not looked at. */
function verdictLine(report: Report, out: Output, remembered: Verified['remembered'] = null): string {
  const { verdict, range, checked, trust, notChecked } = report;
  const total = range.to - range.from;
  const { color, words } = VERDICTS[verdict];
  const parts = [
    `${grouped(checked.records)} of ${counted(total, 'record')}`,
    counted(checked.checkpoints, 'checkpoint'),
    ...(checked.payloads > 0 ? [counted(checked.payloads, 'payload')] : []),
    ...(checked.rows > 0 ? [counted(checked.rows, 'index row')] : []),
  ];
  const left = notChecked.map(({ what }) => what);
  const skipped = left.length > 0 ? `; not checked: ${safeText(left.join(', '))}` : '';
  const compared = isNotCompared(report) ? ', NOT compared with the pin' : '';
  const also = remembered?.holds === true ? `, held to ${WRITERS_HEAD}` : '';
  return `${out.style([color, 'bold'], words)}: ${parts.join(', ')}; trust: ${TRUST[trust]}${compared}${also}${skipped}`;
}

/** Of a part that lies elsewhere, the keys of a pin were of use, and nothing could be held against its tree. */
function isNotCompared({ trust, notChecked }: Pick<Report, 'trust' | 'notChecked'>): boolean {
  return trust === 'pinned-key' && notChecked.some(({ what }) => what === 'the pin');
}

/** Where the sealing keys changed; nothing for a log whose first keys still seal. */
function keyLines({ eras }: Report, out: Output): string[] {
  const changes = eras
    .slice(1)
    .map(({ from, takenOver }) => `${grouped(from)}${takenOver ? ' (a stand-by took over)' : ''}`);
  if (changes.length === 0) return [];
  const shown = changes.slice(-MAX_SHOWN);
  const earlier = changes.length > shown.length ? `${changes.length - shown.length} times before, and ` : '';
  return [out.style('dim', `  sealing keys changed ${earlier}at ${shown.join(', ')} records`)];
}

/** Each finding with its place, what was expected and what was there, failures first. */
function findingLines({ findings }: Report, out: Output): string[] {
  const ranked = findings.toSorted((a, b) => rank(a) - rank(b));
  const lines = ranked.slice(0, MAX_SHOWN).flatMap((finding) => findingText(finding, out));
  const more = ranked.length - MAX_SHOWN;
  return more > 0
    ? [...lines, `  … and ${counted(more, 'more finding', 'more findings')}; --json has them`]
    : lines;
}

function notCheckedLines(notChecked: readonly NotChecked[], out: Output): string[] {
  return notChecked.map(({ what, why }) =>
    out.style('dim', `  not checked: ${safeText(`${what} (${why})`)}`),
  );
}

/** A finding with its place, what was expected and what was there. */
export function findingText(finding: Finding, out: Output): string[] {
  const { code, expected, actual } = finding;
  const mark = finding.class === 'fail' ? out.style('red', 'FAIL  ') : out.style('yellow', 'notice');
  const lines = [`  ${mark} ${code}: ${safeText(findingWords(finding))}`];
  if (expected !== null) lines.push(`         expected ${safeText(expected)}`);
  if (actual !== null) lines.push(`         found    ${safeText(actual)}`);
  return lines;
}

function rank(finding: Finding): number {
  return finding.class === 'fail' ? 0 : 1;
}

/** A verification as it is printed: a document, or the verdict and what stands behind it. */
export async function showReport(
  { json, io }: Call,
  { node, report, signatures, timestamps, previous, remembered, pin }: Verified,
): Promise<void> {
  const { stdout } = io;
  if (json) {
    const { file, status, before } = pin ?? {};
    const pinned =
      pin === null ? null : { file, status, size: before?.size ?? null, savedAt: before?.savedAt ?? null };
    return stdout.json({ node, ...report, signatures, timestamps, previous, remembered, pin: pinned });
  }
  await stdout.line(verdictLine(report, stdout, remembered));
  if (report.origin !== null) {
    await stdout.line(stdout.style('dim', `  ${safeText(report.origin)}, root ${report.root ?? 'unknown'}`));
  }
  for (const line of keyLines(report, stdout)) await stdout.line(line);
  for (const line of findingLines(report, stdout)) await stdout.line(line);
  for (const line of witnessedLines(report, stdout)) await stdout.line(line);
  for (const line of certifiedLines(report, stdout)) await stdout.line(line);
  for (const line of attemptLines(report.attempts, stdout)) await stdout.line(line);
  for (const line of notCheckedLines(report.notChecked, stdout)) await stdout.line(line);
  for (const line of signatures === null ? [] : signatureLines(signatures, stdout)) await stdout.line(line);
  for (const line of timestamps === null ? [] : timestampLines(timestamps, report, stdout))
    await stdout.line(line);
  for (const line of previous === null ? [] : previousLines(previous, stdout)) await stdout.line(line);
  for (const line of rememberedLines({ remembered })) await stdout.line(line);
  for (const line of pinLines(report, pin)) await stdout.line(line);
}

/** Of a copy that is behind: whoever has pinned or cosigned the log since, and not made the copy anew, put nothing back. */
export async function sayItMayLag({ json, io }: Call, report: Report, what: string): Promise<void> {
  if (json || !report.findings.some(({ code }) => code === 'rolled-back')) return;
  await io.stdout.line(`  ${what} looks the same: have it made anew, or look at the log itself.`);
}

/** The log that this one continues, as verified now. */
function previousLines({ place, report, problem }: VerifiedPrevious, out: Output): string[] {
  const { origin, size } = report;
  const what = `${safeText(origin ?? 'no log')}, ${counted(size, 'record')} in ${safeText(place)}`;
  const head =
    problem === null
      ? `  the log it continues is ${what}, and the head quoted is its own`
      : `  ${out.style('red', 'FAIL  ')} the log it continues is not the one given: ${safeText(problem)} (${what})`;
  return [head, `  ${verdictLine(report, out)}`, ...findingLines(report, out)];
}

function pinLines(report: Report, pin: Verified['pin']): string[] {
  if (pin === null) return [];
  const { verdict, findings } = report;
  const file = safeText(pin.file);
  const lines: string[] = [];
  if (pin.before !== null) {
    const { size, savedAt } = pin.before;
    const how = isNotCompared(report) ? 'signed by the keys of, and NOT compared with,' : 'held against';
    lines.push(`  ${how} the pin of ${utc(savedAt)}: ${counted(size, 'record')}`);
  }
  if (pin.status === 'created') {
    lines.push(`  pinned, trusting what was found this first time: ${file}`);
  }
  if (pin.status === 'not-saved') lines.push(`  nothing could be remembered: ${safeText(pin.problem ?? '')}`);
  if (findings.some(({ code }) => code === 'other-log')) {
    lines.push(
      `  If the log was begun anew on purpose, move ${file} away (keep it, it is evidence) and verify again.`,
    );
  } else if (verdict === 'not-intact') {
    lines.push(`  The pin stays as it was: ${file}`);
  }
  return lines;
}
