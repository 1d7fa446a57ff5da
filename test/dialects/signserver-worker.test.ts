import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { deriveAction, deriveObjects } from '../../src/catalog/derive.ts';
import { CATALOG, signserver } from '../../src/catalog/mod.ts';
import type { PrinterOptions } from '../../src/dialects/dialect.ts';
import { SIGNSERVER_TEXT } from '../../src/dialects/signserver/dialect.ts';
import { DEFAULT_PATTERN } from '../../src/dialects/signserver/pattern.ts';
import { SIGNSERVER_WORKER } from '../../src/dialects/signserver/worker.ts';
import { UsageError } from '../../src/errors.ts';
import type { AuditRecord, RecordDraft } from '../../src/record/types.ts';
import { checkDraft } from '../../src/record/validate.ts';
import { runs } from '../runs.ts';
import { assertSound, one, parse, records, told } from './helpers.ts';
import { SIGNSERVER_WORKER_LINES } from './lines.ts';
import { detailsOf, gentleText, hostileText, native } from './round-trip.ts';

const catalog = signserver[CATALOG];
const PROCESS = catalog.find('PROCESS', 'WORKER')!;
const PREFIX = '2026-03-02 08:15:30,123 INFO  [IWorkerLogger] ';
const TIME = 1_772_439_330_123;
const ALL = `${PREFIX}AllVariablesLogger; `;
const TAIL = `REPLY_TIME:${TIME}\n`;
const BASE = {
  time: TIME,
  system: 'signserver',
  event: 'PROCESS',
  module: 'WORKER',
  dialect: 'signserver-worker/1',
} as const;

