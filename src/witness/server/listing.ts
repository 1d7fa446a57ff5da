import { createHash } from 'node:crypto';
import { toHex } from '../../crypto/bytes.ts';
import { safeText } from '../../crypto/safe-text.ts';
import { hashOf } from '../protocol.ts';
import type { Conflict, ConflictKind, WitnessedLog } from './database.ts';
import type { Witness } from './witness.ts';

/** What a witness has seen, as JSON: `GET /logs`. */
export interface Listing {
  readonly witness: { readonly name: string; readonly keys: readonly string[] };
  readonly logs: readonly ListedLog[];
}

export interface ListedLog {
  readonly origin: string;
  /** Lower-case hex SHA-256 of the origin: where its checkpoint is read. */
  readonly hash: string;
  /** Empty when the witness was told to believe them no more. */
  readonly keys: readonly string[];
  /** null while nothing has been cosigned. */
  readonly size: number | null;
  /** Lower-case hex. */
  readonly root: string | null;
  /** When it was cosigned last, in seconds since 1970. */
  readonly time: number | null;
  readonly conflicts: readonly Omit<Conflict, 'origin'>[];
}

export function listing({ name, keys, database }: Pick<Witness, 'name' | 'keys' | 'database'>): Listing {
  const logs = database.logs().map((log) => listed(log, database.conflicts(log.origin)));
  return { witness: { name, keys: keys.map(({ vkey }) => vkey) }, logs };
}

function listed({ origin, keys, latest }: WitnessedLog, conflicts: readonly Conflict[]): ListedLog {
  return {
    ...{ origin, hash: hashOf(origin), keys, size: latest?.size ?? null },
    ...{ root: latest === null ? null : toHex(latest.root), time: latest?.time ?? null },
    conflicts: conflicts.map(({ kind, time, known, offered }) => ({ kind, time, known, offered })),
  };
}

const KINDS: Readonly<Record<ConflictKind, string>> = {
  'split-view': 'The log signed two different trees of one size',
  unproven: 'A signed checkpoint came without proof that it continues the one known',
};
const MEANING: Readonly<Record<ConflictKind, string>> = {
  'split-view': 'Both notes carry the log’s own signature: together they prove it to anybody.',
  unproven: 'Whoever had that checkpoint can have sent it so: this proves nothing against the log by itself.',
};

/** Where a table would be wider than the screen or the paper, its rows are blocks, and each value bears its column's name. */
const STYLE = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; margin: 1.5em 0 .4em; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid; }
td { min-width: 5.5rem; }
code, pre { font: .85em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
section { border-left: .4rem solid; padding-left: 1rem; }
@media print, (max-width: 55rem) {
  table, caption, tbody, tr, th, td { display: block; }
  thead { display: none; }
  th, td { border: 0; padding: 0; }
  tr { border-bottom: 1px solid; padding: .5rem 0; }
  td:empty { display: none; }
  td::before { content: attr(data-head) ": "; }
}
@media print { :root { color-scheme: light; font-size: 10pt; } }
`;

/** SHA-256 of the page's one style element, for the header that allows no other. */
export const STYLE_HASH: string = createHash('sha256').update(STYLE).digest('base64');

/** The listing for people: HTML that needs no script. */
export function page({ witness, logs }: Listing): string {
  const conflicts = logs.flatMap((log) => log.conflicts.map((conflict) => conflictHtml(log, conflict)));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Witness ${escaped(witness.name)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Witness ${escaped(witness.name)}</h1>
<p>It cosigns what it is shown of the logs below, and only what continues that which it cosigned before.</p>
<h2>Keys</h2>
<ul>
${witness.keys.map((key) => `<li><code>${escaped(key)}</code></li>`).join('\n')}
</ul>
<h2>Logs</h2>
${logs.length === 0 ? '<p>No log has been added yet.</p>' : tableHtml(logs)}
<h2 id="conflicts">Conflicts</h2>
${conflicts.length === 0 ? '<p>None has been seen.</p>' : conflicts.join('\n')}
<p><a href="logs">The same as JSON</a></p>
</main>
</body>
</html>
`;
}

const COLUMNS = ['Records', 'Last cosigned', 'Root', 'Conflicts', 'Evidence'] as const;

function tableHtml(logs: readonly ListedLog[]): string {
  const heads = ['Log', ...COLUMNS].map((head) => `<th scope="col" role="columnheader">${head}</th>`);
  // Roles are written out: browsers forget that it is a table where its rows are blocks.
  return `<table role="table">
<caption>The newest tree seen of each log</caption>
<thead role="rowgroup"><tr role="row">${heads.join('')}</tr></thead>
<tbody role="rowgroup">
${logs.map(rowHtml).join('\n')}
</tbody>
</table>`;
}

function rowHtml({ origin, hash, keys, size, root, time, conflicts }: ListedLog): string {
  const name = `${escaped(origin)}${keys.length === 0 ? ' (believed no more)' : ''}`;
  const seen = size === null ? 'not yet' : timeHtml(time as number);
  const note = size === null ? '' : `<a href="${hash}/checkpoint">checkpoint of ${escaped(origin)}</a>`;
  const cells: Readonly<Record<(typeof COLUMNS)[number], string>> = {
    Records: size === null ? '' : size.toLocaleString('en-US'),
    'Last cosigned': seen,
    Root: root === null ? '' : `<code>${root}</code>`,
    Conflicts: conflicts.length === 0 ? 'none' : `<a href="#conflicts">${conflicts.length}</a>`,
    Evidence: note,
  };
  const rest = COLUMNS.map((head) => `<td role="cell" data-head="${head}">${cells[head]}</td>`);
  return `<tr role="row"><th scope="row" role="rowheader">${name}</th>${rest.join('')}</tr>`;
}

function conflictHtml(
  { origin }: ListedLog,
  { kind, time, known, offered }: ListedLog['conflicts'][0],
): string {
  return `<section>
<h3>${escaped(origin)}: ${KINDS[kind].toLowerCase()}</h3>
<p>Seen ${timeHtml(time)}. ${MEANING[kind]}</p>
<p>Cosigned before:</p>
<pre>${escapedLines(known)}</pre>
<p>Refused:</p>
<pre>${escapedLines(offered)}</pre>
</section>`;
}

function timeHtml(seconds: number): string {
  const iso = new Date(seconds * 1_000).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return safeText(text).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

function escapedLines(text: string): string {
  return text.split('\n').map(escaped).join('\n');
}
