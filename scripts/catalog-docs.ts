/** Writes docs/catalogs from the tables in src/catalog. */

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ACTIONS } from '../src/catalog/actions.ts';
import {
  AUDIT_COLUMNS,
  BUILT_IN,
  type Catalog,
  type EventListing,
  listEvent,
  listSystem,
} from '../src/catalog/mod.ts';

const FOLDER = fileURLToPath(new URL('../docs/catalogs', import.meta.url));

/** Every file of docs/catalogs, by its name. */
export function catalogDocs(): ReadonlyMap<string, string> {
  const catalogs = [...BUILT_IN.values()];
  const pages = catalogs.map((catalog) => [`${catalog.system}.md`, page(catalog)] as const);
  return new Map([['README.md', overview(catalogs)], ...pages]);
}

const MADE = '<!-- Made from the tables in src/catalog by `npm run docs`; do not edit. -->\n';

function overview(catalogs: readonly Catalog[]): string {
  const rows = catalogs.map((catalog) => {
    const { system, about, events, fields } = listSystem(catalog);
    return [`[${system}](${system}.md)`, about, String(events), String(fields)];
  });
  const verbs = Object.entries(ACTIONS).map(([verb, about]) => {
    const having = catalogs.filter(({ events }) => events.some(({ action }) => action === verb));
    return [verb, about, having.map(({ system }) => system).join(', ')];
  });
  return `# Catalogs

${MADE}
The events of each system, with their fields. \`tallystick catalog SYSTEM EVENT\` shows the same, \`/v1/catalog\` answers it.

${table(['system', 'what', 'events', 'fields'], rows)}
How to read the pages: an *optional* field may be missing from a successful event; a failed one may carry fewer in any case.
\`a.b\` and \`a[].b\` stand inside \`a\`; \`added:*\` is any name that begins so, \`*\` any name at all. A field stands in the record's
\`details\`, unless a member is named behind it.

## Verbs

What events of all systems are called in common (\`action:\` in searches).

${table(['verb', 'what happened', 'in'], verbs)}`;
}

function page(catalog: Catalog): string {
  const { system, about, partIn, parts, events, fields, failureSuffix, permissions } = listSystem(catalog);
  const { table: data } = catalog;
  const facts = [
    `${events} events${parts.length > 1 ? ` in ${parts.length} parts (\`${partIn}\` of the record)` : ''}, ${fields} fields.`,
    ...(data.textual ? ['The system writes no types: all values are texts, whatever they mean.'] : []),
    ...(failureSuffix === null ? [] : [`A failed event carries \`${failureSuffix}\` behind its name.`]),
  ];
  const groups = partIn === null ? [''] : Object.keys(data.parts);
  const sections = groups.map((part) => {
    const listed = catalog.events
      .filter((info) => partIn === null || (info.part ?? '') === part)
      .map((info) => listEvent(catalog, info));
    const title = partIn === null ? 'Events' : part === '' ? `Events of no ${partIn}` : part;
    const list = listed.map((event) => [
      `[${code(event.event)}](#${anchor(event)})`,
      event.action,
      event.about,
    ]);
    return `## ${title}\n\n${table(['event', 'verb', 'what happened'], list)}\n${listed.map(section).join('\n')}`;
  });
  const meanings = Object.entries(data.fields).map(([name, { type, list, at, about }]) => [
    code(name),
    `${type}${list ? ' list' : ''}`,
    at === undefined ? '' : code(at),
    about,
  ]);
  const rules = data.objects.map(({ kind, from, as, within, name = [], unless }) => [
    kind,
    code(from),
    as,
    within === undefined ? '' : code(within),
    name.map(code).join(', '),
    unless === undefined ? '' : code(unless),
  ]);
  const rights = Object.entries(permissions);
  return [
    `# ${system}\n\n${MADE}\n${about} ${facts.join(' ')}\n`,
    ...sections,
    `## Fields\n\n${table(['field', 'type', 'stands in', 'meaning'], meanings)}`,
    ...(rules.length === 0
      ? []
      : [
          `## What was acted upon\n\nHow fields tell it (\`object:\` in searches).\n\n${table(['kind', 'field', 'read as', 'within', 'named by', 'unless there is'], rules)}`,
        ]),
    ...(system === AUDIT_TABLE.system ? [AUDIT_TABLE.text] : []),
    ...(rights.length === 0 ? [] : [`## Permissions\n\n${table(['permission', 'allows'], rights)}`]),
  ].join('\n');
}

