import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findCatalog } from '../../src/catalog/builtin.ts';
import type { EventInfo } from '../../src/catalog/catalog.ts';
import type { Printed, PrinterOptions } from '../../src/dialects/dialect.ts';
import { MAX_NATIVE_BYTES } from '../../src/dialects/dialect.ts';
import { XROAD_AUDIT } from '../../src/dialects/xroad/dialect.ts';
import { RecordError, UsageError } from '../../src/errors.ts';
import type { Json, RecordDraft } from '../../src/record/types.ts';
import { checkDraft } from '../../src/record/validate.ts';
import { runs } from '../runs.ts';
import { one, parse } from './helpers.ts';
import { XROAD_LINES } from './lines.ts';
import { detailsOf, eventsOf, gentleText, hostileText, native, roundTrip } from './round-trip.ts';
import { readShared, skipWithoutShared as skip } from './shared.ts';

const catalog = findCatalog('xroad')!;
const TIME = Date.UTC(2026, 2, 2, 8, 15, 30, 250);
const APPLICATIONS: Readonly<Record<string, string>> = {
  'central-server': 'X-Road Central Server Admin Service',
  'security-server': 'X-Road Proxy Admin REST API',
  'signer-console': 'X-Road Signer Console',
};

function print(record: Partial<RecordDraft>, options?: PrinterOptions): Printed {
  const whole = {
    time: TIME,
    system: 'xroad',
    event: 'Log in user',
    outcome: 'success',
    ...record,
  } as RecordDraft;
  return XROAD_AUDIT.printer(options).print(whole);
}

describe('lines', () => {
  const details = {
    keyId: 'AB',
    tokenFriendlyName: 'softToken-0',
    unlisted: [1, { b: 2, a: 1 }],
    tokenSerialNumber: null,
    extra: 'a/b <c> & d=e \u007f',
    tokenId: '0',
    requestUrl: '/api/v1/keys/AB',
    warning: false,
    host: 'ss1.example',
  };
  const record = {
    event: 'Delete key failed',
    outcome: 'failure',
    component: 'security-server',
    reason: 'Jürgen: "no"\n😀',
    actor: { name: 'ann', ip: '192.0.2.7, 192.0.2.8', auth: 'Session' },
    correlation: '00ff00ff00ff00ff',
    details,
  } as const;
  const json =
    '{"event":"Delete key failed","user":"ann","ipaddress":"192.0.2.7, 192.0.2.8",' +
    '"reason":"J\\u00FCrgen: \\"no\\"\\n\\uD83D\\uDE00","warning":false,"auth":"Session","url":"/api/v1/keys/AB",' +
    '"data":{"tokenId":"0","tokenSerialNumber":null,"tokenFriendlyName":"softToken-0","keyId":"AB",' +
    '"extra":"a/b <c> & d=e \u007f","unlisted":[1,{"a":1,"b":2}]}}\n';

  test('are those of audit.log: members and fields in their order, ASCII, compact', () => {
    const { text, flags } = print(record, { zone: 120 });
    assert.equal(
      text,
      '2026-03-02T10:15:30+02:00 ss1.example correlation-id: [00ff00ff00ff00ff] INFO  ' +
        `[X-Road Proxy Admin REST API] 2026-03-02T10:15:30.250+02:00 - ${json}`,
    );
    assert.deepEqual(flags, []);
  });

  test('the order of what is given does not matter', () => {
    const turned = Object.fromEntries(Object.entries(details).reverse());
    assert.equal(print({ ...record, details: turned }).text, print(record).text);
  });

  test('UTC, other zones, and years that leave four digits', () => {
    const times = (time: number, zone: number): string => {
      const { text } = print({ time }, { zone });
      return `${text.slice(0, 25)} ${/\] (\S+) - /.exec(text)?.[1]}`;
    };
    assert.equal(times(TIME, 0), '2026-03-02T08:15:30+00:00 2026-03-02T08:15:30.250Z');
    assert.equal(times(TIME, -210), '2026-03-02T04:45:30-03:30 2026-03-02T04:45:30.250-03:30');
    assert.equal(times(0, -60), '1969-12-31T23:00:00-01:00 1969-12-31T23:00:00.000-01:00');
    const last = 253_402_300_799_999;
    assert.equal(times(last, 60), '9999-12-31T23:59:59+00:00 9999-12-31T23:59:59.999Z');
  });

  test('where nothing is told', () => {
    const { text, flags } = print({});
    assert.equal(
      text,
      '2026-03-02T08:15:30+00:00 - correlation-id: [] INFO  [-] 2026-03-02T08:15:30.250Z - ' +
        '{"event":"Log in user","user":null,"data":{}}\n',
    );
    assert.deepEqual(flags, []);
    assert.deepEqual(native(one(XROAD_AUDIT, text)), {
      time: TIME,
      system: 'xroad',
      event: 'Log in user',
      outcome: 'success',
    });
  });

  test('signer-console has no correlation id', () => {
    const { text } = print({ event: 'Log into the token', component: 'signer-console' }, { host: 'ss1' });
    assert.match(text, / ss1 INFO {2}\[X-Road Signer Console\] /);
  });

  test('identifiers, as this release and as older ones order them', () => {
    const data = (clientIdentifier: Json): string =>
      /"data":(.*)\}\n/.exec(print({ event: 'Delete client', details: { clientIdentifier } }).text)![1]!;
    assert.equal(
      data({
        xroadInstance: 'D',
        subsystemCode: null,
        objectType: 'MEMBER',
        memberCode: '1',
        memberClass: 'O',
      }),
      '{"clientIdentifier":{"memberClass":"O","memberCode":"1","subsystemCode":null,"objectType":"MEMBER",' +
        '"xroadInstance":"D"}}',
    );
    assert.equal(
      data({ memberClass: 'O', memberCode: '1', xRoadInstance: 'D' }),
      '{"clientIdentifier":{"xRoadInstance":"D","memberClass":"O","memberCode":"1"}}',
    );
  });

  test('what stands inside services and WSDLs', () => {
    const services = [{ url: 'http://e/', id: 'a.v1', tlsAuth: true, timeout: 60 }];
    const { text } = print({ event: 'Edit service parameters', details: { services } });
    assert.match(text, /"services":\[\{"id":"a.v1","url":"http:\/\/e\/","timeout":60,"tlsAuth":true\}\]/);
  });
});

