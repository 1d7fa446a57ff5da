import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { XROAD_AUDIT } from '../../src/dialects/xroad/dialect.ts';
import type { RecordDraft } from '../../src/record/types.ts';
import { one, records, told } from './helpers.ts';

const FRAME =
  '2026-03-02T10:15:30+02:00 ss.example correlation-id: [00ff] INFO  [X-Road Proxy Admin REST API] 2026-03-02T10:15:30.250+02:00 - ';
const TIME = Date.UTC(2026, 2, 2, 8, 15, 30, 250);

function event(json: string): RecordDraft {
  return one(XROAD_AUDIT, `${FRAME}${json}\n`);
}

function data(json: string): unknown {
  return event(`{"event":"Unlisted","data":${json}}`).details;
}

describe('frames', () => {
  const json = '{"event":"Log into the token","user":"xroad","data":{"tokenId":"0"}}';
  const console = { component: 'signer-console' };
  const security = { component: 'security-server' };
  const service = (name: string, component: string): object => ({ service: name, component });
  for (const [line, time, expected] of [
    [
      `${FRAME}${json}`,
      TIME,
      { ...service('X-Road Proxy Admin REST API', 'security-server'), correlation: '00ff' },
    ],
    [
      `<134>Mar  2 10:15:30 cs correlation-id: [] INFO  [X-Road Central Server Admin Service] 2026-03-02T08:15:30.250Z - ${json}`,
      TIME,
      service('X-Road Central Server Admin Service', 'central-server'),
    ],
    [
      `2015-07-03T10:21:59+03:00 host INFO [X-Road Proxy UI] 2015-07-03 10:21:59+0300 - ${json}`,
      Date.UTC(2015, 6, 3, 7, 21, 59),
      service('X-Road Proxy UI', 'security-server'),
    ],
    [
      `2026-03-02T10:15:30+02:00 host INFO  [X-Road Signer Console] 2026-03-02T10:15:30.250+02:00 - ${json}`,
      TIME,
      service('X-Road Signer Console', 'signer-console'),
    ],
    [
      `2026-03-02T10:15:30.250+02:00 [https-exec-5] correlation-id:[00ff] INFO  ee.ria.xroad.common.AuditLogger - ${json}`,
      TIME,
      { correlation: '00ff' },
    ],
    [`2026-03-02T10:15:30.250+02:00 INFO  [main] ee.ria.xroad.common.AuditLogger - ${json}`, TIME, console],
    [
      `2026-03-02T10:15:30.250+02:00 INFO [xroad-proxy-ui-api] [https-exec-5] ee.ria.xroad.common.AuditLogger - ${json}`,
      TIME,
      { service: 'xroad-proxy-ui-api', ...security },
    ],
  ] as const) {
    test(line.slice(0, 90), () => {
      const { time: ms, service: s, component: c, correlation: id, flags } = one(XROAD_AUDIT, `${line}\n`);
      assert.deepEqual(JSON.parse(JSON.stringify({ service: s, component: c, correlation: id })), expected);
      assert.deepEqual([ms, flags], [time, undefined]);
    });
  }

  for (const line of [
    '2026-03-02T10:15:30.250+02:00 [t] correlation-id:[] INFO  ee.ria.xroad.common.AuditLogger - not an audit line',
    `2026-03-02T10:15:30.250+02:00 INFO  [main] some.other.Logger - ${json}`,
    json,
    `${FRAME}{"user":"ann"}`,
    `${FRAME}{"event":7}`,
    `${FRAME}{"event" "Log in user"}`,
    `${FRAME}{"event":"Log in user","data":{]}`,
  ]) {
    test(`unparsed: ${line.slice(-60)}`, () => {
      const record = one(XROAD_AUDIT, `${line}\n`);
      assert.equal(record.event, 'UNPARSED');
      assert.ok(record.flags?.includes('unparsed'));
    });
  }

  test('an unparsed line keeps the time it begins with', () => {
    assert.equal(one(XROAD_AUDIT, '2026-03-02T08:15:30.250Z [t] something else\n').time, TIME);
  });
});

