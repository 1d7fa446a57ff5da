import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoreError } from '../../src/errors.ts';
import { type Filter, matcher } from '../../src/query/mod.ts';
import { type ReadRecord, RecordReader } from '../../src/reader/records.ts';
import { type ScanRequest, scan } from '../../src/reader/scan.ts';
import { draft as draftOf, drafts } from '../log/fixture.ts';
import { isCi } from '../runs.ts';
import { type Archive, openArchive, withSource } from './fixture.ts';
import { draft, everything, filter, text } from './truth.ts';

async function scanned(archive: Archive, request: Partial<ScanRequest>): Promise<number[]> {
  const { head, node } = archive.log();
  const found: number[] = [];
  const usual = {
    head,
    from: 0,
    to: head.size,
    order: 'oldest',
    onRead: () => {},
    signal: undefined,
  } as const;
  const views = scan(archive.store, new RecordReader(archive.store, node), {
    ...usual,
    filter: { kind: 'all' },
    ...request,
  });
  for await (const { view } of views) found.push(view.seq);
  return found;
}

test('reading a log finds exactly the matching records, whatever is written in them', async () => {
  const free = text.map((one): Filter => ({ kind: 'free', text: one }));
  const asked = fc.oneof(
    free,
    fc.tuple(free, free).map((of): Filter => ({ kind: 'and', of })),
    filter,
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(draft, { minLength: 1, maxLength: 10 }),
      fc.array(asked, { minLength: 1, maxLength: 8 }),
      async (said, questions) => {
        const archive = await openArchive();
        await archive.append(said);
        for (const one of questions) {
          const matches = matcher(one);
          const expected = everything(archive).filter(({ record, row }) => matches(record, row));
          assert.deepEqual(
            await scanned(archive, { filter: one }),
            expected.map(({ record }) => record.seq),
          );
        }
      },
    ),
    { numRuns: isCi ? 1_000 : 250 },
  );
});

test('reading a log gives any range in either order, and says how much was read', async () => {
  const archive = await openArchive();
  await archive.append(drafts(4_500));
  for (const [from, to] of [
    [0, 4_501],
    [0, 0],
    [1, 2],
    [255, 257],
    [2_047, 2_049],
    [300, 4_400],
  ] as const) {
    const expected = Array.from({ length: to - from }, (_, i) => from + i);
    let read = 0;
    const onRead = (records: number): void => {
      read += records;
    };
    assert.deepEqual(await scanned(archive, { from, to, onRead }), expected);
    assert.equal(read, to - from);
    assert.deepEqual(await scanned(archive, { from, to, order: 'newest' }), expected.reverse());
  }
});

test('a log that can be read only in part gives that part, then says so; who stops before never hears of it', async () => {
  const refused = new StoreError('STORE_UNAVAILABLE', 'the medium is gone');
  const archive = await openArchive({
    wrap: (store) =>
      decorated(store, {
        source: (node) =>
          decorated(store.source(node), {
            bundles: (from, to) => (from < 2_048 ? store.source(node).bundles(from, to) : failing(refused)),
          }),
      }),
  });
  await archive.append(drafts(4_500));
  const { head, node } = archive.log();
  const views = (): AsyncGenerator<ReadRecord> =>
    scan(archive.store, new RecordReader(archive.store, node), {
      filter: { kind: 'all' },
      head,
      from: 0,
      to: head.size,
      order: 'oldest',
      onRead: () => {},
      signal: undefined,
    });
  for await (const { view } of views()) if (view.seq === 5) break;
  let found = 0;
  const reading = async (): Promise<void> => {
    for await (const _ of views()) found++;
  };
  await assert.rejects(reading(), refused);
  assert.equal(found, 2_048);
});

