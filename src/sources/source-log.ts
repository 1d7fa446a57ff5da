import type { AppendResult } from '../log/unit.ts';
import type { RecordDraft } from '../record/mod.ts';
import type { StateWrite } from '../store/store.ts';

/** What a source needs of the log it delivers to, in this process or in another. */
export interface SourceLog {
  /**
   * Seals the records in order and commits the state with them, both or neither, as long as they are no more than one
   * append takes. A record that can't be sealed is refused alone. Throws as `Log.appendEach` does.
   */
  appendEach(
    records: readonly RecordDraft[],
    options: { readonly source: string; readonly state: readonly StateWrite[] },
  ): Promise<readonly AppendResult[]>;

  /** State values whose key starts with `prefix`, what was committed by `appendEach` included. */
  state(prefix: string): Promise<ReadonlyMap<string, string>>;
}
