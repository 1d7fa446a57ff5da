import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { EventInfo } from '../../src/catalog/catalog.ts';
import { CATALOG, signserver } from '../../src/catalog/mod.ts';
import { MAX_NATIVE_BYTES } from '../../src/dialects/dialect.ts';
import { SIGNSERVER_TEXT } from '../../src/dialects/signserver/dialect.ts';
import type { Json, RecordDraft } from '../../src/record/types.ts';
import { checkDraft } from '../../src/record/validate.ts';
import { runs } from '../runs.ts';
import { one, records } from './helpers.ts';
import { SIGNSERVER_LINES } from './lines.ts';
import { detailsOf, eventsOf, gentleText, hostileText, native, roundTrip } from './round-trip.ts';
import { readShared, skipWithoutShared as skip } from './shared.ts';

const catalog = signserver[CATALOG];
const TIME = 1_772_439_330_123;
const BASE: RecordDraft = {
  time: TIME,
  system: 'signserver',
  event: 'KEYGEN',
  module: 'KEY_MANAGEMENT',
  outcome: 'success',
};
const HEAD = '2026-03-02 08:15:30,123 INFO  [SignServerLog4jDevice] ';

function print(record: RecordDraft, zone?: number): string {
  return SIGNSERVER_TEXT.printer(zone === undefined ? {} : { zone }).print(record).text;
}

/** Records of every event: the members that a line tells, and details of its fields and of others. */
function drafts(
  text: fc.Arbitrary<string>,
  extra: fc.Arbitrary<Record<string, Json>>,
): fc.Arbitrary<RecordDraft> {
  const short = text.map((value) => value.slice(0, 1024).toWellFormed());
  return eventsOf(catalog).chain((event) =>
    fc
      .record({
        time: fc.nat({ max: 253_402_300_799_999 }),
        outcome: fc.constantFrom('success', 'failure', 'void'),
        module: event.part === null ? short.filter((name) => name !== '') : fc.constant(event.part),
        details: fc
          .tuple(detailsOf(catalog, event, text), extra)
          .map(([named, others]) => ({ ...others, ...named }) as Record<string, Json>),
        actor: fc.record({ name: short, issuer: short, serial: short }, { requiredKeys: [] }),
      })
      .map((members) => complete(event, members as Omit<RecordDraft, 'system' | 'event'>)),
  );
}

/** With the members that reading concludes from the details, which are not the printer's to keep. */
function complete(event: EventInfo, members: Omit<RecordDraft, 'system' | 'event'>): RecordDraft {
  const { actor = {}, details, ...rest } = members;
  const named = Object.entries(actor).filter(([, value]) => value !== '');
  const draft = {
    ...rest,
    system: 'signserver',
    event: event.event,
    ...(named.length === 0 ? {} : { actor: Object.fromEntries(named) }),
    ...(Object.keys(details ?? {}).length === 0 ? {} : { details }),
  } as RecordDraft;
  return checkDraft(draft);
}

/** What a line tells by itself, without what reading concludes from its fields. */
function told(record: RecordDraft): Partial<RecordDraft> {
  const { signature: _signature, correlation: _correlation, reason: _reason, ...rest } = native(record);
  return rest;
}

