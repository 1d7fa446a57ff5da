import type { EvidenceReport, LogEvidenceReport, Made, ProvenRecord } from '../../evidence/mod.ts';
import { findingWords } from '../../verify/findings.ts';
import type { Finding, Verdict } from '../../verify/mod.ts';
import { counted, grouped } from '../../verify/words.ts';
import { actorOf } from '../lines.ts';
import {
  boundWords,
  checkedWords,
  completenessWords,
  notCheckedWords,
  rangeWords,
  trustWords,
  utcText,
  wordsOf,
} from '../words.ts';
import { brief, button, h, list, members, shown } from './dom.ts';
import { aboutEvent, recordDetail } from './record.ts';

/** Rows that are shown at a time. */
const ROWS = 1_000;

// One for all tables that come and go: each of its own would keep its records for good.
addEventListener('beforeprint', () => {
  for (const openAll of document.querySelectorAll<HTMLButtonElement>('button.open-all')) openAll.click();
});

/** What stands at the top of the page. */
export interface Banner {
  readonly tone: 'good' | 'bad' | 'open';
  readonly title: string;
  /** What a screen reader speaks of itself: headline and on what it rests. */
  readonly said: readonly Node[];
  /** Findings, to be read at leisure: there may be a hundred, with hashes. */
  readonly found: readonly Node[];
}

export function bannerOf(report: EvidenceReport): Banner {
  const { tone, headline, wrong, notices } = wordsOf(report);
  const basis = tone === 'bad' ? [] : [...report.logs.map(trustWords), ...report.logs.map(completenessWords)];
  const known = h('h2', { class: 'warn-text' }, 'To be known');
  return {
    tone,
    title: `Evidence: ${headline}`,
    said: [h('h1', {}, headline), ...[...new Set(basis)].map((words) => h('p', {}, words))],
    found: [
      ...(wrong.length > 0 ? [list(wrong.map(findingNode))] : []),
      ...(notices.length > 0 ? [known, list(notices.map(findingNode))] : []),
    ],
  };
}

function findingNode(finding: Finding): Node {
  const { code, expected, actual } = finding;
  const hashes = [
    ...(expected === null ? [] : [`expected ${expected}`]),
    ...(actual === null ? [] : [`found ${actual}`]),
  ].map((text) => h('div', { class: 'mono soft' }, shown(text)));
  return h('div', {}, h('strong', {}, code), `: ${shown(findingWords(finding))}`, ...hashes);
}

export function showReport({ made, logs }: EvidenceReport): Node[] {
  return [...(made === null ? [] : [madeCard(made, logs)]), ...logs.map(logSection)];
}

function madeCard({ at, by, software, query, more }: Made, logs: readonly LogEvidenceReport[]): HTMLElement {
  const rows: [string, string][] = [
    ['Made', `${utcText(at)}, with ${software}`],
    ['By', by ?? 'not said'],
    ['Query', query ?? 'none: the records were named by their numbers'],
  ];
  for (const { node, searched } of logs) {
    if (searched === null || query === null) continue;
    rows.push(['Answered', `over the first ${counted(searched, 'record')} of ${node}`]);
  }
  if (more) rows.push(['More', 'The query found more records; these are the newest.']);
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'made' },
    h('h2', { id: 'made' }, 'What its maker says'),
    h('p', { class: 'soft' }, 'Nothing vouches for this part.'),
    members(rows.map(([name, value]) => [name, shown(value)])),
  );
}

const VERDICTS: Readonly<Record<Verdict, { readonly look: string; readonly words: string }>> = {
  intact: { look: 'good-text', words: 'verified' },
  'not-intact': { look: 'bad-text', words: 'not verified' },
  'not-compared': { look: 'warn-text', words: 'not compared with your pin' },
};

function logSection(log: LogEvidenceReport, index: number): HTMLElement {
  const id = `log-${index}`;
  const { look, words } = VERDICTS[log.verdict];
  const mark = h('span', { class: look }, words);
  const checked = checkedWords(log);
  const range = rangeWords(log.completeness);
  const facts: (readonly [string, string | Node])[] = [
    ['Log', shown(log.origin)],
    ['Newest checkpoint', counted(log.size, 'record')],
    ['Root', h('span', { class: 'mono' }, log.root)],
    ...log.keys.map((key) => ['Signed by', h('span', { class: 'mono' }, shown(key))] as const),
    ...log.eras
      .slice(1)
      .map(
        ({ from, takenOver }) =>
          [
            'Keys changed',
            `at ${counted(from, 'record')}${takenOver ? ', by a key that stood by' : ''}`,
          ] as const,
      ),
    ...log.certificates.map(
      ({ subject, notBefore, notAfter }) =>
        ['Certificate', shown(`${subject}, valid ${utcText(notBefore)} to ${utcText(notAfter)}`)] as const,
    ),
    ...log.bounds.map(
      (bound) => ['Dated', shown(`the first ${counted(bound.size, 'record')} ${boundWords(bound)}`)] as const,
    ),
    ['Completeness', shown(completenessWords(log))],
    ...(range === null ? [] : [['Range', shown(range)] as const]),
  ];
  return h(
    'section',
    { 'aria-labelledby': id },
    h('h2', { id }, shown(log.node), ' · ', mark),
    h(
      'div',
      { class: 'columns' },
      h('div', { class: 'card' }, h('h3', {}, 'Checked'), list(checked.length > 0 ? checked : ['nothing'])),
      h(
        'div',
        { class: 'card' },
        h('h3', {}, 'Not checked'),
        list(
          log.notChecked.length > 0
            ? log.notChecked.map((each) => shown(notCheckedWords(each)))
            : ['nothing that was asked for'],
        ),
      ),
    ),
    h(
      'div',
      { class: 'card' },
      h('h3', {}, 'On what it stands'),
      h('p', {}, trustWords(log)),
      ...(log.trust === 'log-key' ? [toTrustForm()] : []),
      members(facts),
    ),
    ...recordTables(log, index),
  );
}

