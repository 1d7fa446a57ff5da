import { fromUtf8 } from '../crypto/bytes.ts';
import { RecordError, TallystickError } from '../errors.ts';
import type { AppendResult } from '../log/unit.ts';
import { checkDraft, checkProducer, parseExact, type RecordDraft } from '../record/mod.ts';
import { extend, type SeqRange } from '../sources/mod.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { counted, grouped } from './format.ts';
import { Inbox } from './inbox.ts';
import type { Io } from './io.ts';
import { type InputLine, LineSplitter } from './ndjson.ts';
import { openToAppend, type Receiving } from './open-data.ts';
import { safeText } from './safe-text.ts';

/** A record's payloads may have 16 MiB each, and JSON escapes make them longer. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
/** What one append takes at the most, but for a line that is longer by itself: far within what the log takes at once. */
const BATCH_RECORDS = 1_000;
const BATCH_BYTES = 4 * 1024 * 1024;

/** A line of input as it stands: to be sealed, or refused. */
interface Item {
  readonly line: number;
  readonly content: RecordDraft | TallystickError;
}

/**
 * Seals the records on standard input, one JSON object a line. What has come is sealed at once: no record waits for
 * the next one. While a batch is being sealed the next is read, and no more than that.
 */
export async function append(call: Call): Promise<number> {
  call.expect(0, 0);
  const source = checkProducer(call.text('source') ?? 'append');
  const log = await openToAppend(call);
  const counts = { sealed: 0, duplicates: 0, refused: 0 };
  const ranges: SeqRange[] = [];
  let lastLine = 0;
  const inbox = new Inbox<Item>(BATCH_RECORDS, BATCH_BYTES);
  const filled = fill(inbox, call.io);
  // Met below, when what has come before it has been sealed.
  filled.catch(() => {});
  try {
    for await (const batch of inbox.takings()) {
      for (const [line, result] of await seal(log, batch, source)) {
        if ('error' in result) counts.refused++;
        else if (result.receipt.duplicate) counts.duplicates++;
        else {
          counts.sealed++;
          extend(ranges, result.receipt.node, result.receipt.seq);
        }
        await show(call, line, result);
        lastLine = line;
      }
    }
    await filled;
    call.io.signal.throwIfAborted();
  } finally {
    call.io.stdin.destroy();
    await log.close();
    const cut = call.io.signal.aborted ? `; interrupted behind line ${lastLine}` : '';
    if (!call.json) await call.io.stdout.line(summary(counts, ranges) + cut);
  }
  return counts.refused === 0 ? EXIT.ok : EXIT.refused;
}

/** What became of each line, in order. */
async function seal(
  log: Receiving,
  batch: readonly Item[],
  source: string,
): Promise<(readonly [line: number, result: AppendResult])[]> {
  const good = batch.filter((item) => !(item.content instanceof TallystickError));
  const drafts = good.map(({ content }) => content as RecordDraft);
  const results = await log.appendEach(drafts, { source, state: [] });
  const byLine = new Map(good.map(({ line }, i) => [line, results[i] as AppendResult]));
  return batch.map(({ line, content }) => [line, byLine.get(line) ?? { error: content as TallystickError }]);
}

async function show({ json, io }: Call, line: number, result: AppendResult): Promise<void> {
  if (json) {
    if ('receipt' in result) return io.stdout.record({ line, receipt: result.receipt });
    const { code, message, context } = result.error;
    const path = context.path;
    return io.stdout.record({ line, error: { code, message, ...(path === undefined ? {} : { path }) } });
  }
  if ('receipt' in result) return;
  const { code, message } = result.error;
  await io.stderr.line(`line ${line}: ${io.stderr.style('red', code)}: ${safeText(message)}`);
}

function summary(
  counts: { sealed: number; duplicates: number; refused: number },
  ranges: readonly SeqRange[],
): string {
  const parts = [`${counted(counts.sealed, 'record')} sealed${where(ranges)}`];
  if (counts.duplicates > 0) parts.push(`${counted(counts.duplicates, 'record')} in the log already`);
  if (counts.refused > 0) parts.push(`${grouped(counts.refused)} refused`);
  return parts.join('; ');
}

/** `, host/5 to 7 and host/9`; empty when there are too many ranges to name. */
export function where(ranges: readonly SeqRange[]): string {
  if (ranges.length === 0 || ranges.length > 3) return '';
  const names = ranges.map(({ node, from, to }) =>
    safeText(`${node}/${from}${to > from ? ` to ${to}` : ''}`),
  );
  return `: ${names.join(' and ')}`;
}

/** Puts the lines of standard input into the inbox as they come, until the input or the signal ends it. */
async function fill(inbox: Inbox<Item>, { stdin, signal }: Io): Promise<void> {
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  const put = async (lines: Iterable<InputLine>): Promise<void> => {
    for (const line of lines) {
      const item = read(line);
      if (item !== null) await inbox.put(item, line.bytes?.length ?? 0);
    }
  };
  const stop = (): void => {
    stdin.destroy();
  };
  signal.addEventListener('abort', stop);
  try {
    for await (const chunk of stdin) await put(splitter.push(chunk as Uint8Array));
    await put(splitter.end());
  } catch (error) {
    // Asked to stop: what has come is sealed, a line that is not complete is not.
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    inbox.end();
  }
}

/** What a line says; null for a blank one. */
function read({ number: line, bytes }: InputLine): Item | null {
  if (bytes === null) {
    const message = `the line is longer than ${grouped(MAX_LINE_BYTES)} bytes`;
    return { line, content: new RecordError('RECORD_TOO_LARGE', message) };
  }
  try {
    const text = decode(bytes);
    return text.trim() === '' ? null : { line, content: checkDraft(parseExact(text)) };
  } catch (error) {
    if (error instanceof RecordError) return { line, content: error };
    throw error;
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw new RecordError('JSON_INVALID', 'the line is not valid UTF-8', { cause });
  }
}