describe('lines with all fields', () => {
  test('a signing transaction becomes a signing event', () => {
    const record = one(
      SIGNSERVER_WORKER,
      `${ALL}CLIENT_IP: 192.0.2.9; REQUEST_DIGEST: AB12; REQUEST_DIGEST_ALGORITHM: SHA256; KEYALIAS: k1; ` +
        'CRYPTOTOKEN: T1; KEY_ALGORITHM: RSA; SIGNER_CERT_SERIALNUMBER: 0a; SIGNER_CERT_ISSUERDN: CN=CA; LOG_ID: id-1; ' +
        `WORKER_ID: 7; PROCESS_SUCCESS: true; ${TAIL}`,
    );
    const { details, ...rest } = told(record);
    assert.deepEqual(rest, {
      ...BASE,
      outcome: 'success',
      actor: { ip: '192.0.2.9' },
      correlation: 'id-1',
      signature: { hash: 'ab12', hashAlgorithm: 'SHA256', algorithm: 'RSA', keyAlias: 'k1' },
    });
    assert.equal(Object.keys(details ?? {}).length, 11);
    assert.equal(deriveAction(record as AuditRecord), 'sign');
    const ids = deriveObjects(record as AuditRecord).map(({ kind, id }) => `${kind} ${id}`);
    for (const id of ['key T1/k1', 'token T1', 'worker 7', 'certificate CN=CA#a'])
      assert.ok(ids.includes(id), id);
  });

  test('a failed one has its reason, over several lines', () => {
    const record = one(
      SIGNSERVER_WORKER,
      `${ALL}EXCEPTION: No:\nreally; no; PROCESS_SUCCESS: false; WORKER_ID: 7; ${TAIL}`,
    );
    assert.deepEqual(
      [record.outcome, record.reason, record.time, record.flags],
      ['failure', 'No:\nreally; no', TIME, undefined],
    );
  });

  for (const [name, fields, actor] of [
    [
      'by certificate',
      'CLIENT_CERT_SUBJECTDN: CN=Bo; CLIENT_CERT_ISSUERDN: CN=CA; CLIENT_CERT_SERIALNUMBER: 0a; WORKER_AUTHTYPE: CLIENTCERT; ',
      { name: 'CN=Bo', issuer: 'CN=CA', serial: '0a', auth: 'CLIENTCERT' },
    ],
    [
      'by user name',
      'AUTHORIZED_USERNAME: bo; WORKER_AUTHTYPE: org.signserver.server.UsernamePasswordAuthorizer; ',
      { name: 'bo', auth: 'org.signserver.server.UsernamePasswordAuthorizer' },
    ],
    ['not at all', 'CLIENT_CERT_SUBJECTDN: CN=Bo; WORKER_AUTHTYPE: NOAUTH; ', { auth: 'NOAUTH' }],
  ] as const) {
    test(`the client is known ${name}`, () => {
      assert.deepEqual(one(SIGNSERVER_WORKER, `${ALL}${fields}PROCESS_SUCCESS: true; ${TAIL}`).actor, actor);
    });
  }

  for (const [fields, outcome, flags] of [
    ['PROCESS_SUCCESS: true; ', 'success', undefined],
    ['PROCESS_SUCCESS: false; ', 'failure', undefined],
    ['PROCESS_SUCCESS: true; PROCESS_SUCCESS: false; ', 'failure', ['duplicate-key']],
    ['PROCESS_SUCCESS: maybe; ', 'void', ['unknown-outcome']],
    ['EXCEPTION: no; ', 'failure', ['outcome-deduced']],
    ['EXCEPTION: null; ', 'success', ['outcome-deduced']],
    ['', 'success', ['outcome-deduced']],
  ] as const) {
    test(`"${fields}" is ${outcome}`, () => {
      const record = one(SIGNSERVER_WORKER, `${ALL}${fields}${TAIL}`);
      assert.deepEqual([record.outcome, record.flags], [outcome, flags]);
    });
  }

  test('entries and tails inside values are pointed out', () => {
    const forged = `x; ${ALL}KEYALIAS: k; REPLY_TIME:1`;
    const record = one(SIGNSERVER_WORKER, `${ALL}FILENAME: ${forged}; PROCESS_SUCCESS: true; ${TAIL}`);
    assert.equal(record.time, TIME);
    assert.deepEqual(record.flags, ['possible-forgery', 'ambiguous']);
    const [first, second] = records(
      SIGNSERVER_WORKER,
      `${ALL}FILENAME: x\n${ALL}KEYALIAS: k; REPLY_TIME:1; PROCESS_SUCCESS: true; ${TAIL}`,
    );
    assert.deepEqual(first?.flags, ['truncated', 'possible-forgery', 'time-uncertain', 'outcome-deduced']);
    assert.ok(second?.flags?.includes('possible-forgery'));
    const [, odd] = records(
      SIGNSERVER_WORKER,
      `${ALL}${TAIL}AllVariablesLogger; PROCESS_SUCCESS: true; ${TAIL}`,
    );
    assert.deepEqual(odd?.flags, ['possible-forgery']);
  });

  test('what stands in a value of the system log is none', () => {
    for (const forged of [
      `AllVariablesLogger; KEYALIAS: k; PROCESS_SUCCESS: true; ${TAIL}`,
      'AUDIT; DefaultTimeStampLogger; LOG_ID: 1; CLIENT_IP: 2; REQUEST_FULLURL: 3; RequestTime: 4; ResponseTime: 5; EXCEPTION: 6',
    ]) {
      const line = `${PREFIX}EVENT: PROCESS; OUTCOME: FAILURE; MODULE: WORKER; CUSTOM_ID: ; FILENAME: ${forged}`;
      assert.equal(one(SIGNSERVER_WORKER, line).event, 'UNPARSED');
    }
  });

  test('lines of other logs are kept', () => {
    const all = records(SIGNSERVER_WORKER, `${PREFIX}starting\n${ALL}PROCESS_SUCCESS: true; ${TAIL}x\ny\n`);
    assert.deepEqual(
      all.map(({ event }) => event),
      ['UNPARSED', 'PROCESS', 'UNPARSED'],
    );
  });
});