describe('what is printed comes back', () => {
  test('of every event, with gentle values: equal and without a flag', () => {
    fc.assert(
      fc.property(drafts(gentleText, fc.constant({})), (record) => {
        fc.pre(record.actor?.name?.toLowerCase() !== 'client user');
        const { text, flags, back } = roundTrip(SIGNSERVER_TEXT, record);
        const read = told(back);
        const { ip: _ip, auth: _auth, ...actor } = read.actor ?? {};
        assert.deepEqual({ ...read, actor }, { ...told(record), actor: record.actor ?? {} });
        const malformed = back.flags?.includes('malformed-value') === true; // a digest that is none
        assert.deepEqual([flags, back.flags ?? []], [[], malformed ? ['malformed-value'] : []]);
        assert.equal(text.split('\n').length, 2);
        // What reading concluded is kept when it is printed again.
        const again = roundTrip(SIGNSERVER_TEXT, back);
        assert.equal(again.text, text);
        assert.deepEqual(again.back, back);
      }),
      { numRuns: runs(400) },
    );
  });

  test('of every event, with any names and values: one entry, equal', () => {
    const extra = fc.dictionary(
      fc.oneof(hostileText, fc.constantFrom('EVENT', 'MY_EVENT', 'ISSUER', 'OUTCOME', 'MODULE', '__proto__')),
      fc.oneof(hostileText, fc.array(hostileText, { minLength: 2, maxLength: 3 })),
      { maxKeys: 3 },
    );
    const suspect = ['ambiguous', 'possible-forgery', 'truncated', 'continuation', 'unparsed', 'nul-byte'];
    fc.assert(
      fc.property(drafts(hostileText, extra), (record) => {
        const { text, flags, back } = roundTrip(SIGNSERVER_TEXT, record);
        assert.deepEqual(back.details, record.details);
        const { event, module, time, outcome } = back;
        assert.deepEqual(
          { event, module, time },
          { event: record.event, module: record.module, time: record.time },
        );
        if (!flags.includes('no-place')) {
          assert.equal(outcome, record.outcome);
          for (const [name, value] of Object.entries(record.actor ?? {}))
            assert.equal((back.actor as Record<string, string>)[name], value);
        }
        assert.equal(flags.includes('escaped'), back.flags?.includes('encoded-value') ?? false);
        for (const flag of suspect)
          assert.ok(!back.flags?.includes(flag), `${flag} of ${JSON.stringify(text)}`);
      }),
      { numRuns: runs(600) },
    );
  });

  test('among other entries as well', () => {
    fc.assert(
      fc.property(fc.array(drafts(hostileText, fc.constant({})), { minLength: 2, maxLength: 4 }), (all) => {
        const back = records(SIGNSERVER_TEXT, all.map((record) => print(record)).join(''));
        assert.deepEqual(
          back.map(({ event, details }) => ({ event, details })),
          all.map(({ event, details }) => ({ event, details })),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('the form', () => {
  const line = (members: Partial<RecordDraft>): string => print({ ...BASE, ...members });

  test('of the current release, fields in the order of a Java hash map', () => {
    assert.equal(
      line({
        actor: { name: 'CN=Ann, O=Test', issuer: 'CN=CA', serial: '1a2b' },
        details: { KEYALG: 'RSA', KEYALIAS: 'k1', KEYSPEC: '2048', CRYPTOTOKEN: 'T1', WORKER_ID: '7' },
      }),
      `${HEAD}EVENT: KEYGEN; OUTCOME: SUCCESS; MODULE: KEY_MANAGEMENT; ADMINISTRATOR: CN=Ann, O=Test; ` +
        'ISSUER: CN=CA; SERIAL_NUMBER: 1a2b; WORKER_ID: 7; CRYPTOTOKEN: T1; KEYSPEC: 2048; KEYALG: RSA; ' +
        `KEYALIAS: k1; REPLY_TIME:${TIME}\n`,
    );
  });

  test('without anything that is not told', () => {
    assert.equal(
      line({ module: undefined as never, event: 'X', outcome: 'void' }),
      `${HEAD}EVENT: X; OUTCOME: VOID; MODULE: null; ADMINISTRATOR: null; ISSUER: null; SERIAL_NUMBER: null; ` +
        `WORKER_ID: null; REPLY_TIME:${TIME}\n`,
    );
  });

  test('in another zone', () => {
    const text = print(BASE, 120);
    assert.ok(text.startsWith('2026-03-02 10:15:30,123 '));
    assert.equal(records(SIGNSERVER_TEXT, text)[0]?.time, TIME);
    assert.doesNotThrow(() => print({ ...BASE, time: 253_402_300_799_999 }, 720));
    assert.doesNotThrow(() => print({ ...BASE, time: 0 }, -720));
  });

  test('known fields in the order of the catalog, then the others', () => {
    const text = line({
      event: 'SET_STATUS_PROPERTY',
      module: 'STATUS_REPOSITORY',
      details: { Z: '1', A: '2', STATUSREPO_VALUE: 'v', STATUSREPO_PROPERTY: 'p' },
    });
    assert.match(text, /STATUSREPO_PROPERTY: p; STATUSREPO_VALUE: v; A: 2; Z: 1; REPLY_TIME/);
  });

  test('the worker of a list: the first in the head', () => {
    assert.match(line({ details: { WORKER_ID: ['7', '8'] } }), /; WORKER_ID: 7; WORKER_ID: 8; REPLY_TIME/);
    assert.match(line({ details: { WORKER_ID: ['', '8'] } }), /null; WORKER_ID: ; WORKER_ID: 8; REPLY_TIME/);
    assert.match(line({ details: { WORKER_ID: 'null' } }), /WORKER_ID: null; WORKER_ID: null; REPLY_TIME/);
  });

  test('PEM and other lines as they stand, when nothing in them deceives', () => {
    const CERTIFICATE =
      'Subject: CN=a\nIssuer: CN=b\n-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n';
    const text = line({ event: 'CERTINSTALLED', module: 'WORKER_CONFIG', details: { CERTIFICATE } });
    assert.ok(text.includes(`; CERTIFICATE: ${CERTIFICATE}; REPLY_TIME`));
  });

  for (const value of [
    'x; KEYALIAS: y',
    'x; \nKEYALIAS: y',
    'x; Cause: y',
    'x; B64:QQ==: y',
    'REPLY_TIME:1',
    'x; REPLY_TIME:',
    'EVENT: X; OUTCOME: SUCCESS; ',
    'a\n2026-03-02 08:15:30+00:00',
    'B64:QUJD',
    'b64:',
  ]) {
    test(`${JSON.stringify(value)} is encoded`, () => {
      const printed = SIGNSERVER_TEXT.printer().print({ ...BASE, details: { FILENAME: value } });
      assert.ok(printed.text.includes(`FILENAME: B64:${Buffer.from(value).toString('base64')}; REPLY_TIME`));
      assert.deepEqual(printed.flags, ['escaped']);
    });
  }

  for (const value of [
    'a;b; c',
    'x;',
    'REPLY_TIME: 1',
    '2026-03-02 08:15:30+00:00',
    'a\nb\r\n',
    'ü: \u202e',
    '',
  ]) {
    test(`${JSON.stringify(value)} is not`, () => {
      const printed = SIGNSERVER_TEXT.printer().print({ ...BASE, details: { FILENAME: value } });
      assert.ok(printed.text.includes(`FILENAME: ${value}; REPLY_TIME`));
      assert.deepEqual(printed.flags, []);
    });
  }
});

describe('what the format cannot carry is flagged', () => {
  const flags = (members: Partial<RecordDraft>): readonly string[] =>
    SIGNSERVER_TEXT.printer().print({ ...BASE, ...members }).flags;

  for (const [name, members, expected] of [
    ['another system', { system: 'dogtag' }, ['other-system']],
    ['an unknown event', { event: 'X' }, ['foreign-event']],
    ['a service', { service: 'CORE' }, ['no-place']],
    ['a reason that no field tells', { outcome: 'failure', reason: 'no' }, ['no-place']],
    ['a reason that a field tells', { outcome: 'failure', reason: 'no', details: { ERROR: 'no' } }, []],
    ['an address', { actor: { name: 'a', ip: '192.0.2.1' } }, ['no-place']],
    ['an address that a field tells', { actor: { name: 'a', ip: '::1' }, details: { CLIENT_IP: '::1' } }, []],
    ['a success that denies itself', { details: { SUCCESS: 'false' } }, ['no-place']],
    ['a signature of another event', { signature: { keyAlias: 'k' } }, ['no-place']],
    ['details that are sealed', { details: { payload: 'a'.repeat(64), bytes: 9 } }, ['no-place']],
    ['values that are no text', { details: { A: 1, B: ['x'], C: [], D: null, E: { a: true } } }, ['retyped']],
    ['too many bytes', { details: { A: 'x'.repeat(MAX_NATIVE_BYTES), B: 'y' } }, ['no-place']],
  ] as const) {
    test(name, () => assert.deepEqual(flags(members as Partial<RecordDraft>), expected));
  }

  test('what no entry can hold is left out, the longest first', () => {
    const text = print({
      ...BASE,
      details: { A: '\n'.repeat(MAX_NATIVE_BYTES), B: 'y', C: 'z'.repeat(900_000) },
    });
    const [back, ...others] = records(SIGNSERVER_TEXT, text);
    assert.equal(others.length, 0);
    assert.deepEqual(Object.keys(back?.details ?? {}).sort(), ['B', 'C']);
  });

  test('texts stand for values of other types', () => {
    const { back } = roundTrip(SIGNSERVER_TEXT, {
      ...BASE,
      details: { A: 1, B: ['x'], C: [], D: null, E: [true, 'y'] },
    });
    assert.deepEqual(back.details, { A: '1', B: 'x', C: '[]', D: 'null', E: ['true', 'y'] });
  });
});

test('a client is printed as SignServer names it', () => {
  const details = {
    CLIENT_CERT_SUBJECTDN: 'CN=Bo',
    CLIENT_CERT_ISSUERDN: 'CN=CA',
    CLIENT_CERT_SERIALNUMBER: '0a',
    WORKER_AUTHTYPE: 'CLIENTCERT',
  };
  const record: RecordDraft = {
    ...BASE,
    event: 'PROCESS',
    module: 'WORKER',
    actor: { name: 'CN=Bo', issuer: 'CN=CA', serial: '0a', auth: 'CLIENTCERT', role: 'Client user' },
    details,
  };
  const { text, flags, back } = roundTrip(SIGNSERVER_TEXT, record);
  assert.match(text, /ADMINISTRATOR: Client user; ISSUER: null; SERIAL_NUMBER: null; /);
  assert.deepEqual([flags, back.actor], [[], record.actor]);
});

test('time in proportion to the length', () => {
  for (const piece of [
    '; A: ',
    '; ',
    'EVENT: ',
    'EVENT: B64:',
    '; B64:AAAA',
    '\n2026-03-02 08:15:30+00:00',
    'REPLY_TIME:',
  ]) {
    const value = piece.repeat(Math.floor(700_000 / piece.length));
    const begun = performance.now();
    roundTrip(SIGNSERVER_TEXT, { ...BASE, details: { FILENAME: value } });
    assert.ok(performance.now() - begun < 3000, `${JSON.stringify(piece)}: ${performance.now() - begun} ms`);
  }
});

test('the lines of these tests come back, but for the order of fields and a value that a key could stand in', () => {
  const pieces = (text: string): string[] => text.split('; ').sort();
  const encoded = `EXCEPTION: B64:${Buffer.from('No; really: no').toString('base64')}`;
  for (const line of SIGNSERVER_LINES) {
    const [record] = records(SIGNSERVER_TEXT, line);
    assert.deepEqual(pieces(print(record!)), pieces(line.replace('EXCEPTION: No; really: no', encoded)));
  }
});

describe('samples come back byte for byte', { skip }, () => {
  /** Entries, and how many of them cannot come back, by reason. */
  for (const [file, entries, reasons] of [
    ['signserver_audit.log', 133, { 'written later': 31, deceptive: 3, deduced: 1 }],
    ['seed-004-examples.log', 4, {}],
    ['wildfly-no-date.log', 4, { prefix: 4 }],
    ['historic-heads.log', 9, { head: 6, device: 2 }],
    ['seed-001-examples.log', 21, { head: 21 }],
  ] as const) {
    test(file, () => {
      const seen: Record<string, number> = {};
      const all = records(SIGNSERVER_TEXT, readShared(`samples/signserver/${file}`));
      for (const record of all) {
        const raw = (record.raw as { readonly text: string }).text;
        if (print(record) === raw) continue;
        const reason = why(raw, record);
        seen[reason] = (seen[reason] ?? 0) + 1;
      }
      assert.deepEqual([all.length, seen], [entries, reasons]);
    });
  }

  function why(raw: string, record: RecordDraft): string {
    if (record.flags?.some((flag) => flag === 'ambiguous' || flag === 'truncated')) return 'deceptive';
    if (!raw.includes('EVENT: ')) return 'device';
    if (!raw.includes('; OUTCOME: ')) return 'head';
    if (!/^\d{4}-/.test(raw)) return 'prefix';
    if (raw.slice(23) === print(record).slice(23)) return 'written later';
    return record.flags?.includes('outcome-deduced') ? 'deduced' : 'unexplained';
  }
});

test('a line within a value that begins as lines of the log do is written encoded', () => {
  for (const start of [
    '2026-11-21 00:00:00,000 INFO  [X] ',
    '2026-11-21T00:00:00',
    '08:15:30,123 INFO  [X] ',
  ]) {
    for (const end of ['\n', '\r\n', '\r']) {
      const record = { ...BASE, details: { FILENAME: `x${end}${start}y` } };
      const { text, flags } = SIGNSERVER_TEXT.printer().print(record);
      assert.ok(flags.includes('escaped'), JSON.stringify(text));
      assert.equal(text.includes(start), false);
      assert.deepEqual(one(SIGNSERVER_TEXT, text).details as object, record.details);
    }
  }
});

test('the reason of a failure stands in the field of its event that tells one', () => {
  const failed = { time: 1, system: 'signserver', outcome: 'failure', reason: 'no; such: worker\n' } as const;
  for (const [event, module, field] of [
    ['PROCESS', 'WORKER', 'EXCEPTION'],
    ['CERTCHAININSTALLED', 'KEY_MANAGEMENT', 'ERROR'],
    ['TIMED_SERVICE_RUN', 'SERVICE', 'Message'],
  ] as const) {
    const { text, flags } = SIGNSERVER_TEXT.printer().print({ ...failed, event, module });
    const back = one(SIGNSERVER_TEXT, text);
    assert.deepEqual(
      [back.reason, (back.details as Record<string, string>)[field]],
      [failed.reason, failed.reason],
    );
    assert.equal(flags.includes('no-place'), false);
  }
});
