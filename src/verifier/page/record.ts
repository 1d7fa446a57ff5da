import {
  type Catalog,
  Catalogs,
  deriveAction,
  deriveObjects,
  type EventListing,
  listEvent,
} from '../../catalog/mod.ts';
import type { ProvenRecord } from '../../evidence/mod.ts';
import { type AuditRecord, isReference, type Raw } from '../../record/mod.ts';
import { counted, grouped } from '../../verify/words.ts';
import { boundWords, utcText } from '../words.ts';
import { h, members, shown, shownLines } from './dom.ts';

/** Date and time where the page is read, as ISO 8601 has them. One for all: a new one for each date takes seconds in all. */
const HERE = new Intl.DateTimeFormat('sv-SE', {
  ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'longOffset' },
});

const listings = new Map<string, EventListing | null>();

/** What the catalogs know of a record's event; null when they don't know it. */
function listingOf({ system, event, component, module }: AuditRecord): EventListing | null {
  const part = component ?? module ?? '';
  const key = JSON.stringify([system, event, part]);
  const known = listings.get(key);
  if (known !== undefined) return known;
  const catalog: Catalog | null = Catalogs.builtIn.find(system);
  const info = catalog?.find(event, part) ?? null;
  const listing = catalog === null || info === null ? null : listEvent(catalog, info);
  listings.set(key, listing);
  return listing;
}

/** What an event is, in the catalog's words; empty when no catalog knows it. */
export function aboutEvent(record: AuditRecord): string {
  return listingOf(record)?.about ?? '';
}

/** Everything about one record: what was sealed, then what is concluded from it, then what proves it. */
export function recordDetail(proven: ProvenRecord): Node {
  const { record, problem } = proven;
  const parts: Node[] = [];
  if (proven.status !== 'verified') {
    const words = `This is not what was sealed, or nothing proves that it is: ${problem ?? proven.status}.`;
    parts.push(h('p', { class: 'bad-text' }, shown(words)));
  }
  if (record === null) parts.push(h('p', {}, 'Its bytes are no record that could be shown.'));
  else parts.push(...sealedParts(record), ...originalParts(record), ...concludedParts(record));
  parts.push(h('h4', {}, 'Proof'), proofTable(proven));
  return h('div', {}, ...parts);
}

function sealedParts(record: AuditRecord): Node[] {
  const { actor, signature, upstream, objects, refs } = record;
  const rows: [string, unknown][] = [
    ['Time', `${times(record.time)}, as the source says`],
    ['Logged', times(record.logged)],
    ['System', record.system],
    ['Event', record.event],
    ['Outcome', record.outcome],
    ['Reason', record.reason],
    ...(Object.entries(actor ?? {}).map(([name, value]) => [`Actor: ${name}`, value]) as [string, unknown][]),
    ['Module', record.module],
    ['Service', record.service],
    ['Component', record.component],
    ['Correlation', record.correlation],
    ['Phase', record.phase],
    ['Id', record.id],
    ['Delivered by', record.source],
    ['Dialect', record.dialect],
    ['Flags', record.flags?.join(', ')],
    ['Refers to', refs?.map(({ node, seq, why }) => `${node}/${seq} (${why})`).join(', ')],
    ['Objects', objects],
    ['Signature', signature],
    ['Checked on arrival', upstream],
  ];
  const present = rows.filter(([, value]) => value !== undefined && value !== '');
  const parts: Node[] = [
    h('h4', {}, 'Sealed'),
    members(present.map(([name, value]) => [shown(name), shown(textOf(value))])),
  ];
  const { details } = record;
  if (details === undefined) return parts;
  parts.push(h('h4', {}, 'Fields'));
  if (isReference(details)) parts.push(h('p', {}, shown(textOf(details))));
  else {
    const listing = listingOf(record);
    parts.push(
      members(
        Object.entries(details).map(([name, value]) => [fieldName(name, listing), shownLines(textOf(value))]),
      ),
    );
  }
  return parts;
}

function fieldName(name: string, listing: EventListing | null): Node {
  const about = listing?.fields.find((field) =>
    field.type === null ? name.startsWith(field.name.slice(0, -1)) : field.name === name,
  )?.about;
  const words = about === undefined || about === '' ? [] : [h('span', { class: 'about' }, shown(about))];
  return h('span', {}, h('code', {}, shown(name)), ...words);
}

function originalParts({ raw }: AuditRecord): Node[] {
  if (raw === undefined) return [];
  if (isReference(raw)) return [h('h4', {}, 'Original'), h('p', {}, shown(textOf(raw)))];
  const original = raw as Raw;
  const isText = 'text' in original;
  const title = isText ? 'Original' : 'Original (not UTF-8; shown byte by byte)';
  const text = isText ? original.text : atob(original.base64);
  const attributes = { tabindex: '0', role: 'group', 'aria-label': title };
  return [h('h4', {}, title), h('pre', attributes, shownLines(text.replace(/\r?\n$/, '')))];
}

/** Not sealed: it follows the catalogs of this page. */
function concludedParts(record: AuditRecord): Node[] {
  const action = deriveAction(record, Catalogs.builtIn);
  const objects = deriveObjects(record, Catalogs.builtIn);
  const rows: [string, string][] = [
    ...(action === null ? [] : ([['Action', action]] as [string, string][])),
    ...objects.map(({ kind, id, name }): [string, string] => [
      kind,
      name === undefined ? id : `${id} (${name})`,
    ]),
  ];
  if (rows.length === 0) return [];
  return [
    h('h4', {}, 'Concluded, not sealed'),
    members(rows.map(([name, value]) => [shown(name), shown(value)])),
  ];
}

function proofTable({ seq, node, leaf, absent, bound }: ProvenRecord): HTMLElement {
  const rows: [string, string][] = [
    ['Place', `record ${seq} of ${node}`],
    ['Leaf hash', leaf],
  ];
  if (absent > 0) rows.push(['Not in the file', `sealed content in ${counted(absent, 'place')}`]);
  if (bound !== null) rows.push(['Bound', boundWords(bound)]);
  return members(rows.map(([name, value]) => [name, h('span', { class: 'mono' }, shown(value))]));
}

/** Both zones, so that nobody has to guess. */
function times(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return utcText(ms);
  return `${utcText(ms)} (here ${HERE.format(date)})`;
}

function textOf(value: unknown): string {
  if (isReference(value)) {
    return `${grouped(value.bytes)} bytes that are not in the file; sealed by ${value.payload}`;
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