describe('lines of a pattern', () => {
  const line = (text: string): string => `${PREFIX}${text}\n\n`;

  test('the one that the server has of itself', () => {
    const record = one(
      SIGNSERVER_WORKER,
      line(
        'AUDIT; DefaultTimeStampLogger; LOG_ID: id-1; CLIENT_IP: 192.0.2.9; REQUEST_FULLURL: http://h/; ' +
          `RequestTime: ${TIME}; ResponseTime: 3; EXCEPTION: No; really`,
      ),
    );
    assert.deepEqual(told(record), {
      ...BASE,
      outcome: 'failure',
      reason: 'No; really',
      actor: { ip: '192.0.2.9' },
      correlation: 'id-1',
      details: {
        LOG_ID: 'id-1',
        CLIENT_IP: '192.0.2.9',
        REQUEST_FULLURL: 'http://h/',
        LOG_TIME: String(TIME),
        REPLY_TIME: '3',
        EXCEPTION: 'No; really',
      },
      flags: ['outcome-deduced'],
    });
  });

  const pattern = `T=\${LOG_TIME} W=\${WORKER_ID} OK=\${PROCESS_SUCCESS} F=[\${FILENAME}] REPLY_TIME`;
  const read = (text: string, chosen = pattern): RecordDraft =>
    one(SIGNSERVER_WORKER, line(text), { pattern: chosen });

  test('one that is given; fields that are not there keep their placeholder', () => {
    const record = read(`T=2026-03-02:08:15:30:GMT W=7 OK=true F=[\${FILENAME}] 12`);
    assert.deepEqual(record.details, {
      LOG_TIME: '2026-03-02:08:15:30:GMT',
      WORKER_ID: '7',
      PROCESS_SUCCESS: 'true',
      REPLY_TIME: '12',
    });
    assert.deepEqual([record.time, record.outcome, record.flags], [1_772_439_330_000, 'success', undefined]);
  });

  test('times of no or an uncertain zone', () => {
    for (const [written, time] of [
      ['2026-03-02:08:15:30:CEST', 1_772_439_330_000],
      ['2026-03-02:10:15:30:+02:00', 1_772_439_330_000],
      ['soon', TIME],
      [`\${LOG_TIME}`, TIME],
    ] as const) {
      const record = read(`T=${written} W=7 OK=true F=[a] 12`);
      assert.equal(record.time, time, written);
      assert.deepEqual(record.flags, written.includes('+') ? undefined : ['time-uncertain'], written);
    }
  });

  test('a value that could be divided otherwise', () => {
    const record = read(`T=${TIME} W=7 OK=true F=[x] OK=false F=[y] 12`);
    assert.equal((record.details as { FILENAME: string }).FILENAME, 'x');
    assert.ok(record.flags?.includes('ambiguous'));
  });

  test('a value that looks like a line of all fields', () => {
    const record = read(
      `T=${TIME} W=7 OK=false F=[AllVariablesLogger; PROCESS_SUCCESS: true; REPLY_TIME:5] 12`,
    );
    assert.deepEqual([record.outcome, record.time], ['failure', TIME]);
  });

  test('a field twice, and beginning with a field', () => {
    const chosen = `\${LOG_ID} \${CLIENT_IP} \${LOG_ID}`;
    assert.deepEqual(read('id 192.0.2.9 id', chosen).details, { LOG_ID: 'id', CLIENT_IP: '192.0.2.9' });
    assert.deepEqual(read('id 192.0.2.9 di', chosen).details, {
      LOG_ID: ['id', 'di'],
      CLIENT_IP: '192.0.2.9',
    });
    const text = `${ALL}FILENAME: a\nb c d; PROCESS_SUCCESS: true; ${TAIL}`;
    assert.equal(
      (one(SIGNSERVER_WORKER, text, { pattern: chosen }).details as { FILENAME: string }).FILENAME,
      'a\nb c d',
    );
  });

  test('other lines are kept', () => {
    const [record] = records(SIGNSERVER_WORKER, line('T=1 W=7'), { pattern });
    assert.deepEqual(record?.event, 'UNPARSED');
  });

  for (const [name, bad] of [
    ['nothing', ''],
    ['no field', 'a'],
    ['fields that touch', `\${A}\${B}`],
    ['a line break', `\${A}\n\${B}`],
    ['no end', `\${A}${' '.repeat(9000)}`],
  ] as const) {
    test(`a pattern with ${name} is refused`, () => {
      for (const make of [SIGNSERVER_WORKER.parser, SIGNSERVER_WORKER.printer]) {
        assert.throws(
          () => make({ pattern: bad }),
          (error) => error instanceof UsageError && error.code === 'USAGE',
        );
      }
    });
  }
});

