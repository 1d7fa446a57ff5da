import { hash } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { completeEntry, encodeRecord } from '../src/record/mod.ts';
import { quantile } from './measure.ts';
import { BenchRecords } from './records.ts';

/** What the numbers are compared with, measured in the same run on the same disk. */

/** ms: how long the disk takes to make 4 KiB at the end of a file durable. */
export function fdatasync(dir: string): { readonly p50: number; readonly p99: number } {
  const file = join(dir, 'fdatasync');
  const fd = openSync(file, 'w');
  const block = Buffer.alloc(4096, 1);
  const times: number[] = [];
  for (let i = 0; i < 300; i++) {
    writeSync(fd, block);
    const start = performance.now();
    fdatasyncSync(fd);
    times.push(performance.now() - start);
  }
  closeSync(fd);
  unlinkSync(file);
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** The entries of the bench's records, as the log would make them. */
export function benchEntries(count: number): Buffer[] {
  const records = new BenchRecords();
  const salt = (): Uint8Array => new Uint8Array(16);
  return Array.from({ length: count }, (_, seq) => {
    const encoded = encodeRecord(records.next(), { node: 'bench', source: 'bench' }, salt);
    return Buffer.from(completeEntry(encoded, 1_790_000_000_000 + seq, seq));
  });
}

/** Records/s of bare SQLite: the same bytes, a row each, WAL with synchronous=FULL; no hash, no signature, no index. */
export function bareSqlite(dir: string, entries: readonly Buffer[], batch: number): number {
  const file = join(dir, 'bare.db');
  const db = new DatabaseSync(file);
  db.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE entries (seq INTEGER PRIMARY KEY, entry BLOB) STRICT',
  );
  const insert = db.prepare('INSERT INTO entries VALUES (?, ?)');
  const start = performance.now();
  for (let from = 0; from < entries.length; from += batch) {
    db.exec('BEGIN IMMEDIATE');
    for (let seq = from; seq < Math.min(from + batch, entries.length); seq++)
      insert.run(seq, entries[seq] as Buffer);
    db.exec('COMMIT');
  }
  const rate = (entries.length / (performance.now() - start)) * 1000;
  db.close();
  rmSync(file);
  return rate;
}

/** Records/s of hashing each entry once with SHA-256 and keeping nothing. */
export function bareHashing(entries: readonly Buffer[]): number {
  const start = performance.now();
  for (const entry of entries) hash('sha256', entry, 'hex');
  return (entries.length / (performance.now() - start)) * 1000;
}
