import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FRUGAL, FRUGAL_ENV } from '../bin/frugal.js';
import { openReader } from '../src/open.ts';
import { byTurns, type Figure } from './measure.ts';
import { START } from './records.ts';

/** Verification, search and size of the log at `data`, which holds `count` of the bench's records. */

export async function verification(data: string, count: number, hashing: () => number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const mode of ['plain', 'deep']) {
    let most = 0;
    const { rate, ratio } = await byTurns(hashing, () => {
      const script = join(import.meta.dirname, 'verify-child.ts');
      const env = { ...FRUGAL_ENV, ...process.env };
      const child = execFileSync(process.execPath, [...FRUGAL, script, data, mode], { env });
      const { verdict, rows, ms, rssMiB } = JSON.parse(child.toString()) as {
        verdict: string;
        rows: number;
        ms: number;
        rssMiB: number;
      };
      if (verdict !== 'intact') throw new Error(`the bench's log does not verify: ${verdict}`);
      if (mode === 'deep' && rows < count) throw new Error(`only ${rows} rows of the index were compared`);
      most = Math.max(most, rssMiB);
      return (count / ms) * 1000;
    });
    const deep = mode === 'deep';
    figures.push(
      {
        name: deep
          ? 'verify --deep: canonical form and index rows too'
          : 'verify: entries, tree, tiles, checkpoints',
        value: rate,
        unit: 'records/s',
        ratio: { to: 'bare hashing', value: ratio },
        goal: deep ? 'above 100,000/s' : 'at least 0.4',
        met: deep ? rate > 100_000 : ratio >= 0.4,
      },
      {
        name: `verify${deep ? ' --deep' : ''}, most memory`,
        value: most,
        unit: 'MiB',
        goal: 'below 300',
        met: most < 300,
      },
    );
  }
  return figures;
}

const QUERIES = [
  'event:KEYGEN outcome:failure',
  'actor:"CN=Signer 77,O=Bench"',
  'key:"token-1/key-4711"',
  'hash:00*',
  `time>=2026-10-01T03:00:00Z time<=2026-10-01T04:00:00Z -event:LOGIN`,
  'event:KEY* (outcome:failure OR actor:"*Signer 12*")',
];

export async function searching(data: string): Promise<Figure[]> {
  const reader = await openReader({ data });
  const figures: Figure[] = [];
  const time = async (name: string, limitMs: number, run: () => Promise<unknown>): Promise<void> => {
    await run();
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      await run();
      times.push(performance.now() - start);
    }
    const value = Math.min(...times);
    figures.push({ name, value, unit: 'ms', goal: `below ${limitMs} ms`, met: value < limitMs });
  };
  for (const query of QUERIES)
    await time(`search ${query}`.slice(0, 58), 100, () => reader.search({ query }));
  await time('facets of event over everything', 100, () => reader.facets('', { field: 'event', limit: 20 }));
  await time('facets of actor, failures', 100, () =>
    reader.facets('outcome:failure', { field: 'actor', limit: 20 }),
  );
  await time('facets of object over everything', 100, () =>
    reader.facets('', { field: 'object', limit: 20 }),
  );
  await time('histogram over everything', 100, () =>
    reader.histogram('', { from: START, to: START + 86_400_000, bucketMs: 600_000 }),
  );
  await time('free text that is nowhere: reads the whole log', 3_000, () =>
    reader.search({ query: '"no such words"' }),
  );
  await reader.close();
  return figures;
}

export function disk(data: string, count: number): Figure[] {
  const index = join(data, 'index');
  const truth = readdirSync(data, { withFileTypes: true })
    .filter((f) => f.isFile() && f.name.startsWith('log.db'))
    .reduce((n, f) => n + statSync(join(data, f.name)).size, 0);
  const derived = readdirSync(index).reduce((n, name) => n + statSync(join(index, name)).size, 0);
  return [
    {
      name: 'disk, truth',
      value: truth / count,
      unit: 'B/record',
      goal: 'below 150',
      met: truth / count < 150,
    },
    {
      name: 'disk, index',
      value: derived / count,
      unit: 'B/record',
      goal: 'below 90',
      met: derived / count < 90,
    },
  ];
}
