import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MAX_NATIVE_BYTES, type ParsedItem } from '../../src/dialects/dialect.ts';
import { detectDialect } from '../../src/dialects/dialects.ts';
import { DIGICERT_JSON } from '../../src/dialects/digicert/json-dialect.ts';
import type { Json, RecordDraft } from '../../src/record/types.ts';
import { runs } from '../runs.ts';
import { assertSound, bytesOf, one, parse, records, told } from './helpers.ts';

const TIME = Date.UTC(2026, 2, 2, 8, 15, 30);
const BASE = { system: 'digicert', dialect: 'digicert-json/1' } as const;
const AUDIT = {
  ...{ id: 'e-1', date: '2026-03-02T08:15:30Z', action: 'Generate', status: 'SUCCESS', user_name: 'ann' },
  ...{ resource_type: 'KEYPAIR', resource_id: 'k-1', client_ip: '192.0.2.9' },
};
const HASH = 'ab'.repeat(32);

function object(value: object): RecordDraft {
  return one(DIGICERT_JSON, `${JSON.stringify(value)}\n`);
}

/** What the items of a text are: events by name, other items by kind. */
function outline(text: string): string[] {
  const items = parse(DIGICERT_JSON, text);
  assertSound(text, items);
  return items.map(({ kind, record }) => record?.event ?? kind);
}

/** Lists in all the ways they come: of one line, laid out, bare, with members of paging around. */
const LISTS: readonly (readonly [string, (items: readonly object[]) => string])[] = [
  ['an answer of one line', (items) => JSON.stringify({ total: items.length, offset: 0, items })],
  [
    'an answer laid out',
    (items) => `${JSON.stringify({ items, total: items.length, more: null }, null, 2)}\n`,
  ],
  [
    'an answer with carriage returns',
    (items) => JSON.stringify({ items }, null, '\t').replaceAll('\n', '\r\n'),
  ],
  [
    'an answer without indentation',
    (items) => JSON.stringify({ total: 1, items }, null, 1).replaceAll(/\n +/g, '\n'),
  ],
  ['a bare list', (items) => `${JSON.stringify(items)}\n`],
  ['a bare list laid out', (items) => JSON.stringify(items, null, 4)],
];

describe('members', () => {
  test('of the audit log', () => {
    assert.deepEqual(told(object({ ...AUDIT, description: null, account_id: 7, user_id: '' })), {
      ...BASE,
      time: TIME,
      event: 'Generate',
      module: 'audit-log',
      outcome: 'success',
      actor: { name: 'ann', ip: '192.0.2.9' },
      details: {
        'Event ID': 'e-1',
        'Resource type': 'KEYPAIR',
        'Resource ID': 'k-1',
        'Account ID': 7,
        'User ID': '',
      },
    });
  });

  test('of a signature, with its metadata', () => {
    const record = object({
      ...{ id: 's-1', date: '2026-03-02T08:15:30Z', status: 'Failed', signer: 'ann', keypairAlias: 'code-1' },
      ...{ keypair_id: 'k-1', keypair_type: 'Static', algorithm: 'EC P-256', signature_type: 'PRODUCTION' },
      ...{ hash: HASH.toUpperCase(), signature: null, client_ip: '192.0.2.9', error_message: 'offline' },
      metadata: [
        {
          metadata_key: 'File-name',
          metadata_value: 'a.exe',
          metadata_primary: 'Yes',
          metadata_source: 'smctl',
        },
        { key: 'digest-algorithm', value: 'SHA-256', primary: false, source: null },
      ],
    });
    assert.deepEqual(told(record), {
      ...BASE,
      time: TIME,
      event: 'Signature',
      module: 'signature-log',
      outcome: 'failure',
      reason: 'offline',
      actor: { name: 'ann', ip: '192.0.2.9' },
      correlation: 's-1',
      signature: {
        algorithm: 'EC P-256',
        keyAlias: 'code-1',
        keyId: 'k-1',
        keyType: 'Static',
        hash: HASH,
        hashAlgorithm: 'SHA-256',
        use: 'production',
        metadata: [
          { key: 'file-name', value: 'a.exe', primary: true, source: 'smctl' },
          { key: 'digest-algorithm', value: 'SHA-256', primary: false },
        ],
      },
    });
  });

  test('metadata of another form is kept as it is', () => {
    for (const metadata of [{ 'file-name': 'a' }, 'x', [{ key: 'a' }], [{ key: 'a', value: 'b', more: 1 }]]) {
      const record = object({
        keypair_id: 'k',
        hash: HASH,
        signature: 'AQID',
        status: 'Successful',
        metadata,
      });
      assert.deepEqual((record.details as Record<string, Json>).metadata, metadata);
      assert.ok(record.flags?.includes('unknown-field'));
    }
  });

  test('what a member cannot take stays in details', () => {
    const record = object({ ...AUDIT, user_name: { id: 1, name: 'ann' }, date: 5, client_ip: ['a'] });
    assert.equal(record.actor, undefined);
    assert.deepEqual(
      [(record.details as Record<string, Json>).User, (record.details as Record<string, Json>).Date],
      [{ id: 1, name: 'ann' }, 5],
    );
    assert.deepEqual(record.flags, ['malformed-value', 'time-uncertain']);
  });

  test('unknown members and names that repeat', () => {
    const record = one(
      DIGICERT_JSON,
      '{"action":"Sign","action":"Delete","status":"SUCCESS","resource_id":"k","Team":[1],"user":"a","user_name":"b"}\n',
    );
    assert.equal(record.event, 'UNPARSED');
    const other = one(
      DIGICERT_JSON,
      '{"action":"Sign","status":"x","Team":[1],"user":"a","user_name":"b"}\n',
    );
    assert.deepEqual(other.details, { Team: [1], user_name: 'b', Status: 'x' });
    assert.deepEqual([...other.flags!].sort(), [
      'duplicate-key',
      'time-uncertain',
      'unknown-field',
      'unknown-outcome',
    ]);
  });

  for (const text of [
    '{}',
    '{"a":1}',
    '{"payload":1,"bytes":2}',
    '"x"',
    '7',
    '{"action":"Sign"',
    '{"action":}',
  ]) {
    test(`no object of a listing: ${text}`, () => {
      assert.equal(one(DIGICERT_JSON, `${text}\n`).event, 'UNPARSED');
    });
  }
});

