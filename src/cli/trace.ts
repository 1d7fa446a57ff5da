import { formatQuery } from '../query/mod.ts';
import { type KnownAs, type Trace, trace as traceThing } from '../reader/trace.ts';
import type { RecordView } from '../reader/types.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { counted, shortened } from './format.ts';
import { openHeldToSearch } from './held.ts';
import type { Output } from './io.ts';
import type { Searching } from './open-data.ts';
import { Progress } from './progress.ts';
import { isSound, recordLine, titleLine } from './record-line.ts';
import { safeText } from './safe-text.ts';

/** Records shown below the names. */
const SHOWN = 50;

/** Follows one thing through all systems. Exit code 1 when a record that is shown does not hold. */
export async function trace(call: Call): Promise<number> {
  call.expect(2, 2);
  const [kind = '', id = ''] = call.operands;
  const { io } = call;
  const limit = call.number('limit', 1, 1_000) ?? SHOWN;
  const progress = new Progress(io, 'following');
  const searching = await openHeldToSearch(call);
  try {
    const found = await traceThing(searching, kind, id, { signal: io.signal, catalogs: searching.catalogs });
    const query = formatQuery(found.filter);
    progress.clear();
    if (call.json) {
      await io.stdout.json({ same: found.same, alike: found.alike, query, cut: found.cut });
      return EXIT.ok;
    }
    await showNames(io.stdout, kind, found);
    return await showRecords(call, searching, query, limit);
  } finally {
    progress.clear();
    await searching.close();
  }
}

async function showNames(out: Output, kind: string, { same, alike, cut }: Trace): Promise<void> {
  const width = Math.min(80, Math.max(...[...same, ...alike].map(({ id }) => id.length)));
  await out.line(`The ${safeText(kind)} is known as`);
  for (const known of same) await out.line(`  ${nameLine(known, width)}  ${out.style('dim', told(known))}`);
  if (cut) await out.line('  and maybe more: not every record was looked at');
  if (alike.length > 0) await out.line('Of the same name, and not known to be the same:');
  for (const other of alike) await out.line(`  ${nameLine(other, width)}`);
  await out.line('');
}

function nameLine({ id, name }: { readonly id: string; readonly name?: string }, width: number): string {
  return `${shortened(safeText(id), width).padEnd(width)}  ${safeText(name ?? '')}`.trimEnd();
}

function told({ told: by }: KnownAs): string {
  return by === null ? 'asked for' : `as ${safeText(`${by.node}/${by.seq}`)} says (${safeText(by.event)})`;
}

async function showRecords(call: Call, searching: Searching, query: string, limit: number): Promise<number> {
  const { stdout, signal } = call.io;
  const { records, next } = await searching.search({ query, order: 'oldest', limit, signal });
  await stdout.line(titleLine(stdout));
  // Each system's log is in its own order, and files were taken one after another: what happened is told by the times.
  const happened = (view: RecordView): number => view.record?.time ?? Number.POSITIVE_INFINITY;
  const inTime = [...records].sort((a, b) => Math.sign(happened(a) - happened(b)) || 0);
  for (const view of inTime) await stdout.line(recordLine(view, searching.catalogs, stdout));
  const more = next === null ? 'all of them' : 'there are more';
  const again = `tallystick search --order oldest --all -- '${query.replaceAll("'", `'\\''`)}'`;
  await stdout.line(stdout.style('dim', `${counted(records.length, 'record')}, ${more}: ${again}`));
  return records.every(isSound) ? EXIT.ok : EXIT.refused;
}
