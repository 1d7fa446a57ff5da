import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { TallystickError } from '../../src/errors.ts';
import type { AppendResult } from '../../src/log/unit.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import type { SourceLog } from '../../src/sources/mod.ts';

/** A log that keeps what it is given: records and state of one append together, or neither. */
export class FakeLog implements SourceLog {
  readonly records: RecordDraft[] = [];
  readonly values: Map<string, string> = new Map();
  appends = 0;
  /** Called before an append is taken; what it throws refuses the append. */
  before: (records: readonly RecordDraft[]) => void = () => {};
  /** What a record is refused with alone. */
  refuse: (record: RecordDraft) => TallystickError | null = () => null;

  async appendEach(
    records: readonly RecordDraft[],
    { state }: Parameters<SourceLog['appendEach']>[1],
  ): Promise<readonly AppendResult[]> {
    await new Promise(setImmediate);
    this.before(records);
    this.appends++;
    for (const { key, value } of state) this.values.set(key, value as string);
    return records.map((record) => {
      const error = this.refuse(record);
      if (error !== null) return { error };
      this.records.push(record);
      const receipt = { node: 'n', seq: this.records.length, leaf: '', checkpoint: '', duplicate: false };
      return { receipt };
    });
  }

  async state(prefix: string): Promise<ReadonlyMap<string, string>> {
    return new Map([...this.values].filter(([key]) => key.startsWith(prefix)));
  }

  /** The original bytes of all records, one after the other, each as one character. */
  get bytes(): string {
    return this.records.map(rawText).join('');
  }
}

function rawText({ raw }: RecordDraft): string {
  if (raw === undefined || 'payload' in raw) return '';
  return ('text' in raw ? Buffer.from(raw.text) : Buffer.from(raw.base64, 'base64')).toString('latin1');
}

/** A folder that is gone after the test. */
export function folder(t: TestContext): (name: string) => string {
  const path = mkdtempSync(join(tmpdir(), 'tallystick-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return (name) => join(path, name);
}
