import type { SignatureFinding, SignatureReport } from '../signatures/mod.ts';
import { counted, grouped } from './format.ts';
import type { Output } from './io.ts';
import { safeText } from './safe-text.ts';

/** Lines of a class shown to people, and numbers of records in one; `--json` has all that are listed. */
const MAX_SHOWN = 20;

/** What the signatures in the records came to, the false ones first, then why others could not be checked. */
export function signatureLines({ counts, certificates, findings }: SignatureReport, out: Output): string[] {
  const { ok, 'does-not-match': wrong } = counts;
  const total = Object.values(counts).reduce((a, b) => a + b, 0);
  const parts = [
    `${grouped(ok)} of ${counted(total, 'signature')} in the records hold`,
    ...(wrong > 0
      ? [out.style(['red', 'bold'], `${grouped(wrong)} ${wrong === 1 ? 'DOES' : 'DO'} NOT MATCH`)]
      : []),
    ...(total - ok - wrong > 0 ? [`${grouped(total - ok - wrong)} not checkable`] : []),
  ];
  const shown = findings.filter(({ verdict }) => verdict === 'does-not-match').slice(0, MAX_SHOWN);
  return [
    `${parts.join(', ')}; ${counted(certificates, 'certificate')} given`,
    ...shown.map((finding) => wrongLine(finding, out)),
    ...more(wrong - shown.length, 'signature does not match', 'signatures do not match'),
    ...uncheckedLines(findings, total - ok - wrong, out),
  ];
}

function wrongLine(finding: SignatureFinding, out: Output): string {
  const { seq, message } = finding;
  return `  ${out.style('red', 'FAIL  ')} record ${seq}: signature does not match: ${safeText(message)}${keyText(finding)}`;
}

/** A line for each reason and key, with the records it is about. */
function uncheckedLines(findings: readonly SignatureFinding[], total: number, out: Output): string[] {
  const byReason = new Map<string, number[]>();
  let listed = 0;
  for (const finding of findings) {
    if (finding.verdict === 'does-not-match') continue;
    const reason = `${safeText(finding.message)}${keyText(finding)}`;
    const seqs = byReason.get(reason) ?? [];
    byReason.set(reason, seqs);
    seqs.push(finding.seq);
    listed++;
  }
  const shown = [...byReason].slice(0, MAX_SHOWN);
  const hidden = [...byReason].slice(MAX_SHOWN).flatMap(([, seqs]) => seqs).length;
  return [
    ...shown.map(([reason, seqs]) => out.style('dim', `  not checkable: ${reason}: ${numbers(seqs)}`)),
    ...more(total - listed + hidden, 'signature not checkable', 'signatures not checkable'),
  ];
}

function numbers(seqs: readonly number[]): string {
  const text = seqs.slice(0, MAX_SHOWN).join(', ');
  const rest = seqs.length - MAX_SHOWN;
  return `${seqs.length === 1 ? 'record' : 'records'} ${text}${rest > 0 ? ` and ${grouped(rest)} more` : ''}`;
}

function more(count: number, one: string, several: string): string[] {
  return count > 0 ? [`  … and ${counted(count, `more ${one}`, `more ${several}`)}`] : [];
}

function keyText({ keyAlias, keyId }: SignatureFinding): string {
  const names = [keyAlias, keyId].filter((name) => name !== null);
  return names.length === 0 ? '' : ` (key ${safeText(names.join(', '))})`;
}
