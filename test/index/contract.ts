import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type IndexRow, indexRow } from '../../src/catalog/row.ts';
import { IndexError, QueryError } from '../../src/errors.ts';
import type { Hit, RecordIndex, Through } from '../../src/index/index.ts';
import { type Filter, parseQuery, rowMatcher } from '../../src/query/mod.ts';
import type { AuditRecord } from '../../src/record/mod.ts';
import type { RowPage } from '../../src/verify/mod.ts';
import { filters } from '../query/filters.ts';
import { runs } from '../runs.ts';
import { bundle, records, text } from './samples.ts';

const ALL: Filter = { kind: 'all' };

const unavailable = { name: IndexError.name, code: 'INDEX_UNAVAILABLE' };
const invalid = { name: QueryError.name, code: 'QUERY_INVALID' };

/** What every driver of `RecordIndex` does. */
export function indexContract(name: string, open: () => Promise<RecordIndex>): void {
  describe(`${name}: adding`, () => {
    let index: RecordIndex;
    const [some = []] = fc.sample(records('n1', { min: 30, max: 30 }), { numRuns: 1, seed: 1 });
    before(async () => {
      index = await open();
    });
    after(() => index.close());

    test('an empty index holds nothing and answers', async () => {
      assert.equal(await index.position('n1'), 0);
      assert.equal(await index.count(ALL, new Map()), 0);
      assert.deepEqual(await collectRows(index.rows('n1', 0, 10)), []);
    });

    test('positions advance node by node; a gap, an overlap or another record is refused and changes nothing', async () => {
      await index.add('n1', 0, bundle(some.slice(0, 10)));
      await index.add('n1', 10, new Uint8Array());
      assert.equal(await index.position('n1'), 10);
      assert.equal(await index.position('n2'), 0);
      for (const from of [0, 9, 11]) {
        await assert.rejects(index.add('n1', from, bundle(some.slice(from, from + 1))), unavailable);
      }
      await assert.rejects(index.add('n1', 10, bundle(some.slice(11, 12))), unavailable);
      await assert.rejects(index.add('n2', 0, bundle(some.slice(0, 1))), unavailable);
      await assert.rejects(index.add('n1', 10, bundle(some.slice(10, 12)).subarray(0, -1)), unavailable);
      assert.equal(await index.position('n1'), 10);
      assert.equal(await index.position('n2'), 0);
    });

    test('an entry that is no record is refused, the ones before it with it', async () => {
      const { seq: _, ...rest } = some[11] as AuditRecord;
      for (const bad of [rest, { ...some[11], time: '5' }, { ...some[11], objects: [{}] }, [], null]) {
        await assert.rejects(index.add('n1', 10, bundle([some[10]!, bad as AuditRecord])), unavailable);
        assert.equal(await index.position('n1'), 10);
      }
      await index.add('n1', 10, bundle(some.slice(10)));
      assert.deepEqual(
        await collectRows(index.rows('n1', 0, 100)),
        some.map((record) => indexRow(record)),
      );
    });

    test('records that look alike when their texts are joined are told apart', async () => {
      const objects = [
        [
          { kind: 'a', id: 'b' },
          { kind: 'k', id: 'i' },
          { kind: 'p', id: 'q' },
        ],
        [
          { kind: 'a', id: 'b', name: '' },
          { kind: '', id: 'k', name: 'i' },
          { kind: '', id: '', name: 'p' },
          { kind: 'q', id: '', name: '' },
        ],
      ].map((objects) => ({ objects }));
      const others = [
        { outcome: 'void', component: 'late' },
        { outcome: 'void', module: '', component: '', flags: ['late'] },
      ] as const;
      const base = { v: 1, node: 'n3', logged: 1, time: 1, system: 'x', source: 's', event: 'E' } as const;
      const alike = [...objects, ...others].map(
        (members, seq): AuditRecord => ({ outcome: 'success', ...base, seq, ...members }),
      );
      await index.add('n3', 0, bundle(alike));
      assert.deepEqual(
        await collectRows(index.rows('n3', 0, 9)),
        alike.map((record) => indexRow(record)),
      );
    });

    test("the caller's bytes are left alone", async () => {
      const more = { ...(some.at(-1) as AuditRecord), seq: 30 };
      const framed = new Uint8Array([9, 9, ...bundle([more]), 9]);
      await index.add('n1', 30, framed.subarray(2, -1));
      assert.deepEqual(framed, new Uint8Array([9, 9, ...bundle([more]), 9]));
    });

    test('reset drops everything', async () => {
      await index.reset();
      assert.equal(await index.position('n1'), 0);
      assert.equal(await index.count(ALL, new Map()), 0);
      await index.add('n1', 0, bundle(some));
      assert.equal(await index.count(ALL, new Map([['n1', 30]])), 30);
    });
  });

  describe(`${name}: asking`, () => {
    let index: RecordIndex;
    const nodes = ['n1', 'N0', 'n.2'];
    const logs = nodes.map((node, i) => {
      const [log = []] = fc.sample(records(node, { min: 120, max: 120 }), { numRuns: 1, seed: 10 + i });
      return log;
    });
    const all = logs.flat().map((record) => indexRow(record));
    const through: Through = new Map(nodes.map((node) => [node, 120]));

    before(async () => {
      index = await open();
      // Interleaved, in pieces of different sizes.
      for (let at = 0; at < 120; at += 40) {
        for (const [i, node] of nodes.entries()) {
          await index.add(node, at, bundle(logs[i]!.slice(at, at + 15)));
          await index.add(node, at + 15, bundle(logs[i]!.slice(at + 15, at + 40)));
        }
      }
    });
    after(() => index.close());

    function expected(filter: Filter, sizes: Through = through): Hit[] {
      const matches = rowMatcher(filter);
      return all
        .filter((row) => row.seq < (sizes.get(row.node) ?? 0) && matches(row))
        .map(({ node, seq, logged }) => ({ node, seq, logged }))
        .sort(
          (a, b) => a.logged - b.logged || (a.node < b.node ? -1 : Number(a.node > b.node)) || a.seq - b.seq,
        );
    }

    const anyFilter = filters({
      text: fc.oneof({ weight: 20, arbitrary: text }, { weight: 1, arbitrary: fc.constant('\ud83d') }),
      time: fc.oneof(fc.integer({ min: 0, max: 130 }), fc.constantFrom(...all.map((row) => row.logged))),
      scanned: false,
    });

    test('any filter finds what its meaning says', async () => {
      await fc.assert(
        fc.asyncProperty(anyFilter, async (filter) => {
          const hits = expected(filter);
          assert.equal(await index.count(filter, through), hits.length);
          assert.deepEqual(await index.search({ filter, through, order: 'oldest', limit: 1_000 }), hits);
          const newest = await index.search({ filter, through, order: 'newest', limit: 1_000 });
          assert.deepEqual(newest, hits.toReversed());
        }),
        { numRuns: runs(150) },
      );
    });

    test('pages cover every match exactly once, in both orders, over any part of the logs', async () => {
      const sizes = fc.array(fc.nat(120), { minLength: 0, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(anyFilter, sizes, fc.integer({ min: 1, max: 90 }), async (filter, to, limit) => {
          const part = new Map(to.map((size, i) => [nodes[i]!, size]));
          for (const order of ['oldest', 'newest'] as const) {
            const found: Hit[] = [];
            for (;;) {
              const last = found.at(-1);
              const page = await index.search({
                filter,
                through: part,
                order,
                limit,
                ...(last === undefined ? {} : { after: last }),
              });
              found.push(...page);
              if (page.length < limit) break;
            }
            const hits = expected(filter, part);
            assert.deepEqual(found, order === 'oldest' ? hits : hits.toReversed());
          }
        }),
        { numRuns: runs(30) },
      );
    });

    test('facets count each record once for each value', async () => {
      const fields = ['system', 'source', 'event', 'action', 'outcome', 'module', 'component'] as const;
      for (const field of [...fields, 'actor', 'ip', 'node', 'flag', 'object'] as const) {
        const filter = parseQuery('-outcome:failure');
        const facets = await index.facets({ filter, through, field, limit: 1_000 });
        const counts = new Map<string, number>();
        for (const row of all.filter(rowMatcher(filter))) {
          const values =
            field === 'object'
              ? [...new Set(row.objects.map(({ kind, id }) => JSON.stringify([kind, id])))].map((pair) =>
                  JSON.parse(pair).join(':'),
                )
              : [...new Set(field === 'flag' ? row.flags : [row[field]])];
          for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
        }
        assert.deepEqual(new Map(facets.map(({ value, count }) => [value, count])), counts, field);
        const order = facets.toSorted(
          (a, b) => b.count - a.count || Buffer.compare(Buffer.from(a.value), Buffer.from(b.value)),
        );
        assert.deepEqual(facets, order, field);
        const first = await index.facets({ filter, through, field, limit: 2 });
        assert.deepEqual(first, facets.slice(0, 2), field);
      }
    });

    test('a histogram has the matches between its ends, both included', async () => {
      const bounds = fc.tuple(fc.nat(60), fc.nat(60), fc.integer({ min: 1, max: 30 }), anyFilter);
      await fc.assert(
        fc.asyncProperty(bounds, async ([a, b, bucketMs, filter]) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          const buckets = await index.histogram({ filter, through, from, to, bucketMs });
          const matches = rowMatcher(filter);
          const within = all.filter((row) => row.time >= from && row.time <= to && matches(row));
          const counts = new Map<string, number>();
          for (const { time, outcome } of within) {
            const key = `${from + Math.floor((time - from) / bucketMs) * bucketMs} ${outcome}`;
            counts.set(key, (counts.get(key) ?? 0) + 1);
          }
          assert.deepEqual(new Map(buckets.map((x) => [`${x.start} ${x.outcome}`, x.count])), counts);
          assert.deepEqual(
            buckets,
            buckets.toSorted((x, y) => x.start - y.start || (x.outcome < y.outcome ? -1 : 1)),
          );
        }),
        { numRuns: runs(30) },
      );
    });

    test('rows come back as they were derived', async () => {
      for (const [i, node] of nodes.entries()) {
        assert.deepEqual(
          await collectRows(index.rows(node, 0, 1_000)),
          logs[i]!.map((record) => indexRow(record)),
        );
        assert.deepEqual(
          await collectRows(index.rows(node, 17, 63)),
          logs[i]!.slice(17, 63).map((record) => indexRow(record)),
        );
        assert.deepEqual(await collectRows(index.rows(node, 120, 130)), []);
      }
    });

    test('rows may be left before their end', async () => {
      for await (const rows of index.rows('n1', 0, 120)) if (rows.length > 0) break;
      assert.equal(await index.count(ALL, through), 360);
    });

    test('a question beyond what it holds, or that it cannot answer, is refused', async () => {
      await assert.rejects(index.count(ALL, new Map([['n1', 121]])), unavailable);
      await assert.rejects(index.count(ALL, new Map([['other', 1]])), unavailable);
      assert.equal(await index.count(ALL, new Map([['other', 0]])), 0);
      await assert.rejects(index.count(parseQuery('"free text"'), through), invalid);
      await assert.rejects(index.count(parseQuery('-details.A:b event:x'), through), invalid);
      for (const limit of [0, -1, 1.5, 10_001]) {
        await assert.rejects(index.search({ filter: ALL, through, order: 'newest', limit }), invalid);
        await assert.rejects(index.facets({ filter: ALL, through, field: 'event', limit }), invalid);
      }
      for (const [from, to, bucketMs] of [
        [0, 1, 0],
        [2, 1, 1],
        [0, 1e9, 1],
        [0, 1, 0.5],
      ] as const) {
        await assert.rejects(index.histogram({ filter: ALL, through, from, to, bucketMs }), invalid);
      }
    });

    test('a filter as large as may be is answered', async () => {
      const of = Array.from({ length: 200 }, (_, i): Filter => {
        const pattern = `x${i}`;
        if (i % 3 === 0) return { kind: 'text', field: i % 2 ? 'event' : 'actor', pattern, wildcard: false };
        return { kind: 'object', object: i % 3 === 1 ? null : 'key', pattern: `${pattern}*`, wildcard: true };
      });
      assert.equal(await index.count({ kind: 'or', of }, through), expected({ kind: 'or', of }).length);
      const not: Filter = { kind: 'and', of: of.map((part) => ({ kind: 'not', of: part })) };
      assert.equal(await index.count(not, through), expected(not).length);
    });
  });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export async function collectRows(pages: AsyncIterable<RowPage>): Promise<IndexRow[]> {
  const rows: IndexRow[] = [];
  for await (const page of pages) rows.push(...page);
  return rows;
}
