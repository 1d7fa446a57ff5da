import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The tables as version 0.1 made them: before it was kept of a checkpoint whether it must stay. */
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
  node TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, signatures TEXT NOT NULL, PRIMARY KEY (node, size)
) STRICT, WITHOUT ROWID;
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
PRAGMA application_id = 0x54414c59;
PRAGMA user_version = 1;
`;

/** Columns of the tables that have fewer than now. */
const COLUMNS: { readonly [table: string]: string } = { checkpoints: 'node, size, root, signatures' };

/** Puts the content of `<dir>/log.db`, which nobody has open, into a file of layout 1 in its place. */
export function toLayout1(dir: string): void {
  const [now, old] = [join(dir, 'log.db'), join(dir, 'old.db')];
  const db = new DatabaseSync(old);
  db.exec(TABLES);
  db.exec('PRAGMA journal_mode = WAL');
  db.prepare('ATTACH ? AS now').run(now);
  const tables = db.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'").all();
  for (const { name } of tables) {
    const columns = COLUMNS[String(name)] ?? '*';
    db.exec(`INSERT INTO main.${name} SELECT ${columns} FROM now.${name}`);
  }
  db.exec('DETACH now');
  db.close();
  copyFileSync(old, now);
  for (const file of [old, `${old}-wal`, `${old}-shm`, `${now}-wal`, `${now}-shm`])
    rmSync(file, { force: true });
}
