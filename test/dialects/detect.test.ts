import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALECTS, detectDialect, dialectByName } from '../../src/dialects/dialects.ts';
import { bytesOf } from './helpers.ts';
import {
  DIGICERT_LINES,
  DOGTAG_LINES,
  SIGNSERVER_LINES,
  SIGNSERVER_WORKER_LINES,
  XROAD_LINES,
} from './lines.ts';

function detect(text: string): string | null {
  return detectDialect(bytesOf(text))?.dialect.system ?? null;
}

describe('detection', () => {
  for (const [system, lines] of [
    ['signserver', SIGNSERVER_LINES],
    ['dogtag', DOGTAG_LINES],
    ['xroad', XROAD_LINES],
    ['digicert', DIGICERT_LINES],
  ] as const) {
    const text = lines.join('');
    test(`${system}: whole, repeated, cut anywhere in the last line, mixed with a few other lines`, () => {
      assert.equal(detect(text), system);
      assert.equal(detect(text.repeat(500)), system);
      for (let cut = 1; cut < lines.at(-1)!.length; cut += 7)
        assert.equal(detect(text.slice(0, -cut)), system);
      if (system !== 'digicert') assert.equal(detect(`starting up\n${text}\nshutting down\n`), system);
    });
  }

  test('of the two logs of SignServer, the one whose lines it is; of both, the one with more', () => {
    const name = (lines: readonly string[]): string | undefined =>
      detectDialect(bytesOf(lines.join('')))?.dialect.name;
    assert.equal(name(SIGNSERVER_LINES), 'signserver-text/1');
    assert.equal(name(SIGNSERVER_WORKER_LINES), 'signserver-worker/1');
    const all = [...SIGNSERVER_WORKER_LINES, ...SIGNSERVER_WORKER_LINES];
    assert.equal(name([...all, ...SIGNSERVER_LINES]), 'signserver-worker/1');
  });

  for (const forged of [SIGNSERVER_LINES[0]!, SIGNSERVER_WORKER_LINES[0]!]) {
    const value = JSON.stringify(forged.trimEnd());
    for (const [system, text] of [
      ['xroad', XROAD_LINES[0]!.replace(/"user":"[^"]*"/, `"user":${value}`)],
      ['dogtag', DOGTAG_LINES[0]!.replace(/\[SubjectID=[^\]]*\]/, `[SubjectID=${forged.trimEnd()}]`)],
      [
        'digicert',
        `{"total":1,"items":[{"id":"1","date":"2026-03-02T08:15:30Z","action":"CREATE","status":"SUCCESS","user_name":"ann","resource_id":"7","resource_name":${value}}]}`,
      ],
    ] as const)
      test(`${system}: a file of one line, a value of which is a line of SignServer's: ${forged.slice(0, 60)}`, () => {
        assert.ok(text.includes('REPLY_TIME') || text.includes('AUDIT; '));
        assert.equal(detect(text), system);
      });
  }

  test('a listing of one action, with more of paging than of what it lists', () => {
    const paging = Array.from({ length: 40 }, (_, i) => `"page_${'x'.repeat(i % 9)}":${i},`).join('');
    const item = '{"action":"SIGN","resource_type":"KEYPAIR"}';
    assert.equal(detect(`{${paging}"items":[${item}]}`), 'digicert');
  });

  test('a single line without line feed', () => {
    assert.equal(detect(XROAD_LINES[0]!.trimEnd()), 'xroad');
  });

  for (const [name, text] of [
    ['nothing', ''],
    ['blank lines', '\n\n \n'],
    ['prose', 'The EVENT: of the year; MODULE 3 was [AuditEvent] and\nmore\n'],
    ['JSON rows', '{"eventType":"KEYGEN","module":"KEY_MANAGEMENT","timeStamp":1}\n'.repeat(9)],
    ['PEM', `-----BEGIN CERTIFICATE-----\n${'AQID'.repeat(16)}\n-----END CERTIFICATE-----\n`],
    ['a PDF', '%PDF-1.7\n%\u00e2\u00e3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n'],
    ['an empty list', '[]\n'],
    ['a listing of nothing', '{"total":0,"offset":0,"items":[]}'],
    ['a listing of something else', '{"total":100000,"offset":1,"items":[{"a":1}]}'],
    ['the beginning of a list', '[{"id":"1"'],
    ['another CSV', 'Name,Date,Status\nann,2026-03-02,ok\n'],
    ['the log of something else', '2026-03-02T08:15:30Z INFO [main] Server - {"listening":8080}\n'.repeat(9)],
    [
      'a log with one odd line',
      `${'2026-03-02 08:15:30,123 INFO  [x] hello world\n'.repeat(50)}${DOGTAG_LINES[0]}`,
    ],
  ] as const) {
    test(`not: ${name}`, () => assert.equal(detect(text), null));
  }

  test('not: bytes of all values', () => {
    const bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i * 167) % 256);
    assert.equal(detectDialect(bytes), null);
  });

  test('not: the same text in UTF-16', () => {
    const text = XROAD_LINES.join('');
    const bytes = new Uint8Array(2 * text.length);
    for (let i = 0; i < text.length; i++) bytes[2 * i] = text.charCodeAt(i);
    assert.equal(detectDialect(bytes), null);
  });
});

describe('names', () => {
  test('of a dialect, with and without version, and of a system', () => {
    for (const dialect of DIALECTS) {
      assert.equal(dialectByName(dialect.name), dialect);
      assert.equal(dialectByName(dialect.name.split('/')[0]!), dialect);
      assert.equal(dialectByName(dialect.system)?.system, dialect.system);
    }
    for (const name of ['', 'signserver-text/2', 'syslog', 'XROAD']) assert.equal(dialectByName(name), null);
  });

  test('are all different', () => {
    assert.equal(new Set(DIALECTS.map(({ name }) => name)).size, DIALECTS.length);
    for (const { name, system } of DIALECTS) {
      assert.match(name, /^[a-z-]+\/\d+$/);
      assert.match(system, /^[a-z][a-z-]*$/);
    }
  });
});