describe('what a line cannot tell', () => {
  const flagged = (record: Partial<RecordDraft>): readonly string[] => print(record).flags;

  test('members without a place, and words for outcomes', () => {
    assert.deepEqual(flagged({ module: 'X' }), ['no-place']);
    assert.deepEqual(flagged({ signature: { hash: '00' } }), ['no-place']);
    assert.deepEqual(flagged({ actor: { name: 'a', issuer: 'CN=b' } }), ['no-place']);
    assert.deepEqual(flagged({ outcome: 'void' }), ['no-place']);
    assert.deepEqual(flagged({ event: 'Log in user failed' }), ['no-place']);
    assert.deepEqual(flagged({ component: 'proxy' }), ['no-place']);
    assert.deepEqual(flagged({ component: 'central-server', service: 'X-Road Signer Console' }), [
      'no-place',
    ]);
    assert.deepEqual(flagged({ event: 'Discover' }), ['foreign-event']);
    assert.deepEqual(flagged({ system: 'dogtag' }), ['other-system']);
  });

  test('a failure gets its suffix, once', () => {
    for (const event of ['Delete key', 'Delete key failed', 'Delete key FAILED']) {
      const { text, flags } = print({ event, outcome: 'failure', component: 'security-server' });
      assert.equal(one(XROAD_AUDIT, text).outcome, 'failure');
      assert.equal(one(XROAD_AUDIT, text).event.toLowerCase(), 'delete key failed');
      assert.deepEqual(flags, []);
    }
  });

  test('a host that is none stands among the data, and comes back', () => {
    for (const host of ['a b', '-', 'x\ny', ['a', 'b'], null, '', 'correlation-id: [1]', 7]) {
      const details = { host } as { host: Json };
      const { back } = roundTrip(XROAD_AUDIT, {
        ...{ time: TIME, system: 'xroad', event: 'Log in user', outcome: 'success', details },
      });
      assert.deepEqual(back.details, details);
    }
    assert.throws(() => XROAD_AUDIT.printer({ host: 'a b' }), UsageError);
  });

  test('correlation ids of other characters are encoded, and read back', () => {
    for (const correlation of [
      'a b',
      'x] INFO  [y',
      '\n',
      'ü',
      '100%',
      '%41',
      ' - {"event":"x"}',
      '😀'.repeat(512),
    ]) {
      const { text, flags } = print({ correlation });
      assert.deepEqual(flags, ['escaped']);
      const back = one(XROAD_AUDIT, text);
      assert.equal(back.correlation, correlation);
      assert.deepEqual(back.flags, ['encoded-value']);
    }
    const line = print({ correlation: 'x' }).text;
    for (const foreign of ['%', '%zz', '%41', '50%', '%FF']) {
      const back = one(XROAD_AUDIT, line.replace('[x]', `[${foreign}]`));
      assert.deepEqual([back.correlation, back.flags], [foreign, undefined]);
    }
  });

  test('what nests too deep or looks like a seal becomes a text', () => {
    const deep = JSON.parse(`${'[1,'.repeat(20)}2${']'.repeat(20)}`) as Json;
    for (const value of [deep, { a: { payload: 'x', bytes: 1 } }, [[{ payload: [], bytes: null }]]]) {
      const { text, flags } = print({ event: 'Unlisted', details: { value } });
      assert.deepEqual(flags, ['foreign-event', 'retyped']);
      const back = one(XROAD_AUDIT, text);
      assert.deepEqual(back.flags, ['unknown-event']);
      assert.match(JSON.stringify(back.details), /"(?:\[1,|\{\\"payload)/);
    }
    const nested = (levels: number): Json => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) as Json;
    assert.deepEqual(print({ event: 'Generate CSR', details: { a: nested(10) } }).flags, []);
    assert.deepEqual(print({ event: 'Generate CSR', details: { a: nested(11) } }).flags, ['retyped']);
    const told = { host: 'h', payload: 'x', bytes: 1 };
    assert.deepEqual(one(XROAD_AUDIT, print({ details: told }).text).details, told);
  });

  test('what is sealed elsewhere is left out', () => {
    const seal = { payload: '0'.repeat(64), bytes: 9000 };
    for (const record of [{ details: seal }, { details: { a: seal } }, { reason: seal }])
      assert.deepEqual(print(record as unknown as Partial<RecordDraft>).flags, ['no-place']);
  });

  test('of a line that would be too long the longest values are left out', () => {
    const details = { tokenId: 'ü'.repeat(170_000), keyId: 'a', keyFriendlyName: 'ü'.repeat(171_000) };
    const { text, flags } = print({ event: 'Delete key', details });
    assert.deepEqual(flags, ['no-place']);
    assert.ok(text.length <= MAX_NATIVE_BYTES);
    const { keyFriendlyName: _, ...rest } = details;
    assert.deepEqual(one(XROAD_AUDIT, text).details, rest);
    for (const length of [174_600, 174_700, 174_705, 174_710, 174_715, 174_720, 174_800])
      one(XROAD_AUDIT, print({ reason: 'x'.repeat(length * 6), details: { a: 'y'.repeat(97) } }).text);
  });
});

