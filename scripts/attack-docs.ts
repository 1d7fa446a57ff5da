/** Writes docs/attacks.md from the table of attacks, which the tests hold to what the verifier finds. */

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  ANCHORS,
  type Anchor,
  ATTACKS,
  type Attack,
  type Cell,
  type Expected,
  KEY_CHANGE_ATTACKS,
  MEDIA,
  type Medium,
} from '../src/cli/demo/attacks.ts';
import { AT, OLDER, SIZE } from '../src/cli/demo/scene.ts';

const FILE = fileURLToPath(new URL('../docs/attacks.md', import.meta.url));

const CLASSES: readonly string[] = [
  'a stored record is edited',
  'records are deleted in the middle',
  'the tail is cut',
  'records change places',
  'a record is slipped in, or back-dated',
  'everything is rebuilt with the log’s own key',
  'an older copy is put back',
  'different people are shown different logs',
  'another key, another log',
  'two writers on one node',
  'the clock is wrong, or turned back',
  'the search index hides or changes what the log has',
  'a column is changed that no record is in',
  'an event is never written',
  'a node’s whole log is removed',
];

/** What the matrix does not have as a row, because no bytes of a log are altered. */
const BESIDE: ReadonlyMap<number, string> = new Map([
  [
    2,
    'Evidence can be made to claim less than it did, for nothing signs its matches and its range: with any anchor or none, a match taken away is `left-out`, a range of a time that is cut `not-complete`, and a file that shows nothing and has no range, or one of no record, `bad-evidence`. A policy demands its quorum over every record that is in the file, matched or not. A range by numbers says no more than its numbers, and of how many.',
  ],
  [
    3,
    'Evidence made at an older checkpoint that witnesses have cosigned is genuine: it is what the log was then. It says how many records it knows, names no time past the newest that is shown to be over, and nothing in it says that no more came.',
  ],
  [
    10,
    'A second writer is refused: `LOG_HELD`, or `STORE_CONFLICT` where it took over. Tried by `demo tamper` and the tests of the stores.',
  ],
  [
    11,
    'A clock that is turned back while a log runs has no effect: `logged` stands still until time has caught up. One that jumps ahead by more than five minutes holds appends.',
  ],
  [
    12,
    '`index-differs` at the record, with `verify --deep`, in a store: a row that says otherwise, one that is gone, one that stands twice. A search shows only records that it has read from the log and verified.',
  ],
  [
    14,
    'A guarded operation does not run without a sealed attempt. `verify --deep` lists attempts without outcome; they are no finding, for a crash leaves the same.',
  ],
]);

const KEPT: Readonly<Record<Medium, readonly number[]>> = {
  memory: [1, 251, 500],
  SQLite: [1, 251, 500],
  tiles: [1],
  export: [],
  evidence: [],
};

const NAMES: Readonly<Record<Anchor, string>> = {
  none: 'nothing',
  key: 'the key',
  'old pin': 'an older pin',
  pin: 'a pin',
  witness: 'a witness',
  'time stamp': 'a time stamp',
  receipt: 'a receipt',
};

/** The whole file. */
export function attackDocs(): string {
  const classes = CLASSES.map((what, i) => section(i + 1, what));
  return `# What is caught, by what, and what is not

<!-- Made from the table of attacks in src/cli/demo/attacks.ts by \`npm run docs\`; do not edit. -->

Every row below is tried by \`test/attacks\` in each place where a log can lie, on the first, a middle and the last record and
around the edges of bundles (255, 256, 257), and in a log of a single record; those of key changes in one whose key changed behind its older state. Each is verified with each
of the anchors. Where
the table says that nothing is found, the tests prove that as well: the verifier passes, and fails as soon as it has the anchor that is
named. A pin that evidence has nothing to compare with is never a pass: the verdict is \`not-compared\`. \`tallystick demo tamper\` shows the same on your machine.

Positions are those of an attack on record ${AT} of a log of ${SIZE} records, whose older state has ${OLDER}: \`altered 310\` names that
record, \`missing 310–599\` all from there on.

## Where a log lies

- **store**: SQLite, or memory. Hash tiles and, between batches, signed checkpoints stand beside the records.
- **tiles**: as \`log publish\` and a server give it out: hash tiles, the newest checkpoint, and those where keys changed.
- **export**: what \`tallystick export\` writes: the records, each with its leaf hash, and the signed head. Of a record that was changed together with the hash beside it, the proofs that it
  has for its first, its last and its key records tell in which subtree it is. The program writes no export of a log that does not verify; \`tallystick verify --export FILE\`
  verifies one from its bytes alone.
- **evidence**: an evidence file of every record, in the hands of somebody who edits it or has made it from a falsified log.

## What a verifier holds

- **nothing**: the key that the log itself names is believed.
- **the key**: the log's verifier key, known from elsewhere.
- **a pin**: key and checkpoint of the whole log; **an older pin**: of its older state.
- **a witness**: the key, a policy, and the checkpoint that the witness cosigned.
- **a time stamp**: the key, and a checkpoint that an RFC 3161 authority dated.
- **a receipt**: the key, and the checkpoint that came with an append, given with \`--cosigned\`.

Evidence takes keys, pins and a policy. Whoever holds a receipt or a dated checkpoint makes a pin of it.
A published copy brings time stamps along: with the key and the authority's root, they show what one kept elsewhere does, for whoever alters a copy can add
none that holds. Not that the copy was put back, or cut, or is gone: whoever does that takes them away, and a copy that is behind is no fault of it.

## The 15 classes

${classes.join('\n')}
## What is no alarm

The same tests hold the verifier to silence, in a store, as published, exported and in evidence, and against every pin that was made on the
way: a key change; a stand-by that takes over; a crash between any two steps of a commit or of publishing; checkpoints that were thinned; a
clock that was set back; a backup that was restored and declared to be (\`tallystick continue\`: the new log says what it continues, as a
notice); logs of other systems that rotate while they are imported.
`;
}