describe('lists', () => {
  const items = [
    AUDIT,
    { ...AUDIT, action: 'Sign', description: '{"items":[{' },
    { ...AUDIT, action: 'Delete' },
  ];

  for (const [name, write] of LISTS) {
    test(`${name}: its objects are the entries`, () => {
      const text = write(items);
      assert.deepEqual(outline(text), ['header', 'Generate', 'Sign', 'Delete', 'header']);
      for (const record of records(DIGICERT_JSON, text)) assert.equal(record.flags, undefined);
      assert.deepEqual(outline(write([])), ['header', 'header']);
      assert.equal(detectDialect(bytesOf(text))?.dialect, DIGICERT_JSON);
    });

    test(`${name}: reading goes on behind any of them`, () => {
      const text = `${write(items)}\n${write(items)}`;
      const bytes = bytesOf(text);
      const all = parse(DIGICERT_JSON, bytes);
      const [first] = all;
      const header = bytes.subarray(first!.start, first!.end);
      const end = all.findIndex(({ kind }, i) => i > 0 && kind !== 'record');
      for (const [i, item] of all.entries()) {
        const from = bytes.subarray(item.end);
        const rest = parse(DIGICERT_JSON, from, [], { offset: item.end, header });
        assertSound(from, rest, item.end);
        if (i < end) assert.deepEqual(rest.slice(0, end - i), all.slice(i + 1, end + 1));
        // Behind the list that the header opened, white space may be divided in another way.
        const drafts = (some: readonly ParsedItem[]) =>
          some.flatMap(({ record }) => (record ? [told(record)] : []));
        assert.deepEqual(drafts(rest), drafts(all.slice(i + 1)));
      }
    });
  }

  test('objects of any form, in lists of any form, in any pieces', () => {
    const member = fc.oneof(
      fc.string(),
      fc.constantFrom('items', '"items":[', '\\', '"', '}', ']', '{', 'a\nb'),
    );
    const value = fc.oneof(member, fc.jsonValue({ maxDepth: 3 })) as fc.Arbitrary<Json>;
    const item = fc.dictionary(
      // A second name for the row's id would be another column of the same meaning.
      member.filter((name) => name !== 'items' && !/^[\s_-]*(?:event[\s_-]*)?id[\s_-]*$/i.test(name)),
      value,
      { maxKeys: 4, noNullPrototype: true },
    );
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 4 }),
        fc.nat({ max: LISTS.length - 1 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (inner, form, places) => {
          const listed = inner.map((more, i) => ({ ...more, ...AUDIT, id: `e-${i}` }));
          const text = LISTS[form]![1](listed);
          const bytes = bytesOf(text);
          const cuts = places.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b);
          const all = parse(DIGICERT_JSON, bytes, cuts);
          assertSound(bytes, all);
          assert.deepEqual(all, parse(DIGICERT_JSON, bytes));
          const ids = all.flatMap(
            ({ record }) => (record?.details as Record<string, Json>)?.['Event ID'] ?? [],
          );
          assert.deepEqual(
            ids,
            listed.map(({ id }) => id),
          );
        },
      ),
      { numRuns: runs(400) },
    );
  });

  test('an answer of several MiB in one line', () => {
    const many = Array.from({ length: 9000 }, (_, i) => ({
      ...AUDIT,
      id: `e-${i}`,
      description: 'é'.repeat(150),
    }));
    const bytes = bytesOf(JSON.stringify({ total: 9000, items: many }));
    assert.ok(bytes.length > 3 * MAX_NATIVE_BYTES);
    const all = parse(DIGICERT_JSON, bytes, [70_001, 1_048_577, 2_000_003]);
    assert.equal(all.length, 9002);
    assert.ok(all.every(({ record }) => record === undefined || record.event === 'Generate'));
  });

  test('what stands around a list and may tell of an event is kept', () => {
    for (const text of [
      `{"action":"Delete","items":[${JSON.stringify(AUDIT)}]}`,
      `{"total":{"user":"a"},"items":[${JSON.stringify(AUDIT)}]}`,
    ])
      assert.deepEqual(outline(text), ['UNPARSED', 'Generate', 'header']);
    assert.deepEqual(outline(`{"items":[${JSON.stringify(AUDIT)}],"action":"Delete"}`), [
      'header',
      'Generate',
      'UNPARSED',
    ]);
    const [answer] = records(DIGICERT_JSON, '{"errors":[{"code":"x"}]}\n');
    assert.deepEqual(answer?.flags, ['unparsed', 'time-uncertain']);
  });
});

