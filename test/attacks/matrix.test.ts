import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import {
  ANCHORS,
  type Anchor,
  ATTACKS,
  type Attack,
  MEDIA,
  type Medium,
} from '../../src/cli/demo/attacks.ts';
import { AT, OLDER, Scene, SIZE } from '../../src/cli/demo/scene.ts';
import { publish } from '../../src/publish/mod.ts';
import { SqliteStore } from '../../src/store/sqlite/mod.ts';
import { copyOf } from '../../src/store/stored-log.ts';
import { contentOf, tempDir } from '../publish/fixture.ts';
import { isCi } from '../runs.ts';
import { anchorsOf, type Held } from './anchors.ts';
import { told, tryAttack } from './matrix.ts';
import { filesOf, type Place, placesOf } from './media.ts';

/**
 * Every attack of the table in every medium, on every place of a log that is unlike the others, in CI; elsewhere on
 * two of them. With TALLYSTICK_SOAK every place is tried with every anchor; without it the middle one is, and the
 * others with none and a pin.
 */
const PLACES = [AT, 0, 256, 255, 257, SIZE - 1];
const WHOLE = { sizes: [OLDER, SIZE], places: isCi ? PLACES : PLACES.slice(0, 2) } as const;
const ONE_RECORD = { sizes: [1, 1], places: [0] } as const;
const FEW: readonly Anchor[] = ['none', 'pin'];

for (const [name, { sizes, places }] of Object.entries({
  'a log': WHOLE,
  'a log of one record': ONE_RECORD,
})) {
  describe(`${name} of ${sizes[1]} records`, () => {
    let scene: Scene;
    let media: Readonly<Record<Medium, Place>>;
    let anchors: Readonly<Record<Anchor, Held>>;
    before(async () => {
      scene = await Scene.make(sizes);
      media = await placesOf(scene.copy(), scene.whole);
      anchors = await anchorsOf(scene);
    });
    after(async () => {
      await media.SQLite.close?.();
      scene.remove();
    });

    test('untouched, it verifies in every medium with every anchor, and nothing is remarked', async () => {
      for (const medium of MEDIA) {
        const verify = await media[medium].put(copyOf(scene.whole));
        for (const anchor of ANCHORS) {
          const { verdict, findings } = await verify(anchors[anchor], true);
          assert.deepEqual([verdict, findings], ['intact', []], `${medium}, ${anchor}`);
        }
      }
    });

    for (const attack of ATTACKS) {
      const tried = placesFor(attack, places, sizes);
      if (tried.length === 0) continue;
      test(`${attack.number}: ${attack.title}`, async () => {
        const wrong: string[] = [];
        for (const [i, at] of tried.entries()) {
          const which = i === 0 || process.env.TALLYSTICK_SOAK !== undefined ? ANCHORS : FEW;
          for await (const outcome of tryAttack(attack, at, scene, media, anchors, which)) {
            if (!outcome.isRight) wrong.push(told(outcome));
          }
        }
        assert.deepEqual(wrong, []);
      });
    }
  });
}

function placesFor(
  attack: Attack,
  places: readonly number[],
  [older, size]: readonly [number, number],
): number[] {
  const possible = places.filter((at) => attack.places?.(at, size, older) ?? true);
  return attack.once === true ? possible.slice(0, 1) : possible;
}

test('the files that the matrix alters are those that are published', async (t) => {
  const scene = await Scene.make();
  const dir = tempDir(t);
  const store = await SqliteStore.open({ dir: scene.data, readOnly: true });
  const { checkpoint: note } = scene.pin();
  await publish(store.source('demo'), { ...scene.whole.head, note }, dir, { entries: true });
  await store.close();
  scene.remove();
  const made = [...filesOf(scene.whole)].map(([path, bytes]) => [path, Buffer.from(bytes)] as const);
  assert.deepEqual(new Map(made.sort(([a], [b]) => (a < b ? -1 : 1))), contentOf(dir));
});