test('any input is covered whatever the pattern, and however it is pushed', () => {
  const pieces = fc.constantFrom(
    ...[
      ALL,
      TAIL,
      PREFIX,
      'AllVariablesLogger; ',
      'REPLY_TIME:1',
      'A: b; ',
      '; ',
      '\n',
      '\r\n',
      ' | ',
      '] [',
      '[',
    ],
    ...[
      ']',
      `\${A}`,
      'B64:QQ==',
      'x',
      '\0',
      '\u00e9',
      '5',
      'AUDIT; DefaultTimeStampLogger; LOG_ID: ',
      '; EXCEPTION: ',
    ],
  );
  const patterns = [
    DEFAULT_PATTERN,
    `\${A} | \${B}`,
    `[\${A}] [\${A}]`,
    `x\${LOG_TIME}`,
    `\${A}`,
    'REPLY_TIME',
  ];
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 30 }),
      fc.constantFrom(...patterns),
      fc.array(fc.nat(), { maxLength: 4 }),
      (parts, pattern, places) => {
        const text = parts.join('');
        const items = parse(SIGNSERVER_WORKER, text, [], { pattern });
        assertSound(text, items);
        const cuts = places.map((at) => at % (Buffer.byteLength(text) + 1)).sort((a, b) => a - b);
        assert.deepEqual(parse(SIGNSERVER_WORKER, text, cuts, { pattern }), items);
      },
    ),
    { numRuns: runs(800) },
  );
});

