export type { Durability } from './database.ts';
export { SqliteStore, type SqliteStoreOptions } from './store.ts';