/** Records of an event as a program may seal them; `text` makes all that is free. */
function recordOf(info: EventInfo, text: fc.Arbitrary<string>): fc.Arbitrary<RecordDraft> {
  const details = fc
    .tuple(
      detailsOf(catalog, info, text),
      fc.record(
        { host: text, requestUrl: text, warning: fc.boolean(), unlisted: fc.oneof(text, fc.array(text)) },
        { requiredKeys: [] },
      ),
    )
    .map(
      ([told, more]) => JSON.parse(JSON.stringify({ ...told, ...more })) as { readonly [name: string]: Json },
    );
  const short = text.map((value) => value.slice(0, 250).toWellFormed());
  return fc
    .record(
      {
        details,
        reason: text,
        actor: fc.record({ name: short, ip: short, auth: short }, { requiredKeys: [] }),
        correlation: short,
        time: fc.integer({ min: 0, max: 4_102_444_800_000 }),
        failed: fc.boolean(),
      },
      { requiredKeys: ['time', 'failed'] },
    )
    .map(
      ({ failed, ...members }): RecordDraft => ({
        ...members,
        system: 'xroad',
        event: failed ? `${info.event} failed` : info.event,
        outcome: failed ? 'failure' : 'success',
        component: info.part!,
      }),
    )
    .filter(isRecord);
}