test('a line that syslog took on another day', () => {
  const line = `${FRAME}{"event":"Log in user","data":{}}\n`;
  const inner = (time: string): readonly string[] =>
    one(XROAD_AUDIT, line.replace('] 2026-03-02T10:15:30.250+02:00', `] ${time}`)).flags ?? [];
  assert.deepEqual(inner('2026-03-03T10:15:30.000+02:00'), []);
  assert.deepEqual(inner('2026-03-03T10:15:31.000+02:00'), ['clock-mismatch']);
  assert.deepEqual(inner('2026-03-01T07:15:29.000Z'), ['clock-mismatch']);
});

test('lines of all releases say the same', () => {
  const data = (hash: string, text: string): string =>
    `{"event":"Add internal TLS certificate","user":"ann","data":{"certHash":"AB","certHashAlgorithm":${hash},"uploadFileName":"${text}"}}`;
  const object = '{"name":"SHA-256","uri":"http://www.w3.org/2001/04/xmlenc#sha256"}';
  const file = "é=&<>'\u2028";
  for (const [line, algorithm] of [
    [
      `2026-03-02T10:15:30+02:00 h INFO [X-Road Proxy UI] 2026-03-02 10:15:30+0200 - ${data('"SHA-256"', file)}`,
      'SHA-256',
    ],
    [
      `2026-03-02T10:15:30+02:00 h correlation-id: [] INFO  [X-Road Proxy Admin REST API] 2026-03-02T08:15:30.000Z - ${data('"SHA-256"', '\\u00e9\\u003d\\u0026\\u003c\\u003e\\u0027\\u2028')}`,
      'SHA-256',
    ],
    [
      `2026-03-02T10:15:30+02:00 h correlation-id: [] INFO  [X-Road Proxy Admin REST API] 2026-03-02T10:15:30.000+02:00 - ${data(object, "\\u00E9=&<>'\\u2028")}`,
      JSON.parse(object),
    ],
  ] as const) {
    const record = one(XROAD_AUDIT, `${line}\n`);
    assert.equal(record.time, Date.UTC(2026, 2, 2, 8, 15, 30));
    assert.deepEqual([record.component, record.flags], ['security-server', undefined]);
    assert.deepEqual(record.details, {
      host: 'h',
      certHash: 'AB',
      certHashAlgorithm: algorithm,
      uploadFileName: file,
    });
  }
});

describe('records', () => {
  test('members and details have their places', () => {
    const record = event(
      '{"event":"Delete key failed","user":"ann","ipaddress":"192.0.2.7, 192.0.2.8","reason":"denied","warning":true,' +
        '"auth":"Session","url":"/api/v1/keys/1","data":{"tokenId":"0","tokenSerialNumber":null,"keyId":"AB"}}',
    );
    assert.deepEqual(told(record), {
      time: TIME,
      system: 'xroad',
      event: 'Delete key failed',
      service: 'X-Road Proxy Admin REST API',
      component: 'security-server',
      outcome: 'failure',
      reason: 'denied',
      actor: { name: 'ann', ip: '192.0.2.7, 192.0.2.8', auth: 'Session' },
      correlation: '00ff',
      details: {
        host: 'ss.example',
        requestUrl: '/api/v1/keys/1',
        warning: true,
        tokenId: '0',
        tokenSerialNumber: null,
        keyId: 'AB',
      },
      dialect: 'xroad/1',
    });
  });

  test('what may be null or missing', () => {
    const record = event('{"event":"Log out user","user":null,"data":null}');
    assert.equal(record.actor, undefined);
    assert.equal(record.outcome, 'success');
    assert.deepEqual(record.details, { host: 'ss.example' });
    assert.equal(record.flags, undefined);
  });

  test('only the suffix makes a failure', () => {
    assert.equal(event('{"event":"failed to say","data":{}}').outcome, 'success');
    assert.equal(event('{"event":"Log in user failed","data":{}}').outcome, 'failure');
  });

  test('what the catalog does not know is kept and pointed out', () => {
    const record = event('{"event":"Log in user","data":{"colour":"red"},"later":1}');
    assert.deepEqual(record.details, { host: 'ss.example', colour: 'red', later: 1 });
    assert.deepEqual(record.flags, ['unknown-field']);
    assert.deepEqual(event('{"event":"New thing failed","data":{"a":1}}').flags, ['unknown-event']);
  });

  test('a member of another type is kept in details', () => {
    const record = event('{"event":"Log in user","user":{"id":1},"data":[1]}');
    assert.equal(record.actor, undefined);
    assert.deepEqual(record.details, { host: 'ss.example', data: [1], user: { id: 1 } });
    assert.deepEqual(record.flags, ['malformed-value']);
  });

  test('text behind the record', () => {
    assert.deepEqual(event('{"event":"Log in user","data":{}} {"event":"x"}').flags, ['ambiguous']);
  });
});

