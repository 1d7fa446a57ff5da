import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Anchor, ATTACKS, type Attack, type Cell, type Medium } from '../../src/cli/demo/attacks.ts';
import { AT, Scene } from '../../src/cli/demo/scene.ts';
import { copyOf } from '../../src/store/stored-log.ts';
import { anchorsOf } from './anchors.ts';
import { placesOf } from './media.ts';

/** Damage in one place must not hide what an anchor shows of the whole: attacks that only anchors show, and damage besides. */

const HELD: readonly Anchor[] = ['pin', 'witness', 'time stamp'];
const DAMAGE: Readonly<Partial<Record<Medium, readonly string[]>>> = {
  memory: [
    'edit a record',
    'write rubbish over a bundle',
    'change the hash stored for a record',
    'change a hash tile above',
    'change a kept checkpoint',
    'change a payload',
  ],
  export: ['change a payload'],
};

/** A record that is in every one of them. */
const DAMAGED = 5;

const damages = (medium: Medium): Attack[] => {
  const titles = DAMAGE[medium] ?? [];
  const found = ATTACKS.filter(({ title }) => titles.includes(title));
  assert.equal(found.length, titles.length);
  return found;
};

test('a log that was put back or rebuilt is found out so, whatever is damaged besides', async (t) => {
  const scene = await Scene.make();
  const places = await placesOf(scene.copy(), scene.whole);
  t.after(async () => {
    await places.SQLite.close?.();
    scene.remove();
  });
  const anchors = await anchorsOf(scene);
  const { whole, older } = scene;
  const wrong: string[] = [];
  let tried = 0;
  for (const medium of ['memory', 'export'] as const) {
    const base = { at: AT, size: whole.head.size, older: older.head.size, kept: places[medium].kept(whole) };
    for (const attack of ATTACKS) {
      if (attack.fromTheStart === true || attack.media?.includes(medium) === false) continue;
      const shown = HELD.map(
        (anchor) => [anchor, attack.finds({ ...base, medium, anchor } as Cell)] as const,
      );
      const isOnlyShown = shown.every(
        ([, found]) => found?.[0] === 'split-view' || found?.[0] === 'rolled-back',
      );
      if (!isOnlyShown) continue;
      const altered = copyOf(whole);
      await attack.alter(altered, AT, scene);
      for (const damage of damages(medium)) {
        const log = copyOf(altered);
        // A log that was rebuilt keeps no two checkpoints, one that was put back has no payload yet.
        if (damage.title.includes('checkpoint') && log.checkpoints.length < 2) continue;
        if (damage.title.includes('payload') && log.payloads.length === 0) continue;
        await damage.alter(log, DAMAGED, scene);
        const verify = await places[medium].put(log);
        for (const [anchor, expected] of shown) {
          const { verdict, findings, notChecked } = await verify(anchors[anchor], false);
          const isThere = findings.some(({ code, to }) => code === expected?.[0] && to === expected?.[2]);
          const isSilent = notChecked.some(({ what }) => what.includes('checkpoints'));
          tried++;
          if (verdict === 'not-intact' && isThere && findings.length > 1 && !isSilent) continue;
          const codes = findings.map(({ code, from, to }) => `${code} ${from}-${to}`).join(', ');
          wrong.push(`${attack.title}; ${damage.title}; ${medium}, ${anchor}: ${codes}`);
        }
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(tried > 60, String(tried));
});