/** False for numbers and halves of characters that no record holds. */
function isRecord(record: unknown): record is RecordDraft {
  try {
    checkDraft(record);
    return true;
  } catch (error) {
    if (error instanceof RecordError) return false;
    throw error;
  }
}

/** What reading makes of members that say nothing, and of the application that every line names. */
function expected({ actor, details, correlation, ...rest }: RecordDraft): Partial<RecordDraft> {
  const names = Object.entries(actor ?? {}).filter(([, text]) => text !== '');
  return {
    ...native(rest as RecordDraft),
    service: APPLICATIONS[rest.component!]!,
    ...(names.length === 0 ? {} : { actor: Object.fromEntries(names) }),
    ...(details === undefined || Object.keys(details).length === 0 ? {} : { details }),
    ...(correlation === undefined || correlation === '' ? {} : { correlation }),
  };
}

const anyZone = fc.record({ zone: fc.integer({ min: -18 * 60, max: 18 * 60 }) });

test('every event with its fields comes back as it was', () => {
  for (const info of catalog.events) {
    const gentle = gentleText.filter((text) => !text.includes(' '));
    fc.assert(
      fc.property(recordOf(info, gentle), anyZone, (record, options) => {
        const { flags, back } = roundTrip(XROAD_AUDIT, record, options);
        assert.deepEqual(native(back), expected(record));
        assert.deepEqual(flags, []);
      }),
      { numRuns: 5 },
    );
  }
});

test('whatever the values: one entry, and all of them', () => {
  fc.assert(
    fc.property(
      eventsOf(catalog).chain((info) => recordOf(info, hostileText)),
      anyZone,
      (record, options) => {
        const { text, flags, back } = roundTrip(XROAD_AUDIT, record, options);
        assert.match(text, /^[\x20-\x7f]+\n$/);
        const again = roundTrip(XROAD_AUDIT, back, options);
        assert.equal(again.text, text);
        if (flags.includes('retyped')) return;
        assert.deepEqual(native(back), expected(record));
      },
    ),
    { numRuns: runs(200) },
  );
});

test('names of events and fields that nobody knows', () => {
  const value = fc.jsonValue({ maxDepth: 3 }).map((json) => json as Json);
  fc.assert(
    fc.property(
      hostileText.map((text) => `x${text}`.slice(0, 1000).toWellFormed()),
      fc.dictionary(hostileText, value, { maxKeys: 5 }),
      (event, details) => {
        const record: RecordDraft = {
          ...{ time: TIME, system: 'xroad', event, outcome: 'success' },
          details: JSON.parse(JSON.stringify(details).replaceAll('\\u0000', '')) as { [name: string]: Json },
        };
        fc.pre(isRecord(record));
        const { back } = roundTrip(XROAD_AUDIT, record);
        assert.equal(back.event, event);
      },
    ),
    { numRuns: runs(300) },
  );
});

