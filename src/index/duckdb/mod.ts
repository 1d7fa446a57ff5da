export { DuckDbIndex, type DuckDbIndexOptions } from './duckdb-index.ts';
export type { Opened } from './protocol.ts';
