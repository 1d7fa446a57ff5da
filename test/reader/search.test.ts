import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { IndexError } from '../../src/errors.ts';
import { MemoryIndex } from '../../src/index/memory.ts';
import { Searcher } from '../../src/reader/search.ts';
import type { RecordView, SearchAnswer, SearchRequest } from '../../src/reader/types.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import type { LogStore } from '../../src/store/store.ts';
import { draft, drafts } from '../log/fixture.ts';
import { rejects } from '../store/rejects.ts';
import {
  type Archive,
  allPages,
  openArchive,
  placeOf,
  rewrite,
  type Stored,
  searchableLog,
  withDamagedBundle,
} from './fixture.ts';

const seqsOf = (views: readonly RecordView[]): number[] => views.map(({ seq }) => seq);

async function find(archive: Archive, request: SearchRequest | string): Promise<RecordView[]> {
  return allPages(archive.searcher, typeof request === 'string' ? { query: request } : request);
}

/** `count` records of which every `nth` has this module; the others have none. */
function marked(count: number, nth: number, module: string): RecordDraft[] {
  return Array.from({ length: count }, (_, i) => draft(i % nth === 0 ? { module } : {}));
}

describe('a page of a search', () => {
  test('holds the newest matches first, or the oldest, as many as asked for', async () => {
    const archive = await openArchive();
    await archive.append(marked(100, 10, 'm'));
    const newest = await archive.searcher.search({ query: 'module:m', limit: 3 });
    assert.deepEqual(seqsOf(newest.records), [91, 81, 71]);
    assert.notEqual(newest.next, null);
    const oldest = await archive.searcher.search({ query: 'module:m', limit: 3, order: 'oldest' });
    assert.deepEqual(seqsOf(oldest.records), [1, 11, 21]);
    const all = await archive.searcher.search({ query: 'module:m', limit: 10 });
    assert.deepEqual([all.records.length, all.next], [10, null]);
    assert.equal((await archive.searcher.search()).records.length, 50, 'of everything, when nothing is said');
  });

  test('says through which sealed state it is complete', async () => {
    const archive = await openArchive({ nodes: ['a', 'b'] });
    await archive.append(drafts(4), 'b');
    const { through } = await archive.searcher.search();
    assert.deepEqual(through, [
      { node: 'a', origin: archive.log('a').head.origin, size: 1 },
      { node: 'b', origin: archive.log('b').head.origin, size: 5 },
    ]);
  });

  test('has 1 to 1,000 records', async () => {
    const archive = await openArchive();
    await archive.append(drafts(1_200));
    assert.equal((await archive.searcher.search({ limit: 1_000 })).records.length, 1_000);
    for (const limit of [0, -1, 1.5, 1_001, Number.NaN, '10' as unknown as number]) {
      await rejects(archive.searcher.search({ limit }), 'QUERY_INVALID');
    }
  });

  test('is refused for a query that is none', async () => {
    const archive = await openArchive();
    await rejects(archive.searcher.search({ query: 'modul:m' }), 'QUERY_INVALID');
    await rejects(archive.searcher.search({ query: '(' }), 'QUERY_INVALID');
  });

  test('ends early where it has much sealed content, and the next goes on there', async () => {
    const archive = await openArchive();
    await archive.append(
      Array.from({ length: 5 }, (_, i) => draft({ module: 'm', reason: `${i}${'x'.repeat(9_999)}` })),
    );
    const searchable = searchableLog(archive.log(), archive.store, archive.index);
    const searcher = new Searcher(archive.store, archive.index, [searchable], { pageBytes: 15_000 });
    for (const query of ['module:m', 'module:m xx', 'xx']) {
      const found: number[][] = [];
      let cursor: string | null = null;
      do {
        const page: SearchAnswer = await searcher.search({ query, ...(cursor === null ? {} : { cursor }) });
        found.push(seqsOf(page.records));
        cursor = page.next;
      } while (cursor !== null);
      assert.deepEqual(found, [[5, 4], [3, 2], [1]], query);
    }
  });

  test('waits for others that read the log, in their order, until it is not wanted any more', async () => {
    const asked: string[] = [];
    const opened = Promise.withResolvers<void>();
    const archive = await openArchive({
      wrap: (store) =>
        new Proxy(store, {
          get: (target, name: keyof LogStore) =>
            name === 'payload'
              ? async (node: string, digest: string) => {
                  asked.push(digest);
                  await opened.promise;
                  return target.payload(node, digest);
                }
              : (target[name] as () => unknown).bind(target),
        }),
    });
    await archive.append([draft({ reason: 'x'.repeat(9_000) })]);
    const done: number[] = [];
    const stop = new AbortController();
    const searches = [0, 1, 2, 3, 4].map(async (i) => {
      await archive.searcher.search({ query: 'nowhere', ...(i === 3 ? { signal: stop.signal } : {}) });
      done.push(i);
    });
    while (asked.length < 2) await turn();
    // What the index answers waits for nobody.
    assert.deepEqual((await archive.searcher.search({ query: 'module:m' })).records, []);
    const reason = new Error('not wanted any more');
    stop.abort(reason);
    await assert.rejects(searches[3] as Promise<void>, reason);
    assert.deepEqual([asked.length, done], [2, []]);
    opened.resolve();
    await Promise.all(searches.toSpliced(3, 1));
    assert.deepEqual(done.toSorted(), [0, 1, 2, 4]);
    assert.ok(done.indexOf(2) < done.indexOf(4), `${done}`);
    assert.equal(asked.length, 4);
  });

  test('ends when it is aborted', async () => {
    const archive = await openArchive();
    await archive.append(drafts(3_000));
    const reason = new Error('not wanted any more');
    for (const query of ['module:m', '"free text"']) {
      const signal = AbortSignal.abort(reason);
      await assert.rejects(archive.searcher.search({ query, signal }), reason);
    }
  });
});

