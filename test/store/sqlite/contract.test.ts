import { SqliteStore } from '../../../src/store/sqlite/mod.ts';
import { storeContract } from '../contract.ts';
import { tempDir } from '../temp.ts';

storeContract('sqlite', async () => {
  const { dir, remove } = tempDir();
  return { open: () => SqliteStore.open({ dir }), remove: async () => remove() };
});
