/** Columns of rows as they should be. A file that was tampered with may hold anything anywhere. */

import type { SQLOutputValue } from 'node:sqlite';
import { damaged } from './errors.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** A count: 0 to 2^53 - 1. Throws `StoreError` STORE_DAMAGED for anything else, as do the others here. */
export function count(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong(column);
  return value;
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw wrong(column);
  return value;
}

/** @param bytes the exact length, when there is one. */
export function blob(row: Row, column: string, bytes?: number): Uint8Array<ArrayBuffer> {
  const value = row[column];
  if (!(value instanceof Uint8Array) || (bytes !== undefined && value.length !== bytes)) throw wrong(column);
  return value as Uint8Array<ArrayBuffer>;
}

function wrong(column: string): Error {
  return damaged('log.db', `a value in column ${column} is none that was ever written`);
}
