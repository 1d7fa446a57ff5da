import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keepCompiled } from '../bin/compiled.js';
import { appendAlone, appendConcurrently, appendInBatches, appendWithIndex } from './append.ts';
import { bareHashing, bareSqlite, benchEntries, fdatasync } from './baselines.ts';
import { type Figure, format } from './measure.ts';
import { proving } from './proofs.ts';
import { disk, searching, verification } from './reading.ts';
import { groupedOrNot, slowToken, twoKeys } from './sealing.ts';
import { readingLines } from './story.ts';
import { vouchedSealing, witnessServer } from './witness.ts';

const values = options();

// As the command line does: what verifies is a process of its own.
keepCompiled();
if (values.help) {
  console.log(`npm run bench -- [--records N] [--dir DIR] [--json]

Measures Tallystick against bare SQLite and bare hashing, in one run on one disk, and prints the ratios.
  --records N   records in the log that is verified and searched; a multiple of 1,000 (default 1,000,000)
  --dir DIR     where to write, to choose the disk (default: the system's temporary directory)
  --json        one JSON document on stdout`);
} else await main(values.records, values.dir);

/** Ends the process with exit code 2 when one is wrong. */
function options(): { records: number; dir?: string; json: boolean; help: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        records: { type: 'string', default: '1000000' },
        dir: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const { dir } = values;
    if (dir !== undefined && !existsSync(dir)) throw new RangeError(`there is no directory ${dir}`);
    const records = Number(values.records);
    if (Number.isSafeInteger(records) && records >= 1_000 && records % 1_000 === 0)
      return { ...values, records };
    throw new RangeError(`--records is ${JSON.stringify(values.records)}; it must be a multiple of 1,000`);
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    process.exit(2);
  }
}

async function main(count: number, parent: string | undefined): Promise<void> {
  const dir = mkdtempSync(join(parent === undefined ? tmpdir() : resolve(parent), 'tallystick-bench-'));
  const figures: Figure[] = [];
  const show = (...more: Figure[]): void => {
    figures.push(...more);
    if (!values.json) for (const figure of more) console.log(format(figure));
  };
  try {
    const sample = Math.min(count, 300_000);
    const disk1 = fdatasync(dir);
    if (!values.json) {
      console.log(
        `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`,
      );
      console.log(`fdatasync of 4 KiB: median ${disk1.p50.toFixed(2)} ms, p99 ${disk1.p99.toFixed(2)} ms\n`);
    }
    const entries = benchEntries(sample);
    const sqlite = (): number => bareSqlite(dir, entries, 1_000);
    const hashing = (): number => bareHashing(entries);
    show(
      { name: 'mean entry', value: entries.reduce((n, e) => n + e.length, 0) / sample, unit: 'B' },
      { name: 'bare SQLite, 1,000 rows a transaction', value: sqlite(), unit: 'records/s' },
      { name: 'bare hashing, SHA-256 of each entry', value: hashing(), unit: 'records/s' },
    );
    show(await appendInBatches(dir, sample, false, sqlite));
    show(await appendInBatches(dir, sample, true, sqlite));
    show(await appendConcurrently(dir, sample, sqlite));
    show(...(await appendAlone(dir)));
    show(await slowToken(dir), await twoKeys(dir));
    show(...(await groupedOrNot(dir)));
    const data = join(dir, 'data');
    show(await appendWithIndex(data, count, sqlite));
    show(...disk(data, count));
    show(...(await verification(data, count, hashing)));
    show(...(await searching(data)));
    show(...(await proving(dir)));
    show(await witnessServer(dir), ...(await vouchedSealing(dir)));
    show(...(await readingLines(dir, Math.min(count, 100_000), sqlite)));
    if (values.json) console.log(JSON.stringify({ fdatasyncMs: disk1, node: process.version, figures }));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
