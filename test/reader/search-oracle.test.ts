import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Filter, matcher } from '../../src/query/mod.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import { isCi } from '../runs.ts';
import { type Archive, allPages, openArchive } from './fixture.ts';
import { draft, everything, filter } from './truth.ts';

/**
 * Searching by whatever way gives what a look at every record gives: the right records, all of them, each once, in
 * order, over pages of any size.
 */

interface Turn {
  readonly node: string;
  readonly drafts: readonly RecordDraft[];
  /** Time that passes afterwards, ms. */
  readonly ms: number;
}
const turn: fc.Arbitrary<Turn> = fc.record({
  node: fc.constantFrom('a', 'b', 'B'),
  drafts: fc.array(draft, { minLength: 1, maxLength: 6 }),
  ms: fc.constantFrom(0, 0, 1, 7),
});

/** Padding that makes the candidates too many to be looked up one by one. */
const MANY: readonly RecordDraft[] = Array.from({ length: 2_100 }, (_, i) => ({
  time: 0,
  system: 'filler',
  event: `F${i}`,
  outcome: 'void' as const,
}));

interface Question {
  readonly filter: Filter;
  readonly order: 'newest' | 'oldest';
  readonly limit: number;
}

async function assertAnswered(archive: Archive, { filter: asked, order, limit }: Question): Promise<void> {
  const matches = matcher(asked);
  const expected = everything(archive).filter(({ record, row }) => matches(record, row));
  if (order === 'newest') expected.reverse();
  const found = await allPages(archive.searcher, { query: asked, order, limit });
  assert.deepEqual(
    found.map(({ node, seq, status, problem }) => [node, seq, status, problem]),
    expected.map(({ record: { node, seq } }) => [node, seq, 'verified', undefined]),
  );
  for (const [i, { record }] of found.entries()) assert.deepEqual(record, expected[i]?.record);
}

for (const [name, padding, numRuns] of [
  ['few', [], isCi ? 200 : 60],
  ['too many to be looked up one by one', MANY, isCi ? 30 : 8],
] as const) {
  test(`any search of any logs finds exactly the matching records; candidates are ${name}`, async () => {
    const question = fc.record({
      filter,
      order: fc.constantFrom('newest' as const, 'oldest' as const),
      limit: fc.constantFrom(1, 2, 3, 1_000),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(turn, { maxLength: 12 }),
        fc.array(question, { minLength: 1, maxLength: 6 }),
        async (turns, questions) => {
          const archive = await openArchive({ nodes: ['a', 'b', 'B'] });
          if (padding.length > 0) await archive.append(padding, 'b');
          for (const { node, drafts, ms } of turns) {
            await archive.append(drafts, node);
            archive.clock.pass(ms);
          }
          for (const one of questions) {
            // A page of one takes as many searches as there are records.
            const limit = padding.length > 0 ? 1_000 : one.limit;
            await assertAnswered(archive, { ...one, limit });
          }
        },
      ),
      { numRuns },
    );
  });
}