describe('damage', () => {
  const line = `${JSON.stringify(AUDIT)}\n`;

  test('a line that was cut off costs that line only', () => {
    for (const cut of [line.length - 2, line.length - 5, 30, 2])
      assert.deepEqual(outline(`${line}${line.slice(0, cut)}\n${line}`), [
        'Generate',
        'UNPARSED',
        'Generate',
      ]);
  });

  test('an object of a list that breaks off within a text costs that object only', () => {
    const text = JSON.stringify({ items: [AUDIT, AUDIT, AUDIT] }, null, 2);
    const at = text.indexOf('"ann"', text.indexOf('"ann"') + 1);
    const events = outline(`${text.slice(0, at + 3)}${text.slice(at + 5)}`);
    assert.deepEqual(events.filter((event) => event === 'Generate').length, 2);
    assert.deepEqual([events[0], events.at(-1)], ['header', 'header']);
  });

  test('what is between objects is kept', () => {
    assert.deepEqual(outline(`# page 1\n${line}starting ${line}`), ['UNPARSED', 'Generate', 'UNPARSED']);
    assert.deepEqual(outline(`[1, "a", ${line}, null]\n`), [
      'header',
      'UNPARSED',
      'Generate',
      'UNPARSED',
      'header',
    ]);
    assert.deepEqual(outline(`${line.trimEnd()},\n${line.trimEnd()}${line}]\n`), [
      ...['Generate', 'Generate', 'Generate'],
      'UNPARSED',
    ]);
  });

  test('an object beyond the limit is kept in pieces, and what follows is read', () => {
    const long = JSON.stringify({ ...AUDIT, description: 'é'.repeat(MAX_NATIVE_BYTES) });
    for (const text of [`${line}${long}\n${line}`, `{"items":[${line},${long},${line}]}\n`]) {
      const items = parse(DIGICERT_JSON, text);
      assertSound(text, items);
      const drafts = items.flatMap(({ record }) => record ?? []);
      assert.deepEqual(
        drafts.map(({ event }) => event),
        ['Generate', 'UNPARSED', 'UNPARSED', 'UNPARSED', 'Generate'],
      );
      assert.ok(drafts[1]?.flags?.includes('truncated') && drafts[3]?.flags?.includes('continuation'));
      assert.ok(items.every(({ start, end }) => end - start <= MAX_NATIVE_BYTES));
    }
  });

  test('a piece that ends exactly where an object begins', () => {
    for (const more of [-1, 0, 1]) {
      const text = `[1${'x'.repeat(MAX_NATIVE_BYTES - 1 + more)}${line}${' '.repeat(MAX_NATIVE_BYTES + more)}${line}]`;
      assert.equal(outline(text).filter((event) => event === 'Generate').length, 2);
      const broken = `{"a":1${' '.repeat(MAX_NATIVE_BYTES - 7 + more)}\n${line}`;
      assert.deepEqual(outline(broken).at(-1), 'Generate');
    }
  });

  test('white space and brackets without end take time in proportion', () => {
    const n = 3 * MAX_NATIVE_BYTES;
    for (const text of [
      `[${' '.repeat(n)}x`,
      `{"items":[${','.repeat(n)}`,
      `${line}${' '.repeat(n)}${line}`,
      '['.repeat(n),
      '{"a":'.repeat(n / 5),
      `{"items":[]${' ,'.repeat(n / 2)}`,
      `${'{"items":['.repeat(n / 10)}`,
    ]) {
      const before = process.cpuUsage();
      const items: ParsedItem[] = parse(DIGICERT_JSON, text);
      assertSound(text, items);
      // Processor time, µs: what else the machine does must not matter.
      assert.ok(process.cpuUsage(before).user < 15_000_000, text.slice(0, 12));
    }
  });
});

describe('detection', () => {
  for (const [name, text] of [
    ['records of another system', '{"action":"deploy","status":"ok","user":"a"}\n'.repeat(9)],
    ['a list of other things', JSON.stringify({ items: [{ name: 'a', hash: HASH }] })],
    ['settings', JSON.stringify({ total: 1, action: 'Sign' }, null, 2)],
    ['an empty answer', '{"total":0,"other":[]}'],
  ] as const) {
    test(`not: ${name}`, () => assert.equal(detectDialect(bytesOf(text)), null));
  }
});
