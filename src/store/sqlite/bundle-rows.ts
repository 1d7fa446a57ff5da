import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Row } from './rows.ts';

/**
 * Reads one column of table `bundles` for a run of bundles. In a scan, because looking up one row costs several: in
 * a table WITHOUT ROWID, SQLite reads every row that it compares with on its way in full.
 */
export class BundleRows {
  readonly #scan: StatementSync;
  readonly #one: StatementSync;

  constructor(db: DatabaseSync, column: 'entries' | 'hashes') {
    const sql = `SELECT idx, ${column} FROM bundles WHERE node = ? AND idx`;
    this.#scan = db.prepare(`${sql} >= ? ORDER BY idx`);
    this.#one = db.prepare(`${sql} = ?`);
  }

  /** Begins a run; one at a time. To be closed before the transaction ends. */
  run(node: string): BundleRun {
    return new BundleRun(this.#scan, this.#one, node);
  }
}

export class BundleRun {
  readonly #scan: StatementSync;
  readonly #one: StatementSync;
  readonly #node: string;
  #rows: NodeJS.Iterator<Row> | null = null;

  constructor(scan: StatementSync, one: StatementSync, node: string) {
    this.#scan = scan;
    this.#one = one;
    this.#node = node;
  }

  /**
   * The row of a bundle, undefined when there is none. Asked in ascending order without a gap.
   *
   * @throws Error of node:sqlite.
   */
  get(idx: number): Row | undefined {
    const row = this.#next(idx);
    // What the scan does not give, because of damage here or further on, or because it is not there, is looked up.
    if (row?.idx === idx) return row;
    this.close();
    return this.#one.get(this.#node, idx);
  }

  close(): void {
    this.#rows?.return?.();
    this.#rows = null;
  }

  #next(idx: number): Row | undefined {
    try {
      this.#rows ??= this.#scan.iterate(this.#node, idx);
      const { done, value } = this.#rows.next();
      return done === true ? undefined : value;
    } catch {
      return undefined;
    }
  }
}
