/** A program for `kill.test.ts`: commits to log `n` until it is killed, and prints the size after each answer. */

import { SqliteStore } from '../../../src/store/sqlite/mod.ts';
import { Model } from '../model.ts';

const [dir = '', seed = '1'] = process.argv.slice(2);
const store = await SqliteStore.open({ dir });
const { epoch, head } = await store.acquire('n', `pid ${process.pid}`);
const log = new Model('n', epoch);
log.size = head.size;
let state = Number(seed);
for (;;) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  const count = (state >>> 24) % 3 === 0 ? (state >>> 16) % 700 : 1 + ((state >>> 16) % 5);
  await log.commit(store, count, { state: [{ key: 'size', value: String(log.size + count) }] });
  process.stdout.write(`${log.size}\n`);
}
