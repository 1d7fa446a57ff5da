import type { Catalogs } from '../catalog/catalogs.ts';
import { deriveAction, deriveObjects } from '../catalog/derive.ts';
import type { RecordView } from '../reader/types.ts';
import { type AuditRecord, isReference, type Raw } from '../record/mod.ts';
import { grouped, utc } from './format.ts';
import type { Output } from './io.ts';
import { alarmOf } from './record-line.ts';
import { safeJson, safeLines, safeText } from './safe-text.ts';

/** Lines of an original that are shown; all of it is in `--json`. */
const MAX_LINES = 200;

/** Everything about one record, for people: what was sealed first, then what was concluded from it. */
export function recordPage(view: RecordView, catalogs: Catalogs, out: Output): string {
  const { node, seq, leaf, record } = view;
  const alarm = alarmOf(view);
  const seal =
    alarm === null ? out.style('green', 'verified up to the signed root') : out.style('red', alarm);
  const lines = [`${out.style('bold', safeText(`${node}/${seq}`))}  ${seal}`];
  if (leaf !== null) lines.push(row('leaf', leaf));
  if (record !== null)
    lines.push(...members(record), ...details(record), ...original(record), ...derived(record, catalogs));
  return `${lines.join('\n')}\n`;
}

function members(record: AuditRecord): string[] {
  const { actor } = record;
  const rows: [string, string | undefined][] = [
    ['time', `${utc(record.time)} as the source says`],
    ['logged', utc(record.logged)],
    ['system', record.system],
    ['event', record.event],
    ['outcome', record.outcome],
    ['reason', sealed(record.reason)],
    [
      'actor',
      actor &&
        Object.entries(actor)
          .map(([name, value]) => `${name}: ${value}`)
          .join(', '),
    ],
    ['module', record.module],
    ['service', record.service],
    ['component', record.component],
    ['correlation', record.correlation],
    ['phase', record.phase],
    ['id', record.id],
    ['source', record.source],
    ['dialect', record.dialect],
    ['flags', record.flags?.join(', ')],
    ['refs', record.refs?.map(({ node, seq, why }) => `${node}/${seq} (${why})`).join(', ')],
    ['signature', record.signature && sealed(record.signature)],
    ['upstream', record.upstream && JSON.stringify(record.upstream)],
  ];
  return rows.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [row(name, safeText(value))],
  );
}

function details({ details }: AuditRecord): string[] {
  if (details === undefined) return [];
  if (isReference(details)) return [row('details', safeText(sealed(details) as string))];
  const fields = Object.entries(details).map(
    ([name, value]) =>
      `  ${safeText(name)}: ${typeof value === 'string' ? safeText(value) : isReference(value) ? sealed(value) : safeJson(value)}`,
  );
  return fields.length === 0 ? [] : ['details', ...fields];
}

function original({ raw }: AuditRecord): string[] {
  if (raw === undefined) return [];
  if (isReference(raw)) return [row('original', safeText(sealed(raw) as string))];
  const { title, text } = readRaw(raw as Raw);
  const lines = safeLines(text.replace(/\r?\n$/, ''));
  const more = lines.length > MAX_LINES ? [`  … ${grouped(lines.length - MAX_LINES)} more lines`] : [];
  return [title, ...lines.slice(0, MAX_LINES).map((line) => `  | ${line}`), ...more];
}

function readRaw(raw: Raw): { title: string; text: string } {
  if ('text' in raw) return { title: 'original', text: raw.text };
  return {
    title: 'original (not UTF-8; shown byte by byte)',
    text: Buffer.from(raw.base64, 'base64').toString('latin1'),
  };
}

/** Not sealed: it follows the catalog of this version. */
function derived(record: AuditRecord, catalogs: Catalogs): string[] {
  const action = deriveAction(record, catalogs);
  const objects = deriveObjects(record, catalogs);
  const lines = objects.map(({ kind, id, name }) =>
    safeText(`  ${kind} ${id}${name === undefined ? '' : ` (${name})`}`),
  );
  if (action === null && lines.length === 0) return [];
  return [`concluded, not sealed${action === null ? '' : `: ${action}`}`, ...lines];
}

/** A member as text, or what stands for one whose content was removed. */
function sealed(member: unknown): string | undefined {
  if (member === undefined) return undefined;
  if (isReference(member)) return `${grouped(member.bytes)} bytes, removed; sealed by ${member.payload}`;
  return typeof member === 'string' ? member : JSON.stringify(member);
}

function row(name: string, value: string): string {
  return `${name.padEnd(11)}  ${value}`;
}
