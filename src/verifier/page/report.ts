import type { EvidenceReport, LogEvidenceReport, Made, ProvenRecord } from '../../evidence/mod.ts';
import { findingWords } from '../../verify/findings.ts';
import type { Finding } from '../../verify/mod.ts';
import {
  boundWords,
  checkedWords,
  completenessWords,
  grouped,
  notCheckedWords,
  rangeWords,
  trustWords,
  utcText,
  wordsOf,
} from '../words.ts';
import { button, h, list, members, shown } from './dom.ts';
import { aboutEvent, actorOf, recordDetail } from './record.ts';

/** Rows that are shown at a time. */
const ROWS = 1_000;

export function showVerdict(place: HTMLElement, report: EvidenceReport): void {
  const { tone, headline, wrong, notices } = wordsOf(report);
  const isGood = report.verdict === 'intact';
  document.title = `Evidence: ${headline}`;
  place.className = `verdict ${tone}`;
  const parts: Node[] = [h('h1', {}, headline)];
  if (wrong.length > 0) parts.push(list(wrong.map(findingNode)));
  const trusts = new Set(report.logs.map(trustWords));
  if (isGood) for (const words of trusts) parts.push(h('p', {}, words));
  for (const words of new Set(report.logs.map(completenessWords))) {
    if (isGood) parts.push(h('p', {}, words));
  }
  if (notices.length > 0) {
    parts.push(h('h2', { class: 'warn-text' }, 'To be known'), list(notices.map(findingNode)));
  }
  place.replaceChildren(...parts);
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
    rows.push(['Answered', `over the first ${grouped(searched)} records of ${node}`]);
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

function logSection(log: LogEvidenceReport, index: number): HTMLElement {
  const id = `log-${index}`;
  const isGood = log.verdict === 'intact';
  const mark = h('span', { class: isGood ? 'good-text' : 'bad-text' }, isGood ? 'verified' : 'not verified');
  const checked = checkedWords(log);
  const range = rangeWords(log.completeness);
  const facts: (readonly [string, string | Node])[] = [
    ['Log', shown(log.origin)],
    ['Newest checkpoint', `${grouped(log.size)} records`],
    ['Root', h('span', { class: 'mono' }, log.root)],
    ...log.keys.map((key) => ['Signed by', h('span', { class: 'mono' }, shown(key))] as const),
    ...log.eras
      .slice(1)
      .map(
        ({ from, takenOver }) =>
          [
            'Keys changed',
            `at ${grouped(from)} records${takenOver ? ', by a key that stood by' : ''}`,
          ] as const,
      ),
    ...log.certificates.map(
      ({ subject, notBefore, notAfter }) =>
        ['Certificate', shown(`${subject}, valid ${utcText(notBefore)} to ${utcText(notAfter)}`)] as const,
    ),
    ...log.bounds.map(
      (bound) => ['Dated', shown(`the first ${grouped(bound.size)} records ${boundWords(bound)}`)] as const,
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
      members(facts),
    ),
    ...recordTables(log, index),
  );
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
  const body = h('tbody', {});
  const heads = ['No.', 'Time (UTC)', 'System', 'Event', 'Outcome', 'Actor', 'Seal', ''];
  const table = h(
    'table',
    {},
    h('caption', {}, `${grouped(records.length)} ${records.length === 1 ? 'record' : 'records'}`),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        ...heads.map((text) => (text === '' ? h('td', {}) : h('th', { scope: 'col', class: 'fit' }, text))),
      ),
    ),
    body,
  );
  const openers: (() => void)[] = [];
  let next = 0;
  const more = button('Show more', () => show());
  const show = (): void => {
    for (const record of records.slice(next, next + ROWS)) {
      const { row, open } = recordRow(record);
      body.append(row);
      openers.push(open);
    }
    next += ROWS;
    if (next >= records.length) more.remove();
    else more.textContent = `Show more (${grouped(records.length - next)})`;
  };
  const openAll = (): void => {
    for (const open of openers) open();
  };
  const actions = h('div', { class: 'actions' }, button('Open all', openAll), more);
  show();
  addEventListener('beforeprint', openAll);
  return h(
    'section',
    { class: 'card', id, tabindex: '-1', 'aria-label': title },
    h('h3', {}, title),
    h(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Table of ${title.toLowerCase()}` },
      table,
    ),
    actions,
  );
}

function recordRow(proven: ProvenRecord): { row: HTMLTableRowElement; open: () => void } {
  const { record, seq, status } = proven;
  const isGood = status === 'verified';
  const about = record === null ? '' : aboutEvent(record);
  const event = h('td', { class: 'wide' }, record === null ? '' : shown(record.event));
  if (about !== '') event.append(h('span', { class: 'about' }, shown(about)));
  const toggle = button('Details', () => flip(), {
    class: 'plain',
    'aria-expanded': 'false',
    'aria-label': `Details of record ${seq}`,
  });
  const seal = h('span', { class: isGood ? 'good-text' : 'bad-text' }, isGood ? '✓ verified' : `✗ ${status}`);
  const row = h(
    'tr',
    {},
    h('th', { scope: 'row', class: 'fit' }, String(seq)),
    h('td', { class: 'fit' }, record === null ? '' : utcText(record.time).replace(' UTC', '')),
    h('td', { class: 'fit' }, record === null ? '' : shown(record.system)),
    event,
    h('td', { class: 'fit' }, record === null ? '' : shown(record.outcome)),
    h('td', { class: 'wide' }, record === null ? '' : shown(actorOf(record))),
    h('td', { class: 'fit' }, seal),
    h('td', { class: 'fit' }, toggle),
  );
  let detail: HTMLTableRowElement | null = null;
  const open = (): void => {
    // Made when it is looked at: a thousand of them would keep the verdict waiting.
    if (detail !== null) return;
    detail = h('tr', { class: 'detail' }, h('td', { colspan: '8' }, recordDetail(proven)));
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
