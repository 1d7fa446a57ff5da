import { readFileSync, statSync } from 'node:fs';
import { Catalogs } from '../catalog/catalogs.ts';
import { UsageError } from '../errors.ts';
import { type EvidenceOptions, LIMITS, type ProvenRecord } from '../evidence/mod.ts';
import { verifyEvidenceFile } from '../verifier/file.ts';
import { evidenceLines, MAX_LISTED } from '../verifier/lines.ts';
import type { Call } from './command.ts';
import { boundLine } from './evidence-text.ts';
import { VERDICT } from './exit.ts';
import { counted } from './format.ts';
import { existingPin } from './pins.ts';
import { recordLine, titleLine } from './record-line.ts';
import { recordPage } from './record-page.ts';
import { aboutPage } from './verifier-page.ts';
import { timestampRootsOf } from './verify-timestamps.ts';
import { policyOf } from './verify-witnessed.ts';

/** Of a page that holds the evidence. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/**
 * Verifies an evidence file by itself. Exit code 0: it holds; 1: it does not, or what was asked for is not met; 2, and what is
 * thrown: it can't be told, be it only whether it is of the log that was pinned.
 */
export async function evidenceVerify(call: Call): Promise<number> {
  call.expect(1, 1);
  const file = read(call.path(call.operands[0] as string));
  const { report, page } = await verifyEvidenceFile(file, optionsOf(call));
  const { stdout } = call.io;
  if (call.json) await stdout.json({ ...report, page });
  else {
    const matches = report.logs.flatMap(({ records }) => records.filter(({ isMatch }) => isMatch));
    if (call.isSet('records')) await showPages(call, matches);
    else await showLines(call, matches);
    for (const line of evidenceLines(report, stdout)) await stdout.line(line);
    if (page !== null) {
      const { isOwn, text } = await aboutPage(page);
      await stdout.line(
        isOwn
          ? stdout.style('dim', `  ${text}`)
          : `  ${stdout.style('yellow', 'notice')} other-page: ${text}`,
      );
    }
  }
  return VERDICT[report.verdict];
}

function optionsOf(call: Call): EvidenceOptions {
  const key = call.text('key');
  const pin = call.text('pin');
  const policy = policyOf(call);
  const tsaRoots = timestampRootsOf(call);
  return {
    complete: call.isSet('complete'),
    ...(key === undefined ? {} : { keys: [key] }),
    ...(pin === undefined ? {} : { pins: [existingPin(call.path(pin))] }),
    ...(policy === null ? {} : { policy }),
    ...(tsaRoots === null ? {} : { tsaRoots }),
  };
}

/** Throws `UsageError` FILE_UNREADABLE, also for a file that is larger than any evidence. */
function read(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size <= LIMITS.bytes + MAX_PAGE_BYTES) return readFileSync(path);
  } catch (cause) {
    throw new UsageError('FILE_UNREADABLE', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  throw new UsageError('FILE_UNREADABLE', `${path} is larger than an evidence file can be`);
}

async function showLines({ io: { stdout } }: Call, records: readonly ProvenRecord[]): Promise<void> {
  if (records.length === 0) return;
  await stdout.line(titleLine(stdout));
  for (const record of records.slice(0, MAX_LISTED)) {
    await stdout.line(recordLine(record, Catalogs.builtIn, stdout));
  }
  const more = records.length - MAX_LISTED;
  if (more > 0) await stdout.line(`… and ${counted(more, 'more record')}; --records shows all of them`);
  await stdout.line();
}

async function showPages({ io: { stdout } }: Call, records: readonly ProvenRecord[]): Promise<void> {
  for (const record of records) {
    await stdout.write(recordPage(record, Catalogs.builtIn, stdout));
    const bound = boundLine(record);
    if (bound !== null) await stdout.line(bound);
    await stdout.line();
  }
}
