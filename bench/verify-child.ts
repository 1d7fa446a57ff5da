import { readFileSync } from 'node:fs';
import { beFrugal } from '../bin/frugal.js';
import { openReader } from '../src/open.ts';

/** KiB. Of this program alone: what getrusage(2) counts includes the parent's memory at the time of the fork. */
function mostMemory(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
}

/** Verifies the log in a process of its own, as frugal as that of the command. argv: data directory, `deep` or not. */
beFrugal();
const [data, mode] = process.argv.slice(2);
const deep = mode === 'deep';
const reader = await openReader({ data: data as string, index: deep });
const start = performance.now();
const report = await reader.verify({ deep });
const ms = performance.now() - start;
await reader.close();
console.log(
  JSON.stringify({
    verdict: report.verdict,
    records: report.checked.records,
    rows: report.checked.rows,
    ms,
    rssMiB: mostMemory() / 1024,
  }),
);