/** Lines that do not come back byte for byte, and why. */
const REASONS = {
  'not an event': /^\S+ .* - not an audit line$/,
  'another file than audit.log': / ee\.ria\.xroad\.common\.AuditLogger - /,
  'times without a fraction, up to 6.23': /\] \d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4} - /,
  'one blank behind INFO': / INFO \[/,
  'cut by its writer': /[^}]$/,
  'no data, which reads like empty data': /"data":null\}$/,
  'a NUL, which no record holds': /\\u0000/,
  'fields that nobody knows, in no order': /"t":true,"n":1\.5/,
} as const;

test('own lines come back byte for byte', () => {
  for (const line of XROAD_LINES) {
    const { text, flags } = XROAD_AUDIT.printer({ zone: 120 }).print({
      ...one(XROAD_AUDIT, line),
      raw: { text: '' },
    });
    assert.equal(text, line);
    assert.deepEqual(flags, []);
  }
});

describe('samples', { skip }, () => {
  const FILES: Readonly<Record<string, readonly [number, ...(keyof typeof REASONS)[]]>> = {
    'docs-6x-ss-and-cs-ruby-ui.log': [0, 'times without a fraction, up to 6.23'],
    'docs-ug-cs-73-central-server.log': [2],
    'docs-ug-sc-signer-console.log': [0, 'times without a fraction, up to 6.23'],
    'docs-ug-ss-624-security-server-old-urls.log': [2],
    'docs-ug-ss-7x-security-server.log': [2],
    'generated-proxy_ui_api-file-appender.log': [0, 'not an event', 'another file than audit.log'],
    'generated-rsyslog-audit-truncated.log': [0, 'cut by its writer'],
    'generated-rsyslog-audit.log': [
      10,
      'no data, which reads like empty data',
      'a NUL, which no record holds',
      'fields that nobody knows, in no order',
    ],
    'generated-sidecar-stdout.log': [0, 'not an event', 'another file than audit.log'],
    'generated-signer-console-file-appender.log': [0, 'another file than audit.log'],
    'spec-al-1.12-sample.joined.log': [1],
    'spec-al-1.9-sample.joined.log': [0, 'one blank behind INFO'],
    'story/central-server-audit.log': [15],
    'story/security-server-audit.log': [40],
  };

  for (const [file, [count, ...reasons]] of Object.entries(FILES)) {
    test(file, () => {
      let same = 0;
      const seen = new Set<string>();
      for (const { record } of parse(XROAD_AUDIT, readShared(`samples/xroad/${file}`))) {
        if (record === undefined) continue;
        const { raw, ...members } = record;
        const line = (raw as { readonly text: string }).text.replace(/\n$/, '');
        const { text } = XROAD_AUDIT.printer({ zone: zoneOf(line) }).print(members);
        if (text === `${line}\n`) same++;
        else seen.add(reasonOf(line));
        if (members.event === 'UNPARSED') continue;
        assert.deepEqual(native(one(XROAD_AUDIT, text)), afterPrinting(native(record)));
      }
      assert.equal(same, count);
      assert.deepEqual([...seen].sort(), [...reasons].sort());
    });
  }

  test('the JSON of other files is the same', () => {
    for (const name of ['proxy_ui_api-file-appender', 'sidecar-stdout', 'signer-console-file-appender']) {
      let same = 0;
      for (const { record } of parse(XROAD_AUDIT, readShared(`samples/xroad/generated-${name}.log`))) {
        const line = (record!.raw as { readonly text: string }).text;
        const json = line.slice(line.indexOf('{'));
        if (XROAD_AUDIT.printer().print(record!).text.endsWith(` - ${json}`)) same++;
      }
      assert.equal(same, name.startsWith('signer') ? 2 : 8, name);
    }
  });
});

function reasonOf(line: string): string {
  return Object.entries(REASONS).find(([, pattern]) => pattern.test(line))?.[0] ?? line;
}

/** The zone the line was written in, in minutes. */
function zoneOf(line: string): number {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d) /.exec(line) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}

/** signer-console's own file names no application; audit.log does. */
function afterPrinting(record: Partial<RecordDraft>): Partial<RecordDraft> {
  const service = record.service ?? APPLICATIONS[record.component ?? ''];
  return service === undefined ? record : { ...record, service };
}
