import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type IndexRow, indexRow } from '../../src/catalog/row.ts';
import { AT, NODE, OLDER, Scene, SIZE } from '../../src/cli/demo/scene.ts';
import { decodeEntry } from '../../src/record/mod.ts';
import type { IndexSource } from '../../src/verify/mod.ts';
import { anchorsOf, type Held } from './anchors.ts';
import { type Place, placesOf } from './media.ts';

/** Class 12: the log stands, and the index that searches go by says other than it. */

interface Tampering {
  readonly what: string;
  readonly alter: (rows: IndexRow[], at: number) => void;
  /** Records that the finding names, of a log of so many. */
  readonly place: (at: number, size: number) => readonly [number, number];
}

const one = (at: number): readonly [number, number] => [at, at + 1];
const WAYS: readonly Tampering[] = [
  { what: 'a row says otherwise', alter: (rows, at) => edit(rows, at, { event: 'NOTHING' }), place: one },
  { what: 'a row is gone', alter: (rows, at) => void rows.splice(at, 1), place: one },
  {
    what: 'a row stands twice',
    alter: (rows, at) => void rows.splice(at, 0, rows[at] as IndexRow),
    place: one,
  },
];

function edit(rows: IndexRow[], at: number, change: Partial<IndexRow>): void {
  rows[at] = { ...(rows[at] as IndexRow), ...change };
}

describe('12: the search index', () => {
  let scene: Scene;
  let media: Awaited<ReturnType<typeof placesOf>>;
  let rows: readonly IndexRow[];
  before(async () => {
    scene = await Scene.make([OLDER, SIZE]);
    media = await placesOf(scene.copy(), scene.whole);
    rows = scene.whole.entries.map(({ bytes }) => indexRow(decodeEntry(bytes)));
  });
  after(async () => {
    await media.SQLite.close?.();
    scene.remove();
  });

  async function assertSeen(place: Place, way: Tampering, at: number): Promise<void> {
    const altered = [...rows];
    way.alter(altered, at);
    const index: IndexSource = {
      position: async () => SIZE,
      rows: async function* (node, from, to) {
        assert.equal(node, NODE);
        yield altered.filter(({ seq }) => seq >= from && seq < to);
      },
    };
    const verify = await place.put(scene.whole);
    const anchors = await anchorsOf(scene);
    for (const held of [anchors.none, anchors.pin]) {
      const { verdict, findings } = await verify(withIndex(held, index), true);
      const [from, to] = way.place(at, SIZE);
      assert.equal(verdict, 'not-intact');
      assert.deepEqual(
        findings.map((each) => [each.code, each.from, each.to]),
        [['index-differs', from, to]],
        `${way.what}, ${at}`,
      );
    }
  }

  for (const way of WAYS) {
    test(way.what, async () => {
      for (const at of [AT, 0, 255, 256, 257, SIZE - 1]) {
        await assertSeen(media.memory, way, at);
        await assertSeen(media.SQLite, way, at);
      }
    });
  }
});

function withIndex(held: Held, index: IndexSource): Held {
  return { ...held, log: { ...held.log, index } };
}
