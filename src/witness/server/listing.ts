import { createHash } from 'node:crypto';
import { toHex } from '../../crypto/bytes.ts';
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

const STYLE = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: bold; padding: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
code, pre { font: .85rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
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
<h2>Conflicts</h2>
${conflicts.length === 0 ? '<p>None has been seen.</p>' : conflicts.join('\n')}
<p><a href="logs">The same as JSON</a></p>
</main>
</body>
</html>
`;
}

function tableHtml(logs: readonly ListedLog[]): string {
  const heads = ['Log', 'Records', 'Last cosigned', 'Root', 'Conflicts', 'Evidence'];
  return `<table>
<caption>The newest tree seen of each log</caption>
<thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>
<tbody>
${logs.map(rowHtml).join('\n')}
</tbody>
</table>`;
}

function rowHtml({ origin, hash, keys, size, root, time, conflicts }: ListedLog): string {
  const name = `${escaped(origin)}${keys.length === 0 ? ' (believed no more)' : ''}`;
  const seen = size === null ? 'not yet' : timeHtml(time as number);
  const note = size === null ? '' : `<a href="${hash}/checkpoint">checkpoint of ${escaped(origin)}</a>`;
  const cells = [
    `<th scope="row">${name}</th><td class="number">${size ?? ''}</td><td>${seen}</td>`,
    `<td><code>${root ?? ''}</code></td><td class="number">${conflicts.length}</td><td>${note}</td>`,
  ];
  return `<tr>${cells.join('')}</tr>`;
}

function conflictHtml(
  { origin }: ListedLog,
  { kind, time, known, offered }: ListedLog['conflicts'][0],
): string {
  return `<section>
<h3>${escaped(origin)}: ${KINDS[kind].toLowerCase()}</h3>
<p>Seen ${timeHtml(time)}. ${MEANING[kind]}</p>
<details><summary>Both notes</summary>
<p>Cosigned before:</p>
<pre>${escaped(known)}</pre>
<p>Refused:</p>
<pre>${escaped(offered)}</pre>
</details>
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
/** Marks that turn the direction of a text around would make it read as another. */
const BIDI = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] as string)
    .replace(BIDI, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