function section(number: number, what: string): string {
  const attacks = [...ATTACKS, ...KEY_CHANGE_ATTACKS].filter((attack) => attack.number === number);
  const rows = attacks.flatMap((attack) => rowsOf(attack));
  const table =
    rows.length === 0
      ? []
      : [
          '| what is done | where | found with nothing | found with an anchor |',
          '| --- | --- | --- | --- |',
          ...rows,
          '',
        ];
  const reasons = [...new Set(attacks.flatMap(({ why }) => why ?? []))].map((why) => `${why}\n`);
  const beside = BESIDE.get(number);
  return [
    `### ${number}. ${what}`,
    '',
    ...table,
    ...reasons,
    ...(beside === undefined ? [] : [`${beside}\n`]),
  ].join('\n');
}

/** Media in which the same is found share a row. */
function rowsOf(attack: Attack): string[] {
  const media = attack.media ?? MEDIA;
  const byText = Map.groupBy(media, (medium) => {
    const alone = attack.finds(cellOf(medium, 'none'));
    return `${alone === null ? 'nothing' : told(alone)} | ${anchoredText(attack, medium, alone)}`;
  });
  const title = attack.deep === true ? `${attack.title} (\`--deep\`)` : attack.title;
  return [...byText].map(([text, same]) => `| ${title} | ${placesText(same)} | ${text} |`);
}

function placesText(media: readonly Medium[]): string {
  if (media.length === MEDIA.length) return 'everywhere';
  const names = media.map((medium) => (medium === 'memory' || medium === 'SQLite' ? 'store' : medium));
  return [...new Set(names)].join(', ');
}

/** What the anchors find where the log alone shows something else, or nothing. */
function anchoredText(attack: Attack, medium: Medium, alone: Expected | null): string {
  const anchors = ANCHORS.filter((anchor) => anchor !== 'none');
  const possible = attack.fromTheStart === true ? anchors.filter((anchor) => anchor !== 'old pin') : anchors;
  const byFinding = Map.groupBy(possible, (anchor) => {
    const found = attack.finds(cellOf(medium, anchor));
    return found === null ? '' : told(found);
  });
  const own = alone === null ? '' : told(alone);
  const all = [...byFinding].filter(([text]) => text !== own);
  if (all.length === 0) return alone === null ? '**not detectable**' : 'the same';
  const texts = all.map(([text, by]) => `${text} with ${by.map((anchor) => NAMES[anchor]).join(', ')}`);
  const silent = alone === null ? byFinding.get('') : undefined;
  const not =
    silent === undefined
      ? []
      : [`not detectable with ${silent.map((anchor) => NAMES[anchor]).join(', ')} alone`];
  return [...texts, ...not].join('; ');
}

function cellOf(medium: Medium, anchor: Anchor): Cell {
  return { at: AT, size: SIZE, older: OLDER, kept: KEPT[medium], medium, anchor };
}

function told([code, from, to]: Expected): string {
  if (to === from) return `\`${code}\``;
  return `\`${code}\` ${to - from === 1 ? from : `${from}–${to - 1}`}`;
}

if (import.meta.main) writeFileSync(FILE, attackDocs());
