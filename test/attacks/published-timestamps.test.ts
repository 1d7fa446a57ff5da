import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseNote } from '../../src/checkpoint/mod.ts';
import { ATTACKS, type Cell } from '../../src/cli/demo/attacks.ts';
import { AT, Scene } from '../../src/cli/demo/scene.ts';
import { publishedTimestamps } from '../../src/cli/verify-timestamps.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import { formatTimestamps, PublishedLog } from '../../src/published/mod.ts';
import { copyOf } from '../../src/store/stored-log.ts';
import { type Report, verifyLog } from '../../src/verify/mod.ts';
import { forge, generalized } from '../timestamps/support/forge.ts';
import { ca, DAY, type Holder, stamper } from '../timestamps/support/pki.ts';
import { filesOf } from './media.ts';

/**
 * The attacks on a published copy that has its own time stamps: whoever holds nothing but the key and the authority's root
 * finds what a dated checkpoint kept elsewhere would show. Only that the copy is behind it is not held against it.
 */

const SEEN = Date.UTC(2080, 0);
let scene: Scene;
let root: Holder;
let file: string;
before(async () => {
  scene = await Scene.make();
  const valid = { from: Date.UTC(2020), to: SEEN + DAY };
  root = await ca('Root', null, valid);
  const signer = await stamper('Stamps', root, valid);
  const { checkpoint: note, size } = scene.pin();
  const token = await forge({ signer, data: utf8(parseNote(note).text), time: generalized(SEEN) });
  file = formatTimestamps([{ size, note, token }]);
});
after(() => scene.remove());

async function verify(files: Map<string, Uint8Array>, deep: boolean, roots: Holder | null): Promise<Report> {
  const log = new PublishedLog({ place: 'a test', read: async (path) => files.get(path) ?? null });
  const { dated } = await publishedTimestamps(await log.timestamps(), roots && [roots.der]);
  return verifyLog(log, { keys: scene.pin().keys, dated, deep });
}

describe('a published copy with its own time stamps', () => {
  test('untouched, is intact and dated', async () => {
    const files = filesOf(scene.whole).set('timestamps', utf8(file));
    const { verdict, findings, dated } = await verify(files, true, root);
    assert.deepEqual([verdict, findings, dated.map(({ size }) => size)], ['intact', [], [600]]);
    assert.deepEqual((await verify(files, true, null)).dated, []);
  });

  const cell: Omit<Cell, 'anchor'> = { at: AT, size: 600, older: 300, kept: [], medium: 'tiles' };
  for (const attack of ATTACKS) {
    const isHere = attack.media?.includes('tiles') ?? true;
    const alone = String(attack.finds({ ...cell, anchor: 'key' }));
    // What the key alone shows, the other tests of this folder look at.
    if (!isHere || attack.fromTheStart === true) continue;
    if (alone === String(attack.finds({ ...cell, anchor: 'time stamp' }))) continue;
    test(`${attack.number}: ${attack.title}`, async () => {
      const copy = copyOf(scene.whole);
      const isThere = (await attack.alter(copy, AT, scene)) !== null;
      const files = isThere ? filesOf(copy) : new Map<string, Uint8Array>();
      files.set('timestamps', utf8(file));
      const { verdict, findings, dated } = await verify(files, attack.deep === true, root);
      const isBehind = !isThere || copy.head.size < 600;
      const expected = attack.finds({ ...cell, anchor: isBehind ? 'key' : 'time stamp' });
      if (expected === null) assert.deepEqual([verdict, findings, dated], ['intact', [], []]);
      else assert.ok(findings.some(({ code, from, to }) => `${code} ${from} ${to}` === expected.join(' ')));
    });
  }
});
