import { tallystick } from '../catalog/tallystick.ts';
import type { RecordDraft } from '../record/mod.ts';

/** null removes the key. */
export interface StateWrite {
  readonly key: string;
  readonly value: string | null;
}

/** A running log, as those see it who have others vouch for its checkpoints. */
export interface AnchoredLog {
  readonly node: string;
  /** The newest sealed state. */
  readonly head: { readonly size: number; readonly root: Uint8Array; readonly note: string };
  /** Seals a record of the log's own and commits state with it. */
  appendOwn(record: RecordDraft, more: { readonly state: readonly StateWrite[] }): Promise<unknown>;
  /** State by key, for keys that start with `prefix`. */
  state(prefix: string): Promise<ReadonlyMap<string, string>>;
  /** Event of a record of the log's own (system `tallystick`); null for every other. */
  ownEvent(seq: number): Promise<string | null>;
}

/** Records at the end that are looked through. */
const LOOK_BACK = 256;

/**
 * How far a log has something worth being vouched for. Records of cosignatures and time stamps are not: each of those
 * seals one, which would call for the next, for ever.
 */
export class News {
  readonly #log: Pick<AnchoredLog, 'head' | 'ownEvent'>;
  #size = 0;
  #seen = 0;

  constructor(log: Pick<AnchoredLog, 'head' | 'ownEvent'>) {
    this.#log = log;
  }

  /** Size up to the last record that is worth it. */
  async size(): Promise<number> {
    const { size } = this.#log.head;
    const floor = Math.max(this.#seen, size - LOOK_BACK);
    let at = size;
    while (at > floor && (await this.#log.ownEvent(at - 1)) === tallystick.AUDIT_LOG_SIGNING.event) at--;
    if (at > this.#seen) this.#size = at;
    this.#seen = size;
    return this.#size;
  }
}