for (const { name, query } of [
  { name: 'by index', query: 'module:m' },
  { name: 'by reading few candidates', query: 'module:m "as said"' },
  { name: 'by reading the log', query: '"as said"' },
]) {
  describe(`paging ${name}`, () => {
    const made = (count: number, nth: number): RecordDraft[] =>
      marked(count, nth, 'm').map((one) => ('module' in one ? { ...one, reason: 'as said' } : one));

    for (const order of ['newest', 'oldest'] as const) {
      test(`${order} first gives every match once, while records are appended`, async () => {
        const archive = await openArchive();
        await archive.append(made(3_000, 7));
        const expected = Array.from({ length: 429 }, (_, i) => 1 + 7 * i);
        if (order === 'newest') expected.reverse();
        const found: number[] = [];
        let cursor: string | undefined;
        do {
          const page = await archive.searcher.search({
            query,
            order,
            limit: 60,
            ...(cursor === undefined ? {} : { cursor }),
          });
          found.push(...seqsOf(page.records));
          assert.deepEqual(
            page.through.map(({ size }) => size),
            [3_001],
          );
          cursor = page.next ?? undefined;
          await archive.append(made(30, 2));
        } while (cursor !== undefined);
        assert.deepEqual(found, expected);
      });

      test(`${order} first merges the nodes by time, node, number`, async () => {
        const archive = await openArchive({ nodes: ['a', 'b', 'c'] });
        const expected: string[] = [];
        for (let i = 0; i < 40; i++) {
          // Many stand in the same millisecond, and `b` is often silent.
          for (const node of ['c', 'a', 'b']) {
            if (node === 'b' && i % 4 !== 0) continue;
            for (const seq of await archive.append(made(3, 1), node)) {
              expected.push(
                `${String(archive.clock.now()).padStart(15, '0')} ${node}/${String(seq).padStart(5, '0')}`,
              );
            }
          }
          if (i % 3 === 0) archive.clock.pass(1);
        }
        // So many that do not match that candidates are scanned for, not looked up.
        for (const node of ['a', 'b', 'c']) await archive.append(drafts(900), node);
        expected.sort();
        if (order === 'newest') expected.reverse();
        for (const limit of [3, 7, 1_000]) {
          const found = await allPages(archive.searcher, { query, order, limit });
          assert.deepEqual(
            found.map(
              ({ node, seq, record }) =>
                `${String(record?.logged).padStart(15, '0')} ${node}/${String(seq).padStart(5, '0')}`,
            ),
            expected,
            `${limit} a page`,
          );
        }
      });
    }
  });
}

