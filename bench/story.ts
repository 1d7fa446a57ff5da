import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeStory } from '../scripts/story/write.ts';
import { detectDialect } from '../src/dialects/mod.ts';
import { openLog } from '../src/open.ts';
import { FileImport } from '../src/sources/mod.ts';
import type { Baseline } from './append.ts';
import type { Figure } from './measure.ts';

const PIECE = 64 * 1024;

/** Lines of real systems: how fast each dialect reads them, and how fast files of all four go in, index and all. */
export async function readingLines(dir: string, count: number, baseline: Baseline): Promise<Figure[]> {
  const story = join(dir, 'story');
  await writeStory(story, { seed: 'bench', routine: count });
  const logs = join(story, 'logs');
  const figures = readdirSync(logs).map((name) => parsing(join(logs, name), name));
  const base = baseline();
  const { records, seconds } = await importing(dir, logs);
  figures.push({
    name: 'import of all of them: read, sealed, index kept up',
    value: records / seconds,
    unit: 'records/s',
    ratio: { to: 'bare SQLite', value: records / seconds / base },
  });
  return figures;
}

function parsing(path: string, name: string): Figure {
  const bytes = readFileSync(path);
  const dialect = detectDialect(bytes)?.dialect;
  if (dialect === undefined) throw new Error(`the bench's ${name} is of no dialect`);
  const once = (): number => {
    const parser = dialect.parser();
    let records = 0;
    for (let at = 0; at < bytes.length; at += PIECE)
      for (const item of parser.push(bytes.subarray(at, at + PIECE))) if (item.kind === 'record') records++;
    return records + parser.end().length;
  };
  once();
  const start = performance.now();
  const records = once();
  return {
    name: `parse ${dialect.name}, ${Math.round(bytes.length / records)} B a record`,
    value: (records / (performance.now() - start)) * 1000,
    unit: 'records/s',
  };
}

async function importing(dir: string, logs: string): Promise<{ records: number; seconds: number }> {
  const data = join(dir, 'imported');
  const log = await openLog({ data, node: 'bench', state: join(dir, 'imported-state') });
  const start = performance.now();
  let records = 0;
  for (const name of readdirSync(logs)) {
    const path = join(logs, name);
    const dialect = detectDialect(readFileSync(path).subarray(0, PIECE))?.dialect;
    if (dialect === undefined || statSync(path).size === 0) continue;
    const summary = await new FileImport(path, dialect, { log, source: 'bench', unfinished: 'take' }).run();
    records += summary.records;
  }
  await log.search({ limit: 1 });
  const seconds = (performance.now() - start) / 1000;
  await log.close();
  return { records, seconds };
}
