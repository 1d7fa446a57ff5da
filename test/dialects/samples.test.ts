import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveAction, deriveObjects } from '../../src/catalog/derive.ts';
import { detectDialect } from '../../src/dialects/dialects.ts';
import type { AuditRecord, RecordDraft } from '../../src/record/types.ts';
import { assertSound, parse } from './helpers.ts';
import { listShared, readShared, skipWithoutShared as skip } from './shared.ts';

interface Expected {
  readonly file: string;
  readonly records: number;
  /** How many records carry each flag; none is expected that does not stand here. */
  readonly flags?: Readonly<Record<string, number>>;
}

/** Records counted by hand or by other tools, flags as the lines deserve them. */
const FILES: readonly Expected[] = [
  { file: 'digicert/audit-log.csv', records: 60 },
  { file: 'digicert/signature-log.csv', records: 60 },
  { file: 'digicert/signature-metadata.csv', records: 179, flags: { 'time-uncertain': 179 } },
  // No prefix, or zones that mean several.
  { file: 'dogtag/documented/docs-shapes.log', records: 47, flags: { 'time-uncertain': 43 } },
  { file: 'dogtag/documented/repo-tests.log', records: 16, flags: { 'time-uncertain': 16 } },
  // Placeholders stand for outcomes.
  {
    file: 'dogtag/real-writer/all/ca_audit.log',
    records: 159,
    flags: { 'unknown-outcome': 77, 'outcome-deduced': 1 },
  },
  { file: 'dogtag/real-writer/cfg/ca_audit.log', records: 9 },
  { file: 'dogtag/real-writer/crash/ca_audit.log', records: 12 },
  { file: 'dogtag/real-writer/disk-full/ca_audit.log', records: 73, flags: { unterminated: 1 } },
  {
    file: 'dogtag/real-writer/disk-full-then-restart/ca_audit.log',
    records: 78,
    flags: { ambiguous: 1, 'possible-forgery': 1 },
  },
  { file: 'dogtag/real-writer/ec/ca_audit.log', records: 12 },
  { file: 'dogtag/real-writer/expire/ca_audit.log', records: 6 },
  { file: 'dogtag/real-writer/filter-bypass/ca_audit.log', records: 4 },
  { file: 'dogtag/real-writer/flush/ca_audit.log', records: 8 },
  { file: 'dogtag/real-writer/locales/ca_audit.log', records: 12, flags: { 'time-uncertain': 5 } },
  {
    file: 'dogtag/real-writer/quirks/ca_audit.log',
    records: 34,
    flags: {
      ambiguous: 4,
      'duplicate-key': 1,
      continuation: 2,
      truncated: 1,
      'possible-forgery': 2,
      'nul-byte': 1,
    },
  },
  { file: 'dogtag/real-writer/restart/ca_audit.log', records: 18 },
  { file: 'dogtag/real-writer/rotation/ca_audit', records: 5 },
  { file: 'dogtag/real-writer/rotation/ca_audit.20261120094841', records: 15 },
  { file: 'dogtag/real-writer/rotation/ca_audit.20261120094843', records: 15 },
  { file: 'dogtag/real-writer/rotation/ca_audit.20261120094845', records: 15 },
  { file: 'dogtag/real-writer/rotation/ca_audit.20261120094847', records: 15 },
  { file: 'dogtag/real-writer/rotation/ca_audit.20261120094850', records: 15 },
  { file: 'dogtag/real-writer/rotation/ca_audit.20261120094852', records: 16 },
  { file: 'dogtag/real-writer/rotation-same-second/ca_audit', records: 5 },
  { file: 'dogtag/real-writer/rotation-same-second/ca_audit.20261120094624', records: 15 },
  { file: 'dogtag/real-writer/rotation-same-second/ca_audit.20261120094625', records: 15 },
  { file: 'dogtag/real-writer/rotation-same-second/ca_audit.20261120094626', records: 15 },
  { file: 'dogtag/real-writer/rotation-same-second/ca_audit.20261120094627', records: 15 },
  { file: 'dogtag/real-writer/rotation-then-crash/ca_audit', records: 6 },
  { file: 'dogtag/real-writer/rotation-then-crash/ca_audit.20261120100125', records: 13 },
  { file: 'dogtag/real-writer/trace/ca_audit.log', records: 6 },
  { file: 'dogtag/real-writer/unsigned/ca_audit.log', records: 2 },
  { file: 'dogtag/real-writer/utf-ascii-locale/ca_audit.log', records: 6 },
  { file: 'dogtag/story/ca_audit', records: 57, flags: { ambiguous: 1, 'duplicate-key': 1 } },
  { file: 'dogtag/story/ca_audit.20261027082201', records: 97 },
  { file: 'dogtag/story/kra_cert-kra_audit', records: 19 },
  { file: 'signserver/historic-heads.log', records: 9, flags: { 'outcome-deduced': 5, 'encoded-value': 1 } },
  {
    file: 'signserver/seed-001-examples.log',
    records: 21,
    flags: { 'outcome-deduced': 21, 'clock-mismatch': 1 },
  },
  { file: 'signserver/seed-001-examples.verbatim.txt', records: 21, flags: { 'outcome-deduced': 21 } },
  { file: 'signserver/seed-004-examples.log', records: 4 },
  // 132 entries, one of which makes itself look like two.
  {
    file: 'signserver/signserver_audit.log',
    records: 133,
    flags: {
      'outcome-deduced': 1,
      'duplicate-key': 1,
      ambiguous: 2,
      truncated: 1,
      'possible-forgery': 2,
      'time-uncertain': 1,
    },
  },
  { file: 'signserver/wildfly-no-date.log', records: 4 },
  { file: 'xroad/docs-6x-ss-and-cs-ruby-ui.log', records: 4 },
  { file: 'xroad/docs-ug-cs-73-central-server.log', records: 2 },
  { file: 'xroad/docs-ug-sc-signer-console.log', records: 2 },
  { file: 'xroad/docs-ug-ss-624-security-server-old-urls.log', records: 2 },
  { file: 'xroad/docs-ug-ss-7x-security-server.log', records: 2 },
  {
    file: 'xroad/generated-proxy_ui_api-file-appender.log',
    records: 11,
    flags: { 'nul-byte': 1, 'unknown-field': 1, unparsed: 1 },
  },
  { file: 'xroad/generated-rsyslog-audit-truncated.log', records: 1, flags: { truncated: 1 } },
  { file: 'xroad/generated-rsyslog-audit.log', records: 13, flags: { 'nul-byte': 1, 'unknown-field': 1 } },
  {
    file: 'xroad/generated-sidecar-stdout.log',
    records: 11,
    flags: { 'nul-byte': 1, 'unknown-field': 1, unparsed: 1 },
  },
  { file: 'xroad/generated-signer-console-file-appender.log', records: 3 },
  { file: 'xroad/spec-al-1.12-sample.joined.log', records: 1 },
  { file: 'xroad/spec-al-1.9-sample.joined.log', records: 1 },
  { file: 'xroad/story/central-server-audit.log', records: 15 },
  { file: 'xroad/story/security-server-audit.log', records: 40 },
];

