import { readFileSync } from 'node:fs';
import { certificatesInPem } from '../certificates/pem.ts';
import { UsageError } from '../errors.ts';
import type { CertifiedSpan, Report } from '../verify/mod.ts';
import type { Call } from './command.ts';
import { counted } from './format.ts';
import type { Output } from './io.ts';
import { safeText } from './safe-text.ts';

/** Lines for people; `--json` has all. */
const MAX_SHOWN = 20;

/** The certificates to believe that were named; null when none were. Throws `UsageError` FILE_UNREADABLE, USAGE. */
export function trustAnchorsOf(call: Call): readonly Uint8Array[] | null {
  const named = call.text('trust-anchor');
  if (named === undefined) return null;
  if (call.isSet('no-entries') || call.text('from') !== undefined || call.text('to') !== undefined) {
    throw call.usage('--trust-anchor is about a whole log with its records: they name the certificates');
  }
  const file = call.path(named);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    throw new UsageError('FILE_UNREADABLE', `${file} can't be read: ${why}`, { cause });
  }
  const found = certificatesInPem(text);
  if (found.length === 0 || found.includes(null)) {
    throw new UsageError('FILE_UNREADABLE', `${file} holds no certificate in PEM`);
  }
  return found as Uint8Array[];
}

/** Whether a log was to stand on a trust anchor and no record of it does. That alone is no tampering. */
export function lacksAnchor(report: Report, anchors: readonly Uint8Array[] | null): boolean {
  return anchors !== null && (report.certified?.covered ?? 0) === 0;
}

/** Which records were sealed by keys with a certificate that held, and how many were not. */
export function certifiedLines({ certified }: Report, out: Output): string[] {
  if (certified === null) return [];
  const { covered, beyond, spans } = certified;
  if (covered === 0)
    return [
      `  ${out.style('red', 'no record')} stands on a certificate that leads to the trust anchor given`,
    ];
  const holding = spans.filter(({ status }) => status === 'holds');
  const lines = holding.slice(-MAX_SHOWN).map(spanText);
  if (holding.length > lines.length) {
    lines.unshift(`  … and ${holding.length - lines.length} certificates before; --json has them`);
  }
  if (beyond > 0) {
    lines.push(`  the newest ${counted(beyond, 'record')} stand on no certificate that held`);
  }
  return lines;
}

function spanText({ from, to, certificate, anchor, datedTo }: CertifiedSpan): string {
  const dated =
    datedTo === null
      ? "by the log's own clock"
      : datedTo === to
        ? 'dated while it was valid'
        : `up to record ${datedTo - 1} dated while it was valid, then by the log's own clock`;
  const subject = safeText(certificate?.subject ?? '');
  const which = to === from + 1 ? `record ${from}` : `records ${from} to ${to - 1}`;
  return `  ${which} sealed by ${subject}, trust anchor ${safeText(anchor ?? '')} (${dated})`;
}
