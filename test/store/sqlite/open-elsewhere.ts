/** A program for `layout.test.ts`: opens a store, reads the log `n`, prints how many entries or which error. */

import { TallystickError } from '../../../src/errors.ts';
import { SqliteStore } from '../../../src/store/sqlite/mod.ts';
import { all } from '../model.ts';

const [dir = '', mode] = process.argv.slice(2);
try {
  const store = await SqliteStore.open({ dir, readOnly: mode === 'read' });
  const bundles = await all(store.source('n').bundles(0, 1_000_000));
  console.log(`${bundles.at(-1)?.to} entries`);
  await store.close();
} catch (error) {
  console.log(error instanceof TallystickError ? `${error.code} ${error.message}` : error);
}
