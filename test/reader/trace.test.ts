import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { indexRow } from '../../src/catalog/row.ts';
import type { LogError } from '../../src/errors.ts';
import { type Filter, matcher } from '../../src/query/mod.ts';
import { type Trace, type TraceableLog, trace } from '../../src/reader/trace.ts';
import type { RecordView, SearchRequest } from '../../src/reader/types.ts';
import type { AuditRecord, Json } from '../../src/record/types.ts';

const SHA1 = 'aa'.repeat(20);
const DIGEST = 'cd'.repeat(32);

function record(seq: number, system: string, event: string, details: Record<string, Json>): AuditRecord {
  const base = { v: 1, node: 'n', seq, logged: seq, source: 's', time: seq, outcome: 'success' } as const;
  return { ...base, system, event, details };
}

/** A log of these records, two to a page; those in `altered` do not hold. */
function logOf(records: readonly AuditRecord[], altered: readonly number[] = []): TraceableLog {
  return {
    async search({ query, cursor, order }: SearchRequest) {
      assert.equal(order, 'oldest');
      const matches = matcher(query as Filter);
      const found = records.filter((one) => matches(one, indexRow(one)));
      const from = Number(cursor ?? 0);
      const views = found.slice(from, from + 2).map(
        (one): RecordView => ({
          node: one.node,
          seq: one.seq,
          status: altered.includes(one.seq) ? 'altered' : 'verified',
          leaf: null,
          record: one,
        }),
      );
      const next = from + 2 < found.length ? String(from + 2) : null;
      return { records: views, next, through: [], scanned: 0 };
    },
  };
}

const test1 = (alias: string, hash: string): string =>
  `KeyTestResult{alias=${alias}, success=true, status=, publicKeyHash=${hash}}`;

/** One key under three names, and another that bears one of them. */
const STORY = [
  record(0, 'xroad', 'Set friendly name to key', { keyId: SHA1.toUpperCase(), keyFriendlyName: 'Seal' }),
  record(1, 'signserver', 'KEYGEN', { KEYALIAS: 'seal', CRYPTOTOKEN: 'HSM1' }),
  record(2, 'signserver', 'KEYGEN', { KEYALIAS: 'seal', CRYPTOTOKEN: 'TEST' }),
  record(3, 'signserver', 'KEYTEST', {
    KEYALIAS: 'all',
    CRYPTOTOKEN: 'HSM1',
    TESTRESULTS: `${test1('seal', SHA1)}\n${test1('other', 'bb'.repeat(20))}\n`,
  }),
  record(4, 'xroad', 'Delete key', { keyId: SHA1, certHash: DIGEST, certHashAlgorithm: 'SHA-256' }),
];

const ids = ({ same }: Trace): string[] => same.map(({ id }) => id);

describe('a thing is followed', () => {
  test('by what one record tells of two names, from either end', async () => {
    for (const start of ['HSM1/seal', SHA1]) {
      const found = await trace(logOf(STORY), 'key', start);
      assert.deepEqual(ids(found).sort(), [SHA1, 'HSM1/seal'].sort());
      assert.equal(found.same[0]?.told, null);
      assert.deepEqual(found.same[1]?.told, { node: 'n', seq: 3, event: 'KEYTEST' });
      assert.equal(found.cut, false);
      const { records } = await logOf(STORY).search({ query: found.filter, order: 'oldest' });
      assert.deepEqual(
        records.map(({ seq }) => seq),
        [0, 1],
      );
    }
  });

  test('what only has the same name is listed apart, never joined', async () => {
    const found = await trace(logOf(STORY), 'key', 'HSM1/seal');
    assert.deepEqual(found.alike, [{ kind: 'key', id: 'TEST/seal', name: 'seal' }]);
    assert.deepEqual(ids(await trace(logOf(STORY), 'key', 'TEST/seal')), ['TEST/seal']);
  });

  test('a name that several bear is not chosen from', async () => {
    const several = await trace(logOf(STORY), 'key', 'seal').catch((error: LogError) => error);
    assert.equal((several as LogError).code, 'LOG_NOT_FOUND');
    assert.match((several as LogError).message, /"TEST\/seal"/);
    const none = await trace(logOf(STORY), 'key', 'nowhere').catch((error: LogError) => error);
    assert.match((none as LogError).message, /no record names a key "nowhere"/);
    assert.deepEqual(ids(await trace(logOf(STORY.slice(1, 2)), 'key', 'SEAL')), ['HSM1/seal']);
  });

  test('only by records that hold', async () => {
    assert.deepEqual(ids(await trace(logOf(STORY, [3]), 'key', 'HSM1/seal')), ['HSM1/seal']);
  });

  test('a report on several keys joins each alias to its own key only', async () => {
    const found = await trace(logOf(STORY), 'key', 'HSM1/other');
    assert.deepEqual(ids(found).sort(), ['HSM1/other', 'bb'.repeat(20)].sort());
  });

  test('within bounds', async () => {
    const chain = Array.from({ length: 200 }, (_, i) =>
      record(i, 'signserver', 'KEYTEST', {
        CRYPTOTOKEN: `T${i}`,
        TESTRESULTS: `${test1('k', i.toString(16).padStart(40, '0'))}\n`,
      }),
    ).flatMap((one, i) => [
      one,
      record(1000 + i, 'signserver', 'KEYTEST', {
        CRYPTOTOKEN: `T${i + 1}`,
        TESTRESULTS: `${test1('k', i.toString(16).padStart(40, '0'))}\n`,
      }),
    ]);
    const found = await trace(logOf(chain), 'key', 'T0/k');
    assert.equal(found.cut, true);
    assert.ok(found.same.length <= 128);
  });
});