describe('printing', () => {
  const roundTrip = (
    record: RecordDraft,
    options: PrinterOptions = {},
  ): [string, readonly string[], RecordDraft] => {
    const { text, flags } = SIGNSERVER_WORKER.printer(options).print(record);
    const items = parse(
      SIGNSERVER_WORKER,
      text,
      [],
      options.pattern === undefined ? {} : { pattern: options.pattern },
    );
    assertSound(text, items);
    const back = items.flatMap((item) => (item.record === undefined ? [] : [item.record]));
    assert.equal(back.length, 1, text);
    return [text, flags, back[0]!];
  };
  const drafts = (text: fc.Arbitrary<string>): fc.Arbitrary<RecordDraft> =>
    fc
      .tuple(detailsOf(catalog, PROCESS, text), fc.boolean(), fc.nat({ max: 253_402_300_799_999 }))
      .map(([details, success, time]) =>
        checkDraft({
          ...{ time, system: 'signserver', event: 'PROCESS', module: 'WORKER' },
          outcome: success ? 'success' : 'failure',
          details: { ...details, PROCESS_SUCCESS: String(success) },
        }),
      );

  test('lines with all fields: gentle values come back without a flag', () => {
    fc.assert(
      fc.property(drafts(gentleText), (record) => {
        const [text, flags, back] = roundTrip(record);
        assert.deepEqual(
          [back.details, back.time, back.outcome],
          [record.details, record.time, record.outcome],
        );
        assert.deepEqual(flags, []);
        assert.deepEqual(
          (back.flags ?? []).filter((flag) => flag !== 'malformed-value'),
          [],
        );
        const [again, none] = roundTrip(back);
        assert.deepEqual([again, none], [text, []]);
      }),
      { numRuns: runs(150) },
    );
  });

  test('lines with all fields: any value comes back, in one entry', () => {
    fc.assert(
      fc.property(drafts(hostileText), (record) => {
        const [text, flags, back] = roundTrip(record);
        assert.deepEqual(
          [back.details, back.time, back.outcome],
          [record.details, record.time, record.outcome],
        );
        assert.equal(flags.includes('escaped'), back.flags?.includes('encoded-value') ?? false);
        for (const flag of ['ambiguous', 'possible-forgery', 'truncated', 'unparsed'])
          assert.ok(!back.flags?.includes(flag), `${flag} of ${JSON.stringify(text)}`);
      }),
      { numRuns: runs(200) },
    );
  });

  for (const pattern of [
    DEFAULT_PATTERN,
    `\${LOG_TIME} | \${FILENAME} | \${PROCESS_SUCCESS} | \${EXCEPTION}`,
    `[\${LOG_TIME}] [\${FILENAME}] [\${REQUEST_FULLURL}]`,
  ]) {
    test(`lines of ${pattern}: any value comes back, what has a place there`, () => {
      const names = [...pattern.matchAll(/\$\{(.+?)\}/g)].map(([, name]) => name!);
      fc.assert(
        fc.property(drafts(hostileText), (record) => {
          const fields = Object.entries({ ...record.details, LOG_TIME: String(record.time) });
          const kept = Object.fromEntries(fields.filter(([name]) => names.includes(name)));
          const [text, flags, back] = roundTrip(
            { ...record, details: Object.fromEntries(fields) },
            { pattern },
          );
          assert.deepEqual(back.details, kept, text);
          assert.deepEqual([back.time, flags.includes('no-place')], [record.time, true]);
          assert.ok(!back.flags?.includes('ambiguous'));
          assert.ok(text.endsWith('\n\n') && text.split('\n').length === 3);
        }),
        { numRuns: runs(150) },
      );
    });
  }

  test('a pattern whose texts look encoded carries no value that could be divided', () => {
    const pattern = `\${FILENAME}B\${REQUEST_FULLURL}`;
    const record: RecordDraft = {
      ...BASE,
      outcome: 'success',
      details: { FILENAME: 'aBa', REQUEST_FULLURL: 'c' },
    };
    const [text, flags, back] = roundTrip(record, { pattern });
    assert.match(text, /\] \$\{FILENAME\}B\$\{REQUEST_FULLURL\}\n\n$/);
    assert.deepEqual([flags, back.details], [['no-place'], undefined]);
    const [plain] = roundTrip({ ...record, details: { FILENAME: 'a', REQUEST_FULLURL: 'c' } }, { pattern });
    assert.match(plain, /\] aBc\n\n$/);
  });

  for (const [name, members, flags] of [
    ['another event', { event: 'KEYGEN', module: 'KEY_MANAGEMENT' }, ['no-place']],
    ['an outcome that no field tells', { outcome: 'void' }, ['no-place']],
    ['an administrator', { actor: { name: 'CN=Ann' } }, ['no-place']],
    ['one worker too many', { details: { WORKER_ID: ['7', '8'] } }, []],
  ] as const) {
    test(name, () => {
      const record = { ...BASE, outcome: 'success', ...members } as RecordDraft;
      assert.deepEqual(SIGNSERVER_WORKER.printer().print(record).flags, flags);
    });
  }

  test('the lines of these tests come back byte for byte', () => {
    for (const line of SIGNSERVER_WORKER_LINES) {
      const [record] = records(SIGNSERVER_WORKER, line);
      const options = line.includes('AUDIT; ') ? { pattern: DEFAULT_PATTERN } : {};
      const pieces = (text: string): string[] => text.trimEnd().split('; ').sort();
      const [text, , back] = roundTrip(record!, options);
      assert.deepEqual(native(back), native(record!));
      // The order of fields in these lines is no server's; the prefix of a pattern's line tells the time of
      // writing.
      assert.deepEqual(pieces(text).slice(1), pieces(line).slice(1));
    }
  });
});

test('a value that only with the semicolon behind it looks like the start of an entry is none', () => {
  const start = '2026-03-02 08:16:00,001 INFO  [IWorkerLogger] ';
  for (const end of ['AllVariablesLogger', 'AUDIT; DefaultTimeStampLogger']) {
    const record: RecordDraft = {
      time: 1,
      system: 'signserver',
      event: 'PROCESS',
      module: 'WORKER',
      outcome: 'failure',
      details: { EXCEPTION: `a\n${start}${end}`, PROCESS_SUCCESS: 'false', WORKER_ID: '7' },
    };
    for (const dialect of [SIGNSERVER_WORKER, SIGNSERVER_TEXT]) {
      const { text, flags } = dialect.printer().print(record);
      assert.ok(flags.includes('escaped'));
      const back = records(dialect, text);
      assert.deepEqual(
        back.map(({ details }) => (details as Record<string, string>).EXCEPTION),
        [`a\n${start}${end}`],
      );
    }
  }
});
