import { RecordError, type TallystickError } from '../errors.ts';
import type { EncodedRecord } from '../record/mod.ts';
import type { KnownId } from './known-ids.ts';

/** A record that waits for its number. */
export interface PreparedRecord {
  readonly encoded: EncodedRecord;
  /** Under which key it may have come before, and the digest of its content. */
  readonly id: { readonly key: string; readonly content: string } | null;
}

/** What becomes of one record of an append. */
export type Outcome =
  /** New record number `at` of the append; `repeated`: an earlier record of the append brought the same id and content. */
  | { readonly kind: 'new'; readonly at: number; readonly repeated: boolean }
  /** It came before. */
  | { readonly kind: 'known'; readonly id: KnownId }
  | { readonly kind: 'refused'; readonly error: TallystickError };

export interface Placement {
  /** One for each record. */
  readonly outcomes: readonly Outcome[];
  /** The records to be sealed, in order. */
  readonly fresh: readonly PreparedRecord[];
}

/** Tells new records from those whose id came before, within the append or by what `find` knows. */
export function place(
  records: readonly PreparedRecord[],
  find: (key: string) => KnownId | undefined,
): Placement {
  const outcomes: Outcome[] = [];
  const fresh: PreparedRecord[] = [];
  const own = new Map<string, { readonly at: number; readonly content: string }>();
  for (const record of records) {
    const { id } = record;
    const before = id && own.get(id.key);
    const known = id && !before ? find(id.key) : undefined;
    if (before) {
      outcomes.push(
        before.content === id.content
          ? { kind: 'new', at: before.at, repeated: true }
          : { kind: 'refused', error: reused('in the same append') },
      );
    } else if (known) {
      outcomes.push(
        known.content === id?.content
          ? { kind: 'known', id: known }
          : { kind: 'refused', error: reused(`as record ${known.seq}`, known.seq) },
      );
    } else {
      if (id) own.set(id.key, { at: fresh.length, content: id.content });
      outcomes.push(asNew(fresh.length));
      fresh.push(record);
    }
  }
  return { outcomes, fresh };
}

const NEW: Outcome[] = [];

/** One object for all appends: they have no more records than a batch, and answers may wait for long. */
function asNew(at: number): Outcome {
  NEW[at] ??= { kind: 'new', at, repeated: false };
  return NEW[at];
}

function reused(where: string, seq?: number): RecordError {
  return new RecordError(
    'ID_REUSED',
    `this id came before with other content, ${where}; give new content a new id`,
    { context: { path: 'id', ...(seq === undefined ? {} : { seq }) } },
  );
}
