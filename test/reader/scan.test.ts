import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoreError } from '../../src/errors.ts';
import { type Filter, matcher } from '../../src/query/mod.ts';
import { RecordReader } from '../../src/reader/records.ts';
import { type ScanRequest, scan } from '../../src/reader/scan.ts';
import type { RecordView } from '../../src/reader/types.ts';
import { drafts } from '../log/fixture.ts';
import { isCi } from '../runs.ts';
import { type Archive, openArchive } from './fixture.ts';
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
  for await (const { seq } of views) found.push(seq);
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
  const views = (): AsyncGenerator<RecordView> =>
    scan(archive.store, new RecordReader(archive.store, node), {
      filter: { kind: 'all' },
      head,
      from: 0,
      to: head.size,
      order: 'oldest',
      onRead: () => {},
      signal: undefined,
    });
  for await (const { seq } of views()) if (seq === 5) break;
  let found = 0;
  const reading = async (): Promise<void> => {
    for await (const _ of views()) found++;
  };
  await assert.rejects(reading(), refused);
  assert.equal(found, 2_048);
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
