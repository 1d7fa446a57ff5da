/** A program for `disk.test.ts`, run on a small disk: fills it, frees some of it, goes on. */

import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TallystickError } from '../../../src/errors.ts';
import { SqliteStore } from '../../../src/store/sqlite/mod.ts';
import { Model } from '../model.ts';

const [dir = ''] = process.argv.slice(2);
const ballast = join(dir, 'ballast');
writeFileSync(ballast, new Uint8Array(1_000_000));
const store = await SqliteStore.open({ dir });
const log = new Model('n', (await store.acquire('n', 'me')).epoch);

try {
  for (let i = 0; i < 1000; i++) {
    const bytes = new Uint8Array(Buffer.from(createHash('sha512').update(`${i}`).digest('hex').repeat(70)));
    const digest = createHash('sha256').update(`${i}`).digest('hex');
    const payload = { seq: log.size, digest, salt: new Uint8Array(16), bytes };
    await log.commit(store, 60, { payloads: [payload] });
  }
} catch (error) {
  console.log(error instanceof TallystickError ? error.code : error);
}
rmSync(ballast);
log.epoch = (await store.acquire('n', 'me')).epoch;
await log.check(store);
console.log('all there');
await log.commit(store, 300);
await log.check(store);
await store.close();
console.log('went on');
