import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Pin } from '../../checkpoint/mod.ts';
import type { RecordIndex } from '../../index/index.ts';
import { SqliteStore } from '../../store/sqlite/mod.ts';
import { type Report, verifyLog } from '../../verify/mod.ts';
import { NOTHING } from '../fixed-source.ts';
import { NODE } from './scene.ts';

/** What the verifier is given besides the log. */
export interface Examination {
  readonly pin?: Pin;
  readonly deep?: boolean;
  readonly index?: RecordIndex;
}

/** Verifies a data directory as `tallystick verify` does. */
export async function examine(data: string, settings: Examination): Promise<Report> {
  if (!existsSync(join(data, 'log.db'))) return verifyLog(NOTHING, { ...settings, node: NODE });
  const store = await SqliteStore.open({ dir: data, readOnly: true });
  try {
    return await verifyLog(store.source(NODE), { ...settings, node: NODE });
  } finally {
    await store.close();
  }
}
