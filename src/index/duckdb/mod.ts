export { DuckDbIndex, type DuckDbIndexOptions } from './duckdb-index.ts';
export { isUnwritable } from './errors.ts';
export type { Opened } from './protocol.ts';
