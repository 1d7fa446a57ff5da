import assert from 'node:assert/strict';
import type { Dialect, ParsedItem, ParserOptions } from '../../src/dialects/dialect.ts';
import type { RecordDraft } from '../../src/record/types.ts';
import { checkDraft } from '../../src/record/validate.ts';

export function bytesOf(input: string | Uint8Array): Uint8Array {
  return typeof input === 'string' ? new TextEncoder().encode(input) : input;
}

/** All items of an input, pushed in pieces that end at `cuts`. */
export function parse(
  dialect: Dialect,
  input: string | Uint8Array,
  cuts: readonly number[] = [],
  options: ParserOptions = {},
): ParsedItem[] {
  const bytes = bytesOf(input);
  const parser = dialect.parser(options);
  const items: ParsedItem[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    // A copy that is overwritten afterwards: a parser must not hold on to what was pushed.
    const piece = bytes.slice(from, cut);
    for (const item of parser.push(piece)) items.push(item);
    piece.fill(0x58);
    from = cut;
  }
  items.push(...parser.end());
  return items;
}

/** The records of an input. */
export function records(
  dialect: Dialect,
  input: string | Uint8Array,
  options?: ParserOptions,
): RecordDraft[] {
  return parse(dialect, input, [], options).flatMap(({ record }) => (record === undefined ? [] : [record]));
}

/** The one record of an input. */
export function one(dialect: Dialect, input: string | Uint8Array, options?: ParserOptions): RecordDraft {
  const all = records(dialect, input, options);
  assert.equal(all.length, 1, `${all.length} records`);
  return all[0]!;
}

/** Without the original, for comparison with what is expected. */
export function told({ raw: _raw, ...rest }: RecordDraft): Omit<RecordDraft, 'raw'> {
  return rest;
}

export function rawBytes({ raw }: RecordDraft): Uint8Array {
  assert.ok(raw !== undefined && !('payload' in raw));
  return 'text' in raw ? bytesOf(raw.text) : Uint8Array.from(Buffer.from(raw.base64, 'base64'));
}

/**
 * What holds for any input: items cover it from first to last byte without gap or overlap, every record obeys
 * the rules of a record and gives its bytes back.
 */
export function assertSound(input: string | Uint8Array, items: readonly ParsedItem[], offset = 0): void {
  const bytes = bytesOf(input);
  let at = offset;
  for (const item of items) {
    assert.equal(item.start, at);
    assert.ok(item.end > item.start);
    at = item.end;
    assert.equal(item.record !== undefined, item.kind === 'record');
    if (item.record === undefined) continue;
    checkDraft(item.record);
    assert.deepEqual(rawBytes(item.record), bytes.slice(item.start - offset, item.end - offset));
  }
  assert.equal(at, offset + bytes.length);
}