function readAll(file: string): RecordDraft[] {
  const bytes = readShared(`samples/${file}`);
  const found = detectDialect(bytes.subarray(0, 64 * 1024));
  assert.equal(found?.dialect.system, file.split('/')[0], `${file} is detected`);
  const items = parse(
    found!.dialect,
    bytes,
    [1, 100, 4097, 20_000].filter((cut) => cut < bytes.length),
  );
  assertSound(bytes, items);
  return items.flatMap(({ record }) => (record === undefined ? [] : [record]));
}

for (const { file, records, flags = {} } of FILES) {
  test(`sample ${file}`, { skip }, () => {
    const all = readAll(file);
    assert.equal(all.length, records);
    const seen: Record<string, number> = {};
    for (const flag of all.flatMap((record) => record.flags ?? [])) seen[flag] = (seen[flag] ?? 0) + 1;
    assert.deepEqual(seen, flags);
    for (const record of all) {
      if (record.event === 'UNPARSED') continue;
      assert.notEqual(deriveAction(record as AuditRecord), null, record.event);
      deriveObjects(record as AuditRecord);
    }
  });
}

test('every other sample is of no dialect', { skip }, () => {
  const logs = new Set(FILES.map(({ file }) => file));
  for (const file of listShared('samples')) {
    if (logs.has(file)) continue;
    assert.equal(detectDialect(readShared(`samples/${file}`)), null, file);
    assert.doesNotMatch(file, /\.(?:log|csv)$/, 'a log that this test does not know');
  }
});

test('one file, certificate and person across the systems of the story', { skip }, () => {
  const all = [
    'signserver/signserver_audit.log',
    'dogtag/story/ca_audit.20261027082201',
    'xroad/story/security-server-audit.log',
    'digicert/signature-log.csv',
  ].flatMap(readAll) as AuditRecord[];
  const systems = (kind: string, matches: (id: string) => boolean): string[] => [
    ...new Set(
      all
        .filter((record) =>
          deriveObjects(record).some((object) => object.kind === kind && matches(object.id)),
        )
        .map(({ system }) => system),
    ),
  ];
  const setup = '2d2e26df9ac0797e';
  assert.deepEqual(
    systems('file', (id) => id.startsWith(setup)),
    ['signserver', 'digicert'],
  );
  assert.deepEqual(
    systems('certificate', (id) => id.endsWith('#5b31e7a9c4d20f16')),
    ['signserver', 'dogtag'],
  );
  assert.deepEqual(
    systems('certificate', (id) => id.startsWith('0bf4d0287395fd5f')),
    ['xroad'],
  );
});
