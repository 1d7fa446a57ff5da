import { safeJson, safeText } from '../crypto/safe-text.ts';
import { TallystickError } from '../errors.ts';
import type { EvidenceOptions } from '../evidence/mod.ts';
import { type VerifiedFile, verifyEvidenceFile } from './file.ts';
import { evidenceLines, type Painter, recordLines } from './lines.ts';
import { readTrust, type TrustItem, trustName, trustOptions } from './trust.ts';

/** What of Node's `process` the program needs. */
export interface NodeProcess {
  readonly argv: readonly string[];
  readonly stdout: {
    write(text: string): unknown;
    on(event: 'error', listener: (error: unknown) => void): unknown;
  };
  readonly stderr: { write(text: string): unknown };
  exitCode?: number;
  getBuiltinModule(name: 'node:fs'): { readFileSync(file: string): Uint8Array };
}

const USAGE = `usage: node tallystick-verify.js EVIDENCE [TRUST …] [--complete] [--json]

EVIDENCE   an evidence file, JSON or HTML
TRUST      files to stand on: pins, verifier keys, a policy of witnesses, root certificates of time stamp authorities
--complete demands proof that nothing was left out
--json     the report as JSON

It ends with 0 when the evidence holds, 1 when it does not, 2 when it could not be told: nothing could be verified, or it
could not be compared with the pin.
`;

const EXIT = { intact: 0, 'not-intact': 1, 'not-compared': 2 } as const;

/** Verifies files that are named on Node's command line; the exit code. */
export async function runProgram(process: NodeProcess): Promise<number> {
  // Whoever reads no further has read enough.
  process.stdout.on('error', (error) => {
    if ((error as { code?: unknown } | null)?.code !== 'EPIPE') throw error;
  });
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
    process.stdout.write(isJson ? `${safeJson(verified, 2)}\n` : reportText(verified, items));
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

const PLAIN: Painter = { style: (_, text) => text };

/** The report for people, as the command line has it. */
function reportText({ report, page }: VerifiedFile, items: readonly TrustItem[]): string {
  const records = recordLines(report, '--json has all of them');
  const lines = [...records, ...(records.length > 0 ? [''] : []), ...evidenceLines(report, PLAIN)];
  for (const item of items) lines.push(safeText(`given: ${trustName(item)}`));
  if (page !== null) lines.push(`the page around it, not checked here, has SHA-256 ${page}`);
  return `${lines.join('\n')}\n`;
}
