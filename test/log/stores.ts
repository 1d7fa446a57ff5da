import { MemoryStore } from '../../src/store/memory.ts';
import { SqliteStore } from '../../src/store/sqlite/mod.ts';
import type { LogStore } from '../../src/store/store.ts';
import { tempDir } from '../store/temp.ts';

/** A new store, and how to close it and clear up. */
export interface OpenStore {
  readonly store: LogStore;
  readonly remove: () => Promise<void>;
}

/** The drivers of the store, by name. */
export const STORES: readonly (readonly [string, () => Promise<OpenStore>])[] = [
  [
    'memory',
    async () => {
      const store = new MemoryStore();
      return { store, remove: () => store.close() };
    },
  ],
  [
    'sqlite',
    async () => {
      const { dir, remove } = tempDir();
      const store = await SqliteStore.open({ dir });
      return { store, remove: () => store.close().then(remove) };
    },
  ],
];
