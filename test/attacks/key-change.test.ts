import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ANCHORS, KEY_CHANGE_ATTACKS, MEDIA, type Medium } from '../../src/cli/demo/attacks.ts';
import { AT, OLDER, Scene, SIZE } from '../../src/cli/demo/scene.ts';
import { copyOf } from '../../src/store/stored-log.ts';
import { anchorsOf } from './anchors.ts';
import { told, tryAttack } from './matrix.ts';
import { type Place, placesOf } from './media.ts';

/** The matrix for a log whose sealing key changed behind its older state. */
describe('a log whose key changed', () => {
  let scene: Scene;
  let media: Readonly<Record<Medium, Place>>;
  before(async () => {
    scene = await Scene.make([OLDER, SIZE], true);
    media = await placesOf(scene.copy(), scene.whole);
  });
  after(async () => {
    await media.SQLite.close?.();
    scene.remove();
  });

  test('untouched, it verifies in every medium, from its first key and its newest', async () => {
    for (const knows of ['first', 'newest'] as const) {
      const anchors = await anchorsOf(scene, scene.whole, knows);
      for (const medium of MEDIA) {
        const verify = await media[medium].put(copyOf(scene.whole));
        for (const anchor of ANCHORS) {
          const { verdict, findings } = await verify(anchors[anchor], true);
          assert.deepEqual([verdict, findings], ['intact', []], `${medium}, ${anchor}, ${knows}`);
        }
      }
    }
  });

  for (const attack of KEY_CHANGE_ATTACKS) {
    test(`${attack.number}: ${attack.title}`, async () => {
      const anchors = await anchorsOf(scene, scene.whole, attack.knows);
      const wrong: string[] = [];
      for await (const outcome of tryAttack(attack, AT, scene, media, anchors)) {
        if (!outcome.isRight) wrong.push(told(outcome));
      }
      assert.deepEqual(wrong, []);
    });
  }
});
