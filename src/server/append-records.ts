import { TallystickError } from '../errors.ts';
import type { Receipt } from '../log/receipt.ts';
import type { AppendResult } from '../log/unit.ts';
import type { RecordDraft } from '../record/mod.ts';
import type { Item, Place } from './parse-records.ts';
import { type Problem, problemOf } from './problem.ts';
import type { ServedLog } from './service.ts';

/** What became of one of several records. */
export type Result = Place & ({ readonly receipt: Receipt } | { readonly error: Omit<Problem, 'index'> });

/** One append: far within the log's limits even where a record's canonical form is longer than what was sent. */
const CHUNK_RECORDS = 1_000;
const CHUNK_CHARACTERS = 2 * 1024 * 1024;

/**
 * Appends the good ones of some records, in order and in parts; each record is answered on its own. While a part is
 * being sealed the next is read. Throws the log's error when it took nothing at all.
 */
export async function appendItems(
  log: ServedLog,
  items: Iterable<Item>,
  source: string,
): Promise<readonly Result[]> {
  const slots: Slot[] = [];
  let before: Promise<void> = Promise.resolve();
  for (const chunk of chunks(items, slots)) {
    const sealed = appendChunk(log, chunk, source);
    await before;
    before = sealed;
  }
  await before;
  const failed = slots.find((slot) => slot.outcome && 'failure' in slot.outcome)?.outcome;
  if (failed && 'failure' in failed) {
    const isDefect = !(failed.failure instanceof TallystickError);
    if (isDefect || !slots.some(({ outcome }) => outcome && 'receipt' in outcome)) throw failed.failure;
  }
  return slots.map(resultOf);
}

/** A record on its way. */
interface Slot {
  readonly place: Place;
  readonly draft: RecordDraft | null;
  outcome: AppendResult | { readonly failure: unknown } | null;
}

interface Waiting extends Slot {
  readonly draft: RecordDraft;
}

/** Gives every item its slot, and the good ones out in parts. */
function* chunks(items: Iterable<Item>, slots: Slot[]): Generator<Waiting[]> {
  let chunk: Waiting[] = [];
  let characters = 0;
  for (const item of items) {
    if ('error' in item) {
      slots.push({ place: item.place, draft: null, outcome: { error: item.error } });
      continue;
    }
    if (chunk.length > 0 && (chunk.length === CHUNK_RECORDS || characters + item.size > CHUNK_CHARACTERS)) {
      yield chunk;
      chunk = [];
      characters = 0;
    }
    const slot: Waiting = { place: item.place, draft: item.draft, outcome: null };
    slots.push(slot);
    chunk.push(slot);
    characters += item.size;
  }
  if (chunk.length > 0) yield chunk;
}

/** Never rejects: each slot gets its outcome. */
async function appendChunk(log: ServedLog, chunk: readonly Waiting[], source: string): Promise<void> {
  try {
    const drafts = chunk.map((slot) => slot.draft);
    const results = await log.appendEach(drafts, { source, whenFull: 'refuse' });
    for (const [i, slot] of chunk.entries()) slot.outcome = results[i] as AppendResult;
  } catch (failure) {
    for (const slot of chunk) slot.outcome = { failure };
  }
}

function resultOf({ place, outcome }: Slot): Result {
  if (outcome && 'receipt' in outcome) return { ...place, receipt: outcome.receipt };
  const error = outcome && ('failure' in outcome ? outcome.failure : outcome.error);
  // Which record the log meant is said by the place: its own count is of the part.
  const { index: _, ...problem } = problemOf(error as TallystickError);
  return { ...place, error: problem };
}