describe('values', () => {
  for (const [name, json, expected] of [
    [
      'escapes',
      '{"a":"q\\"b\\\\s/\\b\\t\\n\\f\\r\\u00F5\\uD801\\uDC00"}',
      { a: 'q"b\\s/\b\t\n\f\rõ\u{10400}' },
    ],
    ['numbers', '{"a":42,"b":1.5,"c":-7,"d":1e3,"e":1.50}', { a: 42, b: 1.5, c: -7, d: 1000, e: 1.5 }],
    ['words', '{"a":true,"b":false,"c":null,"d":[],"e":{}}', { a: true, b: false, c: null, d: [], e: {} }],
    ['numbers no double holds', '{"a":9007199254740993,"b":1e400,"c":0.12345678901234567890}', null],
    ['one name twice', '{"a":1,"a":2,"a":3}', { a: [1, 2, 3] }],
    ['the likeness of a seal', '{"a":{"payload":"x","bytes":1}}', { a: '{"payload":"x","bytes":1}' }],
    ['half a character', '{"a":"\\uD800!"}', { a: '\uFFFD!' }],
    ['NUL', '{"a":"\\u0000"}', { a: '\uFFFD' }],
  ] as const) {
    test(name, () => {
      const literal = { a: '9007199254740993', b: '1e400', c: '0.12345678901234567890' };
      assert.deepEqual(data(json), { host: 'ss.example', ...(expected ?? literal) });
    });
  }

  test('each of the odd ones leaves its flag', () => {
    for (const [json, flag] of [
      ['{"a":9007199254740993}', 'number-as-text'],
      ['{"a":1,"a":2}', 'duplicate-key'],
      ['{"a":{"payload":"x","bytes":1}}', 'nested-as-text'],
      [`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'nested-as-text'],
      ['{"a":"\\uD800"}', 'lone-surrogate'],
      ['{"a":"\\u0000"}', 'nul-byte'],
    ]) {
      assert.ok(event(`{"event":"Unlisted","data":${json}}`).flags?.includes(flag!), json);
    }
  });

  test('a million brackets', () => {
    const deep = '['.repeat(500_000);
    assert.ok(event(`{"event":"x","data":{"a":${deep}`).flags?.includes('truncated'));
    const closed = event(`{"event":"x","data":{"a":${deep}${']'.repeat(500_000)}}}`);
    assert.ok(closed.flags?.includes('nested-as-text'));
  });
});

describe('records that were cut', () => {
  const whole =
    '{"event":"Log in user failed","user":"ann","reason":"no, wait","warning":false,"data":{"n":12,"s":"ab"}}';
  test('tell what precedes the cut, and nothing else', () => {
    for (let end = 1; end < whole.length; end++) {
      const record = event(whole.slice(0, end));
      const cut = record.flags?.includes('truncated') === true;
      assert.equal(record.event, cut ? 'Log in user failed' : 'UNPARSED');
      if (!cut) continue;
      if (record.reason !== undefined) assert.equal(record.reason, 'no, wait');
      const { n, s } = record.details as Record<string, unknown>;
      assert.ok((n === undefined || n === 12) && (s === undefined || s === 'ab'), whole.slice(0, end));
    }
    assert.equal(event(whole).flags?.includes('truncated') ?? false, false);
  });

  test('leave the lines around them alone', () => {
    const line = `${FRAME}${whole}\n`;
    const all = records(XROAD_AUDIT, `${line}${FRAME}${whole.slice(0, 60)}\n${line}`);
    assert.deepEqual(
      all.map(({ flags }) => flags?.includes('truncated') ?? false),
      [false, true, false],
    );
  });
});
