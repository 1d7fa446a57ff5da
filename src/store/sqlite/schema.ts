/** The tables of `log.db`: layout 2. A change of a table, or of the meaning of a column, is a new layout. */

import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import { count, type Row } from './rows.ts';

/** "TALY", in the file's header (PRAGMA application_id). */
export const APPLICATION_ID = 0x54414c59;
/** PRAGMA user_version of the layout that this version writes. */
export const LAYOUT = 2;
/**
 * Layout 1 did not say of checkpoints whether they must stay. Logs had no key changes then, so that it was only the
 * first one, of the genesis record. It is read as it is, and brought up to date by whoever opens it for writing.
 */
const OLD_LAYOUT = 1;
export const ONLY_GENESIS = 'size = 1';

/**
 * - `heads`: the newest checkpoint of each log; `keep` says that it must outlive the next commit.
 * - `bundles`: 256 entries from 256 × `idx` on, Zstandard with checksum; `hashes` is the full level-0 tile. The
 *   hashes come first so that reading them does not walk over the entries.
 * - `edge`: entries after the last full bundle, a row per commit; gone when the bundle is full.
 * - `tiles`: hash tiles of level 1 and above, the last of each level partial.
 * - `checkpoints`: kept ones, without the head's; `keep` says which must stay.
 * - `payloads`: `zstd` is 1 when `bytes` are compressed.
 * - `ids`: a row per commit and bucket, see `ids.ts`; a table with a row per id, whose keys are random, wrote a page
 *   per id and took 40 times as long.
 */
const TABLES = `
CREATE TABLE heads (
  node TEXT NOT NULL PRIMARY KEY, origin TEXT NOT NULL, epoch INTEGER NOT NULL, size INTEGER NOT NULL,
  root BLOB NOT NULL, signatures TEXT NOT NULL, keep INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE bundles (
  node TEXT NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL, entries BLOB NOT NULL, PRIMARY KEY (node, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE edge (
  node TEXT NOT NULL, seq INTEGER NOT NULL, count INTEGER NOT NULL, hashes BLOB NOT NULL, entries BLOB NOT NULL,
  PRIMARY KEY (node, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE tiles (
  node TEXT NOT NULL, level INTEGER NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL,
  PRIMARY KEY (node, level, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (
  node TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, signatures TEXT NOT NULL,
  keep INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (node, size)
) STRICT, WITHOUT ROWID;
CREATE INDEX checkpoints_kept ON checkpoints (node, size) WHERE keep <> 0;
CREATE TABLE payloads (
  node TEXT NOT NULL, seq INTEGER NOT NULL, digest BLOB NOT NULL, salt BLOB NOT NULL, zstd INTEGER NOT NULL,
  bytes BLOB NOT NULL, PRIMARY KEY (node, seq, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX payloads_by_digest ON payloads (node, digest);
CREATE TABLE ids (
  node TEXT NOT NULL, seq INTEGER NOT NULL, bucket INTEGER NOT NULL, rows BLOB NOT NULL,
  PRIMARY KEY (node, seq, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE state (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${LAYOUT};
`;

const FROM_LAYOUT_1 = `
ALTER TABLE checkpoints ADD COLUMN keep INTEGER NOT NULL DEFAULT 0;
UPDATE checkpoints SET keep = 1 WHERE ${ONLY_GENESIS};
CREATE INDEX checkpoints_kept ON checkpoints (node, size) WHERE keep <> 0;
PRAGMA user_version = ${LAYOUT};
`;

/**
 * Reads the file's header without changing anything.
 *
 * @returns whether the file has this layout already, the one before, or is still empty.
 * @throws StoreError STORE_SCHEMA when it belongs to another program or another version; STORE_DAMAGED when it says that it
 * has the layout before and has this one's tables.
 */
export function checkLayout(db: DatabaseSync, path: string): 'ready' | 'old' | 'empty' {
  const application = pragma(db, 'application_id');
  const layout = pragma(db, 'user_version');
  const tables = count(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as Row, 'n');
  if (application === 0 && layout === 0 && tables === 0) return 'empty';
  const context = { file: path, application, layout, reads: LAYOUT };
  if (application !== APPLICATION_ID) {
    throw new StoreError(
      'STORE_SCHEMA',
      `${path} is the database of another program; nothing was changed. Choose another directory`,
      { context },
    );
  }
  if (layout === LAYOUT) return 'ready';
  if (layout === OLD_LAYOUT) {
    if (!marksKept(db)) return 'old';
    // Another process may just have brought it up to date, which it does in one step.
    if (pragma(db, 'user_version') === LAYOUT) return 'ready';
    throw new StoreError(
      'STORE_DAMAGED',
      `${path} says that it has layout ${OLD_LAYOUT}, and has the tables of layout ${LAYOUT}: its header was changed; ` +
        `keep it for examination and restore a backup, or put back "PRAGMA user_version = ${LAYOUT}"`,
      { context },
    );
  }
  const way =
    layout > LAYOUT
      ? 'use the newer version of Tallystick that wrote it'
      : 'use the older version of Tallystick that wrote it';
  throw new StoreError(
    'STORE_SCHEMA',
    `${path} has layout ${layout}; this version reads layouts ${OLD_LAYOUT} and ${LAYOUT}. Nothing was changed; ${way}`,
    { context },
  );
}

/** What layout 1 did not have. */
function marksKept(db: DatabaseSync): boolean {
  const columns = db
    .prepare("SELECT count(*) AS n FROM pragma_table_info('checkpoints') WHERE name = 'keep'")
    .get();
  return count(columns as Row, 'n') > 0;
}

/** Makes the tables in an empty file, or brings those of layout 1 up to date, unless another process was faster. */
export function prepareTables(db: DatabaseSync, path: string): void {
  db.exec('BEGIN IMMEDIATE');
  const layout = checkLayout(db, path);
  if (layout === 'empty') db.exec(TABLES);
  if (layout === 'old') db.exec(FROM_LAYOUT_1);
  db.exec('COMMIT');
}

/** The value of an integer PRAGMA. */
export function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() as Row)[0]);
}
