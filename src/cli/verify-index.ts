import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalogs } from '../catalog/catalogs.ts';
import { TallystickError } from '../errors.ts';
import type { RecordIndex } from '../index/index.ts';
import { catalogDirectory, LAYOUT } from '../places.ts';
import type { Call } from './command.ts';
import { findServer } from './server-here.ts';

/** The search index as far as it can be compared with the log, or why not. */
export interface ComparedIndex {
  readonly index: RecordIndex | null;
  /** What its rows are derived with. */
  readonly catalogs?: Catalogs;
  readonly why: string;
}

/** The index of the data directory when `--deep` asks for it, nobody else has it open, and there is one. */
export async function indexToCompare(call: Call): Promise<ComparedIndex> {
  if (!call.isSet('deep')) return { index: null, why: 'not asked for: --deep compares it' };
  const path = join(call.data, LAYOUT.index, 'records.duckdb');
  if (!existsSync(path)) return { index: null, why: 'there is none yet' };
  try {
    const server = await findServer(call.data);
    server?.close();
    if (server !== null) return { index: null, why: 'the server that runs has it open; stop it to compare' };
    const { DuckDbIndex } = await import('../index/duckdb/mod.ts');
    const catalogs = catalogDirectory(call.data).read();
    // Its rows are read in order: more would not make it faster.
    const index = await DuckDbIndex.open({ path, catalogs, memoryLimitMb: 64, threads: 1 });
    return { index, catalogs, why: '' };
  } catch (error) {
    // The log can be verified without its index; the report says that the index was not.
    if (error instanceof TallystickError) return { index: null, why: error.message };
    throw error;
  }
}
