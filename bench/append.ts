import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditLog } from '../src/audit-log.ts';
import { type OpenLogOptions, openLog } from '../src/open.ts';
import { byTurns, type Figure, quantile } from './measure.ts';
import { BenchRecords } from './records.ts';

/** Measures bare SQLite, records/s. */
export type Baseline = () => number;

const BATCH = 1_000;
/** Batches made up at a time. */
const CHUNK = 50;
/** Batches under way at once: enough that making the next overlaps with committing the last. */
const DEPTH = 8;
const CALLERS = 1_024;

/** Runs an append load on a fresh log and leaves the log for what comes after, unless `keep` is false. */
export async function onFreshLog<T>(
  data: string,
  options: Partial<OpenLogOptions>,
  run: (log: AuditLog) => Promise<T>,
): Promise<T> {
  rmSync(data, { recursive: true, force: true });
  const log = await openLog({ data, node: 'bench', state: join(data, 'state'), ...options });
  try {
    return await run(log);
  } finally {
    await log.close();
  }
}

/** Appends `count` records, a thousand to an append, each answered durable and sealed. Returns ms. */
async function load(log: AuditLog, count: number, ids: boolean): Promise<number> {
  const records = new BenchRecords({ ids });
  let ms = 0;
  const running: Promise<unknown>[] = [];
  for (let done = 0; done < count; done += BATCH * CHUNK) {
    // Neither making up the records nor clearing up after it is what is measured.
    const batches = Array.from({ length: Math.min(CHUNK, (count - done) / BATCH) }, () =>
      records.batch(BATCH),
    );
    globalThis.gc?.();
    const start = performance.now();
    for (const batch of batches) {
      running.push(log.append(batch, { source: 'bench' }));
      if (running.length >= DEPTH) await running.shift();
    }
    await Promise.all(running.splice(0));
    ms += performance.now() - start;
  }
  return ms;
}

export async function appendInBatches(
  dir: string,
  count: number,
  ids: boolean,
  baseline: Baseline,
): Promise<Figure> {
  const { rate, ratio } = await byTurns(baseline, () =>
    onFreshLog(
      join(dir, 'append'),
      { index: false },
      async (log) => (count / (await load(log, count, ids))) * 1000,
    ),
  );
  return {
    name: `append, 1,000 a batch, ${ids ? 'with ids' : 'no ids'}, no index`,
    value: rate,
    unit: 'records/s',
    ratio: { to: 'bare SQLite', value: ratio },
    ...(ids ? {} : { goal: 'at least 0.4', met: ratio >= 0.4 }),
  };
}

/** The index keeps up: the clock stops when a search would be complete. Leaves the log at `data`. */
export async function appendWithIndex(data: string, count: number, baseline: Baseline): Promise<Figure> {
  const { rate, ratio } = await byTurns(baseline, () =>
    onFreshLog(data, {}, async (log) => {
      const ms = await load(log, count, false);
      const start = performance.now();
      await log.search({ limit: 1 });
      return (count / (ms + performance.now() - start)) * 1000;
    }),
  );
  return {
    name: 'append, 1,000 a batch, no ids, index kept up',
    value: rate,
    unit: 'records/s',
    ratio: { to: 'bare SQLite', value: ratio },
    goal: 'at least 0.2 and 100,000/s',
    met: ratio >= 0.2 && rate > 100_000,
  };
}

/** 1,024 callers, each with one record at a time. Returns records/s. */
export async function concurrently(log: AuditLog, count: number): Promise<number> {
  const records = new BenchRecords().batch(Math.min(count, 20_000));
  let next = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (next < count)
        await log.append(records[next++ % records.length] as (typeof records)[number], { source: 'bench' });
    }),
  );
  return (count / (performance.now() - start)) * 1000;
}

export async function appendConcurrently(dir: string, count: number, baseline: Baseline): Promise<Figure> {
  const { rate, ratio } = await byTurns(baseline, () =>
    onFreshLog(join(dir, 'append'), { index: false }, (log) => concurrently(log, count)),
  );
  return {
    name: 'append, 1,024 callers with one record each',
    value: rate,
    unit: 'records/s',
    ratio: { to: 'bare SQLite', value: ratio },
    goal: 'above 40,000/s',
    met: rate > 40_000,
  };
}

/** One record at a time on a log that does nothing else. */
export async function appendAlone(dir: string): Promise<Figure[]> {
  const times = await onFreshLog(join(dir, 'append'), {}, async (log) => {
    const records = new BenchRecords();
    const found: number[] = [];
    for (let i = 0; i < 550; i++) {
      const record = records.next();
      const start = performance.now();
      await log.append(record, { source: 'bench' });
      if (i >= 50) found.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return found;
  });
  const p99 = quantile(times, 0.99);
  return [
    { name: 'append of one record, idle log, median', value: quantile(times, 0.5), unit: 'ms' },
    {
      name: 'append of one record, idle log, p99',
      value: p99,
      unit: 'ms',
      goal: 'below 10 ms',
      met: p99 < 10,
    },
  ];
}
