import { safeText } from '../crypto/safe-text.ts';
import { TallystickError } from '../errors.ts';
import type { EvidenceOptions } from '../evidence/mod.ts';
import { findingWords } from '../verify/findings.ts';
import { type VerifiedFile, verifyEvidenceFile } from './file.ts';
import { readTrust, type TrustItem, trustName, trustOptions } from './trust.ts';
import {
  boundWords,
  checkedWords,
  completenessWords,
  notCheckedWords,
  rangeWords,
  trustWords,
  wordsOf,
} from './words.ts';

/** What of Node's `process` the program needs. */
export interface NodeProcess {
  readonly argv: readonly string[];
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  exitCode?: number;
  getBuiltinModule(name: 'node:fs'): { readFileSync(file: string): Uint8Array };
}

const USAGE = `usage: node tallystick-verify.js EVIDENCE [TRUST …] [--complete] [--json]

EVIDENCE   an evidence file, JSON or HTML
TRUST      files to stand on: a pin, verifier keys, a policy of witnesses, root certificates of time stamp authorities
--complete demands proof that nothing was left out
--json     the report as JSON

It ends with 0 when the evidence holds, 1 when it does not, 2 when it could not be told: nothing could be verified, or it
could not be compared with the pin.
`;

const EXIT = { intact: 0, 'not-intact': 1, 'not-compared': 2 } as const;

/** Verifies files that are named on Node's command line; the exit code. */
export async function runProgram(process: NodeProcess): Promise<number> {
  const args = process.argv.slice(2);
  const flags = args.filter((arg) => arg.startsWith('--'));
  const [file, ...trust] = args.filter((arg) => !arg.startsWith('--'));
  if (file === undefined || flags.some((flag) => flag !== '--complete' && flag !== '--json')) {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    const fs = process.getBuiltinModule('node:fs');
    const items = trust.map((path) => trustIn(path, fs.readFileSync(path)));
    const options: EvidenceOptions = { ...trustOptions(items), complete: flags.includes('--complete') };
    const verified = await verifyEvidenceFile(fs.readFileSync(file), options);
    const isJson = flags.includes('--json');
    process.stdout.write(isJson ? `${JSON.stringify(verified, null, 2)}\n` : reportText(verified, items));
    return EXIT[verified.report.verdict];
  } catch (error) {
    const isKnown =
      error instanceof TallystickError || (error as { code?: unknown } | null)?.code !== undefined;
    if (!isKnown) throw error;
    process.stderr.write(`${safeText((error as Error).message)}\n`);
    return 2;
  }
}

function trustIn(path: string, bytes: Uint8Array): TrustItem {
  try {
    return readTrust(bytes);
  } catch (error) {
    if (error instanceof TallystickError) error.message = `${path}: ${error.message}`;
    throw error;
  }
}

/** The report for people. */
function reportText({ report, page }: VerifiedFile, items: readonly TrustItem[]): string {
  const { headline, wrong, notices } = wordsOf(report);
  const lines = [headline];
  for (const finding of wrong) lines.push(`  FAIL   ${finding.code}: ${findingWords(finding)}`);
  for (const finding of notices) lines.push(`  notice ${finding.code}: ${findingWords(finding)}`);
  for (const log of report.logs) {
    lines.push(`${log.origin}: ${log.size} records, root ${log.root}`);
    lines.push(`  ${trustWords(log)}`);
    for (const key of log.keys) lines.push(`  signed by ${key}`);
    lines.push(`  ${completenessWords(log)}`);
    const range = rangeWords(log.completeness);
    if (range !== null) lines.push(`  ${range}`);
    for (const what of checkedWords(log)) lines.push(`  checked: ${what}`);
    for (const bound of log.bounds) lines.push(`  the first ${bound.size} records ${boundWords(bound)}`);
    for (const each of log.notChecked) lines.push(`  not checked: ${notCheckedWords(each)}`);
  }
  for (const item of items) lines.push(`given: ${trustName(item)}`);
  if (page !== null) lines.push(`the page around it, not checked here, has SHA-256 ${page}`);
  return `${lines.map(safeText).join('\n')}\n`;
}