test('everything else has a turn between pieces, also of one long record', async (t) => {
  const archive = await openArchive();
  await archive.append(drafts(600));
  await archive.append([draftOf({ details: { long: 'x'.repeat(600_000) } })]);
  // Each look at the clock finds that much time has passed.
  let now = 0;
  t.mock.method(performance, 'now', () => {
    now += 1_000;
    return now;
  });
  let turns = 0;
  const count = (): void => {
    turns++;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  t.after(() => clearImmediate(immediate));
  const at: number[] = [];
  const onRead = (): void => void at.push(turns);
  assert.deepEqual(await scanned(archive, { filter: { kind: 'free', text: 'nowhere' }, onRead }), []);
  const [first = 0, second = 0, third = 0] = at;
  assert.equal(at.length, 3);
  assert.ok(first > 0 && second > first, `turns after each bundle: ${at.join(', ')}`);
  assert.ok(third >= second + 5, `five pieces of sealed content: ${at.join(', ')}`);
});

test('who is not wanted any more reads no further piece', async () => {
  const stop = new AbortController();
  const reason = new Error('not wanted any more');
  let payloads = 0;
  const archive = await openArchive({
    wrap: (store) =>
      decorated(store, {
        payload: (node, digest) => {
          if (++payloads === 2) stop.abort(reason);
          return store.payload(node, digest);
        },
      }),
  });
  await archive.append(Array.from({ length: 5 }, () => draftOf({ details: { long: 'x'.repeat(9_000) } })));
  const wanted = { filter: { kind: 'free', text: 'nowhere' }, signal: stop.signal } as const;
  await assert.rejects(scanned(archive, wanted), reason);
  assert.equal(payloads, 2);
});

test('what waits for what is behind it is bounded in bytes', async () => {
  const held = { now: 0, most: 0 };
  const give = (bytes: number): void => {
    held.now += bytes;
    held.most = Math.max(held.most, held.now);
  };
  const archive = await openArchive({
    wrap: (store) =>
      withSource(store, (source) => ({
        ...source,
        async *bundles(from, to) {
          for await (const part of source.bundles(from, to)) {
            const bytes = part.entries?.length ?? 0;
            give(bytes);
            yield { ...part, release: () => give(-bytes) };
          }
        },
      })),
  });
  const long = Array.from({ length: 100 }, (_, i) => ({ kind: 'k', id: `${i} ${'x'.repeat(400)}` }));
  await archive.append(Array.from({ length: 700 }, () => draftOf({ objects: long })));
  await archive.append(drafts(100));
  for (const from of [0, 100]) {
    const expected = Array.from({ length: 801 - from }, (_, i) => from + i);
    let read = 0;
    const onRead = (records: number): void => {
      read += records;
    };
    // Nothing is known of the bytes of what matches, so all are looked at.
    const filter = { kind: 'not', of: { kind: 'free', text: 'nowhere' } } as const;
    const found = await scanned(archive, { filter, from, order: 'newest', onRead });
    assert.deepEqual(found, expected.reverse());
    assert.equal(read, 801 - from);
  }
  const all = archive.stored().entries.reduce((sum, { length }) => sum + length, 0) / 2 ** 20;
  const most = held.most / 2 ** 20;
  assert.ok(all > 25 && most < 20, `${most} MiB of ${all}`);
  assert.equal(held.now, 0);
});

test('text is found wherever it stands in sealed content', async () => {
  const piece = 128 * 1024;
  const archive = await openArchive();
  for (const [i, at] of [0, piece - 20, piece - 5, piece, 2 * piece - 8].entries()) {
    const content = `${'x'.repeat(at)}Needle ${i} "Ä"`.padEnd(2 * piece + 100, 'y');
    await archive.append([draftOf(i % 2 === 0 ? { reason: content } : { details: { a: 1, content } })]);
  }
  await archive.append([
    draftOf({ raw: { base64: Buffer.from(`\xff${'x'.repeat(9_000)}needle`, 'latin1').toString('base64') } }),
  ]);
  const free = (text: string): Filter => ({ kind: 'free', text });
  assert.deepEqual(await scanned(archive, { filter: free('needle') }), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(await scanned(archive, { filter: free('NEEDLE 2 "Ä"') }), [3]);
  assert.deepEqual(await scanned(archive, { filter: free('needle 2 "ä"') }), []);
  const detail = { kind: 'detail', name: 'content', pattern: '*needle*', wildcard: true } as const;
  assert.deepEqual(await scanned(archive, { filter: detail }), [2, 4]);
  const either: Filter = { kind: 'or', of: [free('needle 0'), free('needle 4')] };
  assert.deepEqual(await scanned(archive, { filter: either }), [1, 5]);
});

test('sealed content that was altered is shown, whatever it says now', async () => {
  const archive = await openArchive();
  await archive.append([
    draftOf({ reason: `needle ${'x'.repeat(9_000)}` }),
    draftOf({ reason: 'y'.repeat(9_000) }),
  ]);
  for (const payload of archive.stored().payloads.values()) payload.bytes.fill(0x20, 1, 7);
  assert.deepEqual(await scanned(archive, { filter: { kind: 'free', text: 'needle' } }), [1, 2]);
});

// biome-ignore lint/correctness/useYield: it fails before there is anything to give.
async function* failing(error: Error): AsyncGenerator<never> {
  throw error;
}

/** The object with some of its methods replaced. */
function decorated<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      const method = (methods as Record<string | symbol, unknown>)[name] ?? Reflect.get(target, name, target);
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
}