/** The form stands behind all records. */
function toTrustForm(): HTMLElement {
  return h('p', { class: 'actions' }, h('a', { href: '#trust' }, 'Stand on something better'));
}

function recordTables(log: LogEvidenceReport, index: number): HTMLElement[] {
  const matches = log.records.filter(({ isMatch }) => isMatch);
  const others = log.records.filter(({ isMatch }) => !isMatch);
  const tables = [recordTable(matches, 'Records', index === 0 ? 'records' : `records-${index}`)];
  if (others.length > 0)
    tables.push(recordTable(others, 'Records that are there to prove something', `others-${index}`));
  return tables;
}

function recordTable(records: readonly ProvenRecord[], title: string, id: string): HTMLElement {
  const body = h('tbody', { role: 'rowgroup' });
  const caption = h('caption', {});
  const heads = ['No.', 'Seal', 'Time (UTC)', 'System', 'Event', 'Outcome', 'Actor', ''];
  // Roles are written out: where rows are shown as blocks (narrow screens, paper) browsers forget that they are a table.
  const table = h(
    'table',
    { class: 'records', role: 'table' },
    caption,
    h(
      'thead',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row' },
        ...heads.map((text) =>
          text === ''
            ? h('td', { role: 'cell' })
            : h('th', { scope: 'col', role: 'columnheader', class: 'fit' }, text),
        ),
      ),
    ),
    body,
  );
  const openers: (() => void)[] = [];
  let next = 0;
  // The button may be gone then: the focus goes on to what it has brought.
  const more = button('Show more', () => show()?.querySelector('button')?.focus());
  const show = (): HTMLTableRowElement | undefined => {
    const made = records.slice(next, next + ROWS).map(recordRow);
    body.append(...made.map(({ row }) => row));
    openers.push(...made.map(({ open }) => open));
    next += ROWS;
    const rest = records.length - next;
    if (rest <= 0) more.remove();
    else more.textContent = `Show more (${grouped(rest)})`;
    // Paper has no button that tells of the others.
    const all = `${grouped(records.length)} ${records.length === 1 ? 'record' : 'records'}`;
    caption.textContent = rest <= 0 ? all : `The first ${grouped(next)} of ${all}`;
    return made[0]?.row;
  };
  const openAll = (): void => {
    for (const open of openers) open();
  };
  const actions = h('div', { class: 'actions' }, button('Open all', openAll, { class: 'open-all' }), more);
  show();
  return h(
    'section',
    { class: 'card', id, tabindex: '-1', 'aria-label': title },
    h('h3', {}, title),
    table,
    actions,
  );
}

function recordRow(proven: ProvenRecord): { row: HTMLTableRowElement; open: () => void } {
  const { record, seq, status } = proven;
  const isGood = status === 'verified';
  const about = record === null ? '' : aboutEvent(record);
  const cell = (kind: string, text: string): HTMLElement => h('td', { role: 'cell', class: kind }, text);
  const event = cell('wide', record === null ? '' : brief(record.event));
  if (about !== '') event.append(h('span', { class: 'about' }, shown(about)));
  const toggle = button('Details', () => flip(), {
    class: 'plain',
    'aria-expanded': 'false',
    'aria-label': `Details of record ${seq}`,
  });
  const seal = h('span', { class: isGood ? 'good-text' : 'bad-text' }, isGood ? '✓ verified' : `✗ ${status}`);
  const row = h(
    'tr',
    { role: 'row' },
    h('th', { scope: 'row', role: 'rowheader', class: 'fit' }, String(seq)),
    h('td', { role: 'cell', class: 'fit' }, seal),
    cell('fit', record === null ? '' : utcText(record.time).replace(' UTC', '')),
    cell('name', record === null ? '' : shown(record.system)),
    event,
    cell('name', record === null ? '' : shown(record.outcome)),
    cell('wide', record === null ? '' : brief(actorOf(record))),
    h('td', { role: 'cell', class: 'fit' }, toggle),
  );
  let detail: HTMLTableRowElement | null = null;
  const open = (): void => {
    // Made when it is looked at: a thousand of them would keep the verdict waiting.
    if (detail !== null) return;
    const cellOfAll = h('td', { role: 'cell', colspan: '8' }, recordDetail(proven));
    detail = h('tr', { role: 'row', class: 'detail' }, cellOfAll);
    row.after(detail);
    toggle.setAttribute('aria-expanded', 'true');
  };
  const flip = (): void => {
    if (detail === null) open();
    else {
      detail.remove();
      detail = null;
      toggle.setAttribute('aria-expanded', 'false');
    }
  };
  return { row, open };
}
