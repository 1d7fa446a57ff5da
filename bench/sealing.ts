import { join } from 'node:path';
import type { AuditLog } from '../src/audit-log.ts';
import type { RecordDraft } from '../src/record/mod.ts';
import { SoftwareToken } from '../src/tokens/software.ts';
import { FaultyToken } from '../test/tokens/faulty.ts';
import { concurrently, onFreshLog } from './append.ts';
import { fdatasync } from './baselines.ts';
import { byTurns, type Figure } from './measure.ts';
import { BenchRecords } from './records.ts';

/** What sealing costs: a key that answers slowly, several keys, a seal for each record. */

const TOKEN = 'bench-token';
const BATCH = 1_000;
/** Appends in a round, made up of these over and over, so that nothing but appending is measured. */
const APPENDS = 100;
const MADE = 50;
/** Appends under way at once: as many records as fill the batch that is being sealed, and the next one. */
const DEPTH = 24;
/** Many short rounds by turns: two rates are compared that are nearly the same, and the machine may be shared. */
const ROUNDS = { rounds: 9 };

/** Appends a thousand records at a time. Returns records/s. */
async function fill(log: AuditLog, batches: readonly RecordDraft[][]): Promise<number> {
  globalThis.gc?.();
  const running: Promise<unknown>[] = [];
  const start = performance.now();
  for (let i = 0; i < APPENDS; i++) {
    running.push(log.append(batches[i % batches.length] as RecordDraft[], { source: 'bench' }));
    if (running.length >= DEPTH) await running.shift();
  }
  await Promise.all(running);
  return ((APPENDS * BATCH) / (performance.now() - start)) * 1000;
}

/** A log whose keys are in a token that can be told to be slow. */
function withToken<T>(
  dir: string,
  run: (log: AuditLog, token: FaultyToken, round: () => Promise<number>) => Promise<T>,
): Promise<T> {
  const token = new FaultyToken(new SoftwareToken({ name: TOKEN, path: join(dir, 'token') }));
  return onFreshLog(join(dir, 'append'), { index: false, tokens: [token] }, (log) => {
    const records = new BenchRecords();
    const batches = Array.from({ length: MADE }, () => records.batch(BATCH));
    return run(log, token, () => fill(log, batches));
  });
}

/** A key that takes 10 ms to sign, as one in a device may, against the same key at its own speed. */
export function slowToken(dir: string): Promise<Figure> {
  return withToken(dir, async (log, token, round) => {
    const key = { token: TOKEN, alias: 'slow' };
    await log.keys.generate({ ...key, spec: 'ed25519' });
    await log.keys.select({ keys: [key] });
    const taking = async (ms: number): Promise<number> => {
      token.delayMs = ms;
      return round();
    };
    await taking(0);
    const { base, rate, ratio } = await byTurns(
      () => taking(0),
      () => taking(10),
      ROUNDS,
    );
    return {
      ...{ name: 'append, 1,000 a batch, 10 ms a signature', value: rate, unit: 'records/s' },
      ratio: { to: `the key itself (${Math.round(base)}/s)`, value: ratio },
      ...{ goal: 'at least 0.85', met: ratio >= 0.85 },
    };
  });
}

/** Sealed by a key of a device's kind and a post-quantum one, against the first alone. */
export function twoKeys(dir: string): Promise<Figure> {
  return withToken(dir, async (log, _, round) => {
    const [one, two] = [
      { token: TOKEN, alias: 'p256' },
      { token: TOKEN, alias: 'ml-dsa' },
    ];
    await log.keys.generate({ ...one, spec: 'ecdsa-p256' });
    await log.keys.generate({ ...two, spec: 'ml-dsa-44' });
    const sealedBy = async (...keys: (typeof one)[]): Promise<number> => {
      await log.keys.select({ keys });
      return round();
    };
    await sealedBy(one, two);
    const { base, rate, ratio } = await byTurns(
      () => sealedBy(one),
      () => sealedBy(one, two),
      ROUNDS,
    );
    return {
      ...{ name: 'append, 1,000 a batch, P-256 and ML-DSA-44', value: rate, unit: 'records/s' },
      ratio: { to: `P-256 alone (${Math.round(base)}/s)`, value: ratio },
    };
  });
}

/** A seal for each record against one for as many as have come, beside what the disk would allow if each was synced alone. */
export async function groupedOrNot(dir: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, count, options } of [
    { name: '1,024 callers, each record sealed alone (maxBatch: 1)', count: 2_000, options: { maxBatch: 1 } },
    { name: '1,024 callers, grouped (the default)', count: 50_000, options: {} },
  ]) {
    const { base, rate, ratio } = await byTurns(
      () => 1_000 / fdatasync(dir).p50,
      () => onFreshLog(join(dir, 'append'), { index: false, ...options }, (log) => concurrently(log, count)),
    );
    figures.push({
      ...{ name, value: rate, unit: 'records/s' },
      ratio: { to: `one fdatasync each (${(1_000 / base).toFixed(2)} ms)`, value: ratio },
    });
  }
  return figures;
}
