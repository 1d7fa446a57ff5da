import type { Catalogs } from '../catalog/catalogs.ts';
import { ocsfEvent } from '../catalog/ocsf-event.ts';
import type { SearchAnswer } from '../reader/types.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { counted, grouped, recordRange } from './format.ts';
import { openHeldToSearch } from './held.ts';
import type { Searching } from './open-data.ts';
import { Progress } from './progress.ts';
import { isSound, recordLine, titleLine } from './record-line.ts';
import { safeText } from './safe-text.ts';

/** Most that one answer may hold. */
const MAX_PAGE = 1_000;

/** Finds records. Exit code 1 when one that is shown does not hold. */
export async function search(call: Call): Promise<number> {
  const order = orderOf(call);
  const all = call.isSet('all');
  const form = call.text('as');
  if (form !== undefined && form !== 'ocsf')
    throw call.usage(`--as is ${JSON.stringify(form)}; it must be ocsf`);
  const limit = call.number('limit', 1, MAX_PAGE);
  const cursor = call.text('cursor');
  if (all && limit !== undefined) throw call.usage('--all and --limit exclude each other');
  const progress = new Progress(call.io, 'searching');
  const searching = await openHeldToSearch(call);
  try {
    const request = {
      query: call.operands.join(' '),
      order,
      limit: limit ?? (all ? MAX_PAGE : 50),
      ...(cursor === undefined ? {} : { cursor }),
      onProgress: progress.update,
      signal: call.io.signal,
    };
    return await (all ? showAll : showPage)(call, searching, request, progress);
  } finally {
    progress.clear();
    await searching.close();
  }
}

type Request = NonNullable<Parameters<Searching['search']>[0]>;

async function showPage(
  call: Call,
  searching: Searching,
  request: Request,
  progress: Progress,
): Promise<number> {
  const answer = await searching.search(request);
  progress.clear();
  const { stdout } = call.io;
  if (call.text('as') !== undefined) await showOcsf(call, searching.catalogs, answer);
  else if (call.json) await stdout.json(answer);
  else {
    await showRecords(call, searching.catalogs, answer, true);
    await showEnd(
      call,
      answer,
      answer.records.length,
      answer.records.filter((view) => !isSound(view)).length,
    );
  }
  return answer.records.every(isSound) ? EXIT.ok : EXIT.refused;
}

/** Page by page over the sealed state of the first one. As JSON: a line for each record, and one that ends it. */
async function showAll(
  call: Call,
  searching: Searching,
  request: Request,
  progress: Progress,
): Promise<number> {
  const { stdout, signal } = call.io;
  let count = 0;
  let unsound = 0;
  let scanned = 0;
  let answer: SearchAnswer | null = null;
  do {
    signal.throwIfAborted();
    answer = await searching.search(answer?.next == null ? request : { ...request, cursor: answer.next });
    progress.clear();
    if (call.text('as') !== undefined) await showOcsf(call, searching.catalogs, answer);
    else if (call.json) for (const view of answer.records) await stdout.record(view);
    else await showRecords(call, searching.catalogs, answer, count === 0);
    count += answer.records.length;
    unsound += answer.records.filter((view) => !isSound(view)).length;
    scanned += answer.scanned;
  } while (answer.next !== null);
  if (call.text('as') !== undefined) return unsound === 0 ? EXIT.ok : EXIT.refused;
  if (call.json) await stdout.record({ end: true, count, through: answer.through, scanned });
  else await showEnd(call, answer, count, unsound);
  return unsound === 0 ? EXIT.ok : EXIT.refused;
}

/** A line for each record. One that does not hold is no event: it is named on standard error. */
async function showOcsf(
  { io: { stdout, stderr } }: Call,
  catalogs: Catalogs,
  { records }: SearchAnswer,
): Promise<void> {
  for (const view of records) {
    if (isSound(view) && view.record !== null) await stdout.record(ocsfEvent(view.record, catalogs));
    else await stderr.line(recordLine(view, catalogs, stderr));
  }
}

async function showRecords(
  { io: { stdout } }: Call,
  catalogs: Catalogs,
  { records }: SearchAnswer,
  first: boolean,
): Promise<void> {
  if (first && records.length > 0) await stdout.line(titleLine(stdout));
  for (const view of records) await stdout.line(recordLine(view, catalogs, stdout));
}

async function showEnd(
  { io: { stdout } }: Call,
  answer: SearchAnswer,
  count: number,
  unsound: number,
): Promise<void> {
  const { next, through } = answer;
  const complete = through
    .map(({ node, size }) => `${safeText(node)} through ${recordRange(size - 1, size)}`)
    .join(', ');
  if (count === 0) await stdout.line(nothingFound(answer));
  if (unsound > 0) {
    await stdout.line(
      stdout.style(
        'red',
        `!! ${counted(unsound, 'record')} above ${unsound === 1 ? 'does' : 'do'} not hold; run: tallystick verify`,
      ),
    );
  }
  await stdout.line(stdout.style('dim', `${counted(count, 'record')}; complete for ${complete}`));
  if (next !== null) await stdout.line(stdout.style('dim', `there are more: --cursor ${next}, or --all`));
}

function nothingFound({ through }: SearchAnswer): string {
  const total = through.reduce((n, { size }) => n + size, 0);
  if (total <= through.length) return 'The log is empty yet: tallystick import FILE takes log files in.';
  return `Nothing matches among ${grouped(total)} records. Values are compared whole: * stands for any text (docs/query.md).`;
}

function orderOf(call: Call): 'newest' | 'oldest' {
  const order = call.text('order') ?? 'newest';
  if (order === 'newest' || order === 'oldest') return order;
  throw call.usage(`--order is ${JSON.stringify(order)}; it must be newest or oldest`);
}