/** SignServer also keeps its events in a table of its database. */
const AUDIT_TABLE = {
  system: 'signserver',
  text: `## Columns of AuditRecordData\n\nThe table of the database that holds one event in each row.\n\n${table(
    ['column', 'called', 'type', 'in the text log', 'meaning'],
    AUDIT_COLUMNS.map(({ column, name, type, line, nullable, about }) => [
      code(column),
      name ?? '',
      `${type}${nullable ? ', may be null' : ''}`,
      line === null ? '' : code(line),
      about,
    ]),
  )}`,
};

function section(event: EventListing): string {
  const {
    aliases,
    about,
    action,
    actionBy,
    implies,
    effects,
    ocsf,
    mandatoryIn,
    defaultIn,
    versions,
    fields,
  } = event;
  const facts: [string, string][] = [
    ['Also called', aliases.map(code).join(', ')],
    [
      'Verb',
      actionBy === null
        ? action
        : `${action}; ${Object.entries(actionBy.values)
            .map(([value, verb]) => `${verb} where ${code(actionBy.field)} is ${code(value)}`)
            .join(', ')}`,
    ],
    [
      'Tells its outcome',
      Object.entries(implies)
        .map(([name, outcome]) => `${code(name)}: ${outcome}`)
        .join(', '),
    ],
    ['Always written in', mandatoryIn.join(', ')],
    ['Written by default in', defaultIn.join(', ')],
    ['Releases', versions ?? ''],
    ['OCSF 1.9', `${ocsf.className} (${ocsf.class}), ${ocsf.activityName ?? 'Other'} (${ocsf.activity})`],
  ];
  const lines = facts.filter(([, value]) => value !== '').map(([name, value]) => `- ${name}: ${value}`);
  const done = Object.entries(effects).map(([kind, effect]) => [kind, effect]);
  const rows = fields.map(({ name, type, list, optional, about, at }) => [
    code(name),
    type === null ? '' : `${type}${list ? ' list' : ''}`,
    optional ? 'optional' : '',
    at === 'details' ? about : `${about} (${code(at)})`,
  ]);
  const parts = [
    `### <a id="${anchor(event)}"></a>${inline(event.event)}\n\n${inline(about)}\n\n${lines.join('\n')}\n`,
    ...(done.length === 0 ? [] : [table(['done to', 'what it did'], done)]),
    rows.length === 0 ? 'It has no fields.\n' : table(['field', 'type', '', 'meaning'], rows),
  ];
  return parts.join('\n');
}

/** Unique within a page: event names differ between parts only by their part. */
function anchor({ component, event }: EventListing): string {
  return `${component === null ? '' : `${component} `}${event}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(inline).join(' | ')} |\n`;
  return `${line(titles)}${line(titles.map(() => '---'))}${rows.map(line).join('')}`;
}

/** Text within a line of Markdown: no line end, no cell's end, no tag. Code spans and links stay what they are. */
function inline(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;').trim();
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

function main(): void {
  const docs = catalogDocs();
  mkdirSync(FOLDER, { recursive: true });
  for (const name of readdirSync(FOLDER)) if (!docs.has(name)) rmSync(join(FOLDER, name));
  for (const [name, text] of docs) writeFileSync(join(FOLDER, name), text);
}

if (import.meta.main) main();