describe('a cursor', () => {
  test('that no search gave is refused', async () => {
    const archive = await openArchive();
    await archive.append(drafts(10));
    const { next } = await archive.searcher.search({ limit: 3 });
    const good = next as string;
    const json = Buffer.from(good, 'base64url').toString();
    const of = (text: string): string => Buffer.from(text).toString('base64url');
    const cursors = [
      '',
      'x',
      `${good}=`,
      `${good} `,
      ` ${good}`,
      good.slice(0, -3),
      of('null'),
      of('{}'),
      of('[]'),
      of('[1,"ca1",2]'),
      of(json.replace('[', '[ ')),
      of(json.replace(/\]$/, ',1]')),
      of(json.replace('"ca1"', '7')),
      of(json.replace(/^\[\d+/, '[-1')),
      of(json.replace(/^\[\d+/, '[1.5')),
      of(json.replace(/^\[\d+/, '["1"')),
      of(json.replace(/\[\["ca1",\d+\]\]/, '[["ca1",-1]]')),
      of(json.replace(/\[\["ca1",\d+\]\]/, '[["ca1"]]')),
      of(json.replace(/\[\["ca1",\d+\]\]/, '[7]')),
      of(json.replace(/\[\["ca1",\d+\]\]/, '"ca1"')),
      of(json.replace(/\[\["ca1",(\d+)\]\]/, '[["ca1",$1],["ca1",$1]]')),
    ];
    for (const cursor of cursors) await rejects(archive.searcher.search({ cursor }), 'QUERY_INVALID');
    assert.equal((await archive.searcher.search({ limit: 3, cursor: good })).records.length, 3);
  });

  test('of another place only finds what is there', async () => {
    const archive = await openArchive({ nodes: ['a', 'b'] });
    for (const node of ['a', 'b']) await archive.append(drafts(10), node);
    const cursor = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
    for (const query of ['', '"nothing like this"']) {
      for (const order of ['newest', 'oldest'] as const) {
        for (const node of ['a', 'b', 'zz', '']) {
          const place = cursor(Number.MAX_SAFE_INTEGER, node, Number.MAX_SAFE_INTEGER, [['a', 5_000]]);
          const { records, through } = await archive.searcher.search({ query, order, cursor: place });
          assert.ok(
            records.every((view) => view.node === 'a'),
            'of logs it does not name it knows nothing',
          );
          assert.deepEqual(
            through.map(({ size }) => size),
            [11, 0],
          );
        }
      }
    }
  });
});

describe('an index', () => {
  test('that is behind is brought up before it is asked, and the progress told', async () => {
    const archive = await openArchive();
    await archive.append(marked(700, 100, 'm'));
    const progress: [number, number][] = [];
    const { records } = await archive.searcher.search({
      query: 'module:m',
      onProgress: (done, total) => progress.push([done, total]),
    });
    assert.equal(records.length, 7);
    assert.deepEqual(progress.at(-1), [701, 701]);
  });

  test('that cannot be brought up is an error, never an answer with less', async () => {
    const index = new MemoryIndex();
    const archive = await openArchive({ index });
    await archive.append(marked(10, 2, 'm'));
    index.add = async () => {
      throw new IndexError('INDEX_UNAVAILABLE', 'made to fail by the test');
    };
    await rejects(archive.searcher.search({ query: 'module:m' }), 'INDEX_UNAVAILABLE');
    await rejects(archive.searcher.search({ query: '"free text"' }), 'INDEX_UNAVAILABLE');
    await rejects(archive.searcher.through(), 'INDEX_UNAVAILABLE');
  });

  test('that names a record for a query it does not match is found out', async () => {
    const index = new MemoryIndex();
    const archive = await openArchive({ index });
    await archive.append([draft(), draft({ module: 'm' }), draft()]);
    const search = index.search.bind(index);
    index.search = async (request) => {
      const all = await search({ ...request, filter: { kind: 'all' } });
      return all.filter(({ seq }) => seq >= 2);
    };
    const { records } = await archive.searcher.search({ query: 'module:m' });
    assert.deepEqual(
      records.map((view) => [view.seq, view.status, view.problem === undefined]),
      [
        [3, 'verified', false],
        [2, 'verified', true],
      ],
    );
    // Where it only proposes, what it proposes in vain is left out.
    assert.deepEqual(seqsOf(await find(archive, 'module:m E')), [2]);
  });

  test('does not answer what it cannot know', async () => {
    const { searcher } = await openArchive();
    for (const query of ['"free text"', 'details.KEY:x', 'module:m OR free']) {
      assert.throws(() => searcher.indexed(query), { code: 'QUERY_INVALID' });
    }
    assert.deepEqual(searcher.indexed({ kind: 'all' }), { kind: 'all' });
  });
});

describe('records that were touched', () => {
  const queries = ['module:m', 'module:m "as said"', '"as said"'];
  const texts = Array.from({ length: 3_000 }, (_, i) =>
    draft(i % 100 === 0 ? { module: 'm', reason: 'as said' } : {}),
  );

  async function touched(): Promise<Archive> {
    const archive = await openArchive();
    await archive.append(texts);
    await archive.searcher.search();
    return archive;
  }

  test('are listed where they belong, with what is wrong; the others are not concerned', async () => {
    const archive = await touched();
    rewrite(archive.stored(), 501, '"outcome":"success"', '"outcome":"failure"');
    for (const query of queries) {
      const views = await find(archive, { query, limit: 4 });
      assert.equal(views.length, 30);
      assert.deepEqual(views.filter(({ status }) => status !== 'verified').map(placeOf), ['ca1/501 altered']);
      assert.equal(views[24]?.seq, 501);
      assert.ok(views[24]?.problem?.includes('hash'));
    }
  });

  test('are listed though they do not match any more', async () => {
    const archive = await touched();
    rewrite(archive.stored(), 501, '"module":"m"', '"module":"n"');
    for (const query of queries.slice(0, 2)) {
      assert.deepEqual((await find(archive, query)).map(placeOf)[24], 'ca1/501 altered', query);
    }
  });

  test('are listed by reading whatever they said and say', async () => {
    const archive = await touched();
    rewrite(archive.stored(), 501, 'as said', 'unsaid!');
    rewrite(archive.stored(), 777, '"outcome":"success"', '"outcome":"failure"');
    for (const order of ['newest', 'oldest'] as const) {
      const views = await find(archive, { query: '"as said"', order, limit: 7 });
      const bad = views.filter(({ status }) => status !== 'verified').map(placeOf);
      assert.deepEqual(order === 'newest' ? bad : bad.reverse(), ['ca1/777 altered', 'ca1/501 altered']);
      assert.equal(views.length, 31);
    }
  });

  const lies: readonly { name: string; tell: (stored: Stored, seq: number, logged: number) => void }[] = [
    {
      name: 'in the far future',
      tell: (stored, seq, logged) =>
        rewrite(stored, seq, `"logged":${logged}`, `"logged":9${String(logged).slice(1)}`),
    },
    {
      name: 'long ago',
      tell: (stored, seq, logged) => rewrite(stored, seq, `"logged":${logged}`, `"logged":1000000000000`),
    },
    { name: 'nothing', tell: (stored, seq) => rewrite(stored, seq, '{', '[') },
  ];
  for (const { name, tell } of lies) {
    test(`stay where they were sealed, though they say they were ${name}`, async () => {
      const archive = await openArchive({ nodes: ['a', 'b'] });
      for (let i = 0; i < 1_100; i++) {
        const node = i % 2 === 0 ? 'a' : 'b';
        if (i % 20 < 2) await archive.append([draft({ module: 'm', reason: 'as said' })], node);
        else await archive.append(drafts(2), node);
        archive.clock.pass(1);
      }
      const places = async (query: string, order: 'newest' | 'oldest'): Promise<string[]> =>
        (await find(archive, { query, order, limit: 3 })).map(({ node, seq }) => `${node}/${seq}`);
      const asked = queries.flatMap((query) => [[query, 'newest'] as const, [query, 'oldest'] as const]);
      const before = await Promise.all(asked.map(([query, order]) => places(query, order)));
      const { node, seq, record } = (await find(archive, 'module:m'))[20] as RecordView;
      tell(archive.stored(node), seq, record?.logged as number);
      for (const [i, [query, order]] of asked.entries()) {
        assert.deepEqual(await places(query, order), before[i]);
      }
    });
  }

  test('in a bundle that does not decode are each found by index, and once by reading', async () => {
    const archive = await touched();
    const store = withDamagedBundle(archive.store, 'ca1', 501);
    const searcher = new Searcher(store, archive.index, [searchableLog(archive.log(), store, archive.index)]);
    const bad = (views: readonly RecordView[]): string[] =>
      views.filter(({ status }) => status !== 'verified').map(placeOf);
    assert.deepEqual(bad(await allPages(searcher, { query: 'module:m', limit: 3 })), [
      'ca1/501 unreadable',
      'ca1/401 unreadable',
      'ca1/301 unreadable',
    ]);
    for (const order of ['newest', 'oldest'] as const) {
      const views = await allPages(searcher, { query: '"as said"', order, limit: 3 });
      assert.deepEqual(bad(views), ['ca1/256 unreadable']);
      assert.equal(views.length, 30 - 3 + 1);
    }
  });

  test('and cut off at the end are missed', async () => {
    const archive = await touched();
    archive.stored().entries.length = 2_900;
    const found = (views: readonly RecordView[]): string[] => views.slice(0, 2).map(placeOf);
    assert.deepEqual(found(await find(archive, 'module:m')), ['ca1/2901 missing', 'ca1/2801']);
    assert.deepEqual(found(await find(archive, '"as said"')), ['ca1/2900 missing', 'ca1/2801']);
  });
});
