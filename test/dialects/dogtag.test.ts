import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findCatalog } from '../../src/catalog/builtin.ts';
import { DOGTAG_AUDIT } from '../../src/dialects/dogtag/dialect.ts';
import { one, parse, records, told } from './helpers.ts';

const PREFIX = '0.main - [02/Mar/2026:08:15:30 UTC] [14] [6] ';
const TIME = Date.UTC(2026, 2, 2, 8, 15, 30);
const BASE = { time: TIME, system: 'dogtag', dialect: 'dogtag/1' } as const;
const STARTUP =
  '[AuditEvent=AUDIT_LOG_STARTUP][SubjectID=$System$][Outcome=Success] audit function startup\n';

describe('events', () => {
  const table: readonly (readonly [name: string, message: string, expected: object])[] = [
    [
      'a session with a client certificate',
      '[AuditEvent=ACCESS_SESSION_ESTABLISH][ClientIP=192.0.2.9][ServerIP=192.0.2.1][SubjectID=CN=Ann, O=T]' +
        '[CertSerialNum=0x1a][IssuerDN=CN=CA][Outcome=Success] access session establish success\n',
      {
        event: 'ACCESS_SESSION_ESTABLISH',
        outcome: 'success',
        actor: { name: 'CN=Ann, O=T', issuer: 'CN=CA', serial: '0x1a', ip: '192.0.2.9' },
        details: {
          ClientIP: '192.0.2.9',
          ServerIP: '192.0.2.1',
          CertSerialNum: '0x1a',
          IssuerDN: 'CN=CA',
        },
      },
    ],
    [
      'a failure with its reason; absent values are kept in details only',
      '[AuditEvent=FULL_CRL_GENERATION][SubjectID=<null>][Outcome=Failure][Info=--][FailureReason=disk full]\n',
      {
        event: 'FULL_CRL_GENERATION',
        outcome: 'failure',
        reason: 'disk full',
        details: { SubjectID: '<null>', Info: '--', FailureReason: 'disk full' },
      },
    ],
    [
      'without subject, with agent; the outcome told by nothing',
      '[AuditEvent=ENCRYPT_DATA_REQUEST][status=0][AgentID=tps][isRandom=true]\n',
      {
        event: 'ENCRYPT_DATA_REQUEST',
        outcome: 'void',
        actor: { name: 'tps' },
        details: { status: '0', AgentID: 'tps', isRandom: 'true' },
        flags: ['outcome-deduced'],
      },
    ],
    [
      'the outcome told by the name',
      '[AuditEvent=TOKEN_FORMAT_FAILURE][IP=192.0.2.9][CUID=1]\n',
      {
        event: 'TOKEN_FORMAT_FAILURE',
        outcome: 'failure',
        actor: { ip: '192.0.2.9' },
        details: { IP: '192.0.2.9', CUID: '1' },
        flags: ['outcome-deduced'],
      },
    ],
    [
      'two opening brackets',
      '[[AuditEvent=TOKEN_CERT_RENEWAL][IP=192.0.2.9][SubjectID=ann][Outcome=Success][Serial=0x1]\n',
      {
        event: 'TOKEN_CERT_RENEWAL',
        outcome: 'success',
        actor: { name: 'ann', ip: '192.0.2.9' },
        details: { IP: '192.0.2.9', Serial: '0x1' },
      },
    ],
    [
      'a type before the message',
      '<type=ROLE_ASSUME>:[AuditEvent=ROLE_ASSUME][SubjectID=ann][Outcome=Success][Role=Auditors, Agents]\n',
      {
        event: 'ROLE_ASSUME',
        outcome: 'success',
        actor: { name: 'ann', role: 'Auditors, Agents' },
        details: { Role: 'Auditors, Agents' },
      },
    ],
    [
      "the log's own signature",
      '[AuditEvent=AUDIT_LOG_SIGNING][SubjectID=$System$][Outcome=Success] signature of audit buffer just flushed: sig: AQID\n',
      {
        event: 'AUDIT_LOG_SIGNING',
        outcome: 'success',
        actor: { name: '$System$' },
        details: { sig: 'AQID' },
      },
    ],
    [
      'an outcome that is none',
      '[AuditEvent=AUTH][SubjectID=ann][Outcome=Maybe][AuthMgr=m]\n',
      {
        event: 'AUTH',
        outcome: 'void',
        actor: { name: 'ann', auth: 'm' },
        details: { AuthMgr: 'm', Outcome: 'Maybe' },
        flags: ['unknown-outcome'],
      },
    ],
    [
      'an outcome that has no value',
      '[AuditEvent=AUTH][SubjectID=][Outcome=<null>][AuthMgr=m]\n',
      {
        event: 'AUTH',
        outcome: 'void',
        actor: { auth: 'm' },
        details: { SubjectID: '', AuthMgr: 'm' },
        flags: ['unknown-outcome'],
      },
    ],
    [
      'words other than those of the event',
      '[AuditEvent=CIMC_CERT_VERIFICATION][SubjectID=ann][Outcome=Success][CertNickName=n] CIMC certificate verification\n',
      {
        event: 'CIMC_CERT_VERIFICATION',
        outcome: 'success',
        actor: { name: 'ann' },
        details: { CertNickName: 'n', text: 'CIMC certificate verification' },
      },
    ],
    [
      'words other than those of the signature',
      '[AuditEvent=AUDIT_LOG_SIGNING][SubjectID=$System$][Outcome=Success] signed: sig: AQ==\n',
      {
        event: 'AUDIT_LOG_SIGNING',
        outcome: 'success',
        actor: { name: '$System$' },
        details: { sig: 'AQ==', text: 'signed: sig: ' },
      },
    ],
    [
      'values in encoded form',
      '[AuditEvent=AUTH][SubjectID=%:null][Outcome=Failure][AuthMgr=m][AttemptedCred=%:a%5D[%0A]' +
        '[Encoded.field=%:Outcome=x%5B]\n',
      {
        event: 'AUTH',
        outcome: 'failure',
        actor: { name: 'null', auth: 'm' },
        details: { AuthMgr: 'm', AttemptedCred: '%:a%5D[%0A', Outcome: 'x[' },
        flags: ['encoded-value'],
      },
    ],
    [
      'what the catalog does not know',
      '[AuditEvent=AUTH][SubjectID=ann][Outcome=Success][Colour=red]\n',
      {
        event: 'AUTH',
        outcome: 'success',
        actor: { name: 'ann' },
        details: { Colour: 'red' },
        flags: ['unknown-field'],
      },
    ],
    [
      'an unknown event',
      '[AuditEvent=NEW][SubjectID=ann][Outcome=Success][Colour=red]\n',
      {
        event: 'NEW',
        outcome: 'success',
        actor: { name: 'ann' },
        details: { Colour: 'red' },
        flags: ['unknown-event'],
      },
    ],
  ];
  for (const [name, message, expected] of table) {
    test(name, () => {
      assert.deepEqual(told(one(DOGTAG_AUDIT, PREFIX + message)), { ...BASE, ...expected });
    });
  }
});

describe('prefixes', () => {
  for (const thread of [
    '0.main',
    '12345.http-bio-8443-exec-16',
    '0./var/lib/pki/pki-tomcat/logs/ca/signedAudit/ca_audit.flush-15',
    '0.thread: with [odd] - name',
  ]) {
    test(thread, () => {
      const record = one(DOGTAG_AUDIT, `${thread} - [02/Mar/2026:08:15:30 UTC] [14] [6] ${STARTUP}`);
      assert.deepEqual([record.event, record.time, record.flags], ['AUDIT_LOG_STARTUP', TIME, undefined]);
      assert.deepEqual(record.details, thread === '0.main' ? undefined : { thread });
    });
  }

  test('none at all', () => {
    const record = one(DOGTAG_AUDIT, STARTUP, { fallbackTime: 7 });
    assert.deepEqual([record.event, record.time, record.flags], ['AUDIT_LOG_STARTUP', 7, ['time-uncertain']]);
  });

  test('of the token processing system in C++: local time', () => {
    const record = one(DOGTAG_AUDIT, `[2026-03-02 08:15:30] 7f8a9b10 ${STARTUP}`);
    assert.deepEqual(
      [record.event, record.time, record.flags],
      ['AUDIT_LOG_STARTUP', TIME, ['time-uncertain']],
    );
    assert.deepEqual(record.details, { date: '2026-03-02 08:15:30', thread: '7f8a9b10' });
  });

  test('a date in another language is kept as written', () => {
    const record = one(DOGTAG_AUDIT, `0.main - [20/พ.ย./2569:09:53:21 UTC] [14] [6] ${STARTUP}`);
    assert.deepEqual(record.details, { date: '20/พ.ย./2569:09:53:21 UTC' });
    assert.deepEqual([record.time, record.flags], [0, ['time-uncertain']]);
  });

  test('a date that is not the one of Java', () => {
    const record = one(DOGTAG_AUDIT, `0.main - [2569-11-20T09:53:21.004Z] [14] [6] ${STARTUP}`);
    assert.deepEqual([record.time, record.flags], [Date.UTC(2569, 10, 20, 9, 53, 21, 4), undefined]);
  });

  for (const zone of ['EST', 'IST', 'MSK', 'ALMT', '']) {
    test(`a zone that means several, or none, is not guessed: ${zone}`, () => {
      const date = `02/Mar/2026:08:15:30 ${zone}`.trim();
      const record = one(DOGTAG_AUDIT, `0.main - [${date}] [14] [6] ${STARTUP}`);
      assert.deepEqual([record.time, record.flags, record.details], [TIME, ['time-uncertain'], { date }]);
    });
  }

  for (const [date, hours] of [
    ['02/Mär./2026:08:15:30 MEZ', null],
    ['02/nov./2026:08:15:30 CET', -1],
    ['02/11月/2026:08:15:30 JST', -9],
    ['02/Nov/2026:08:15:30 GMT-05:00', 5],
    ['٠٢/نوفمبر/٢٠٢٦:٠٨:١٥:٣٠ UTC', null],
    ['30/Feb/2026:08:15:30 UTC', null],
    ['02/Nov/2569:08:15:30 UTC', null],
  ] as const) {
    test(`a date of another locale: ${date}`, () => {
      const record = one(DOGTAG_AUDIT, `0.main - [${date}] [14] [6] ${STARTUP}`, { fallbackTime: 7 });
      if (hours === null) assert.deepEqual([record.time, record.details], [7, { date }]);
      else {
        assert.equal(record.time, Date.UTC(2026, 10, 2, 8 + hours, 15, 30));
        assert.equal(record.flags, undefined);
      }
    });
  }
});

describe('values without escapes', () => {
  const auth = (value: string): string =>
    `${PREFIX}[AuditEvent=AUTH][SubjectID=$Unidentified$][Outcome=Failure][AuthMgr=m][AttemptedCred=${value}] authentication failure\n`;

  for (const value of [
    '',
    ' ',
    'a]b',
    'a[b',
    'a[b=c]',
    'x\ry',
    "O'Brien {x}",
    'a\tb',
    '\u2028',
    'a;b=c',
    ']]',
  ]) {
    test(JSON.stringify(value), () => {
      const record = one(DOGTAG_AUDIT, auth(value));
      assert.deepEqual(record.details, { AuthMgr: 'm', AttemptedCred: value });
      assert.equal(record.flags, undefined);
    });
  }

  test('a forged field does not win', () => {
    const record = one(DOGTAG_AUDIT, auth('a][Outcome=Success'));
    assert.equal(record.outcome, 'failure');
    assert.deepEqual(record.details, { AuthMgr: 'm', AttemptedCred: 'a', Outcome: ['Failure', 'Success'] });
    assert.deepEqual(record.flags, ['ambiguous', 'duplicate-key']);
  });

  test('a forged subject does not win', () => {
    const record = one(DOGTAG_AUDIT, auth('a][SubjectID=root][SubjectID=admin'));
    assert.equal(record.actor?.name, '$Unidentified$');
    assert.deepEqual((record.details as Record<string, unknown>).SubjectID, [
      '$Unidentified$',
      'root',
      'admin',
    ]);
  });

  test('a bracket and a blank end a value early: the rest is pointed out', () => {
    const record = one(DOGTAG_AUDIT, auth('a] b'));
    assert.deepEqual(record.details, {
      AuthMgr: 'm',
      AttemptedCred: 'a',
      text: 'b] authentication failure',
    });
    assert.deepEqual(record.flags, ['ambiguous']);
  });

  test('a line feed: the lines are one event', () => {
    const all = records(DOGTAG_AUDIT, auth('a\nb\r\nc') + PREFIX + STARTUP);
    assert.deepEqual(all[0]?.details, { AuthMgr: 'm', AttemptedCred: 'a\nb\r\nc' });
    assert.deepEqual(all[0]?.flags, ['continuation', 'ambiguous']);
    assert.equal(all[1]?.flags, undefined);
    assert.equal(all.length, 2);
  });

  test('a line feed and a line: both are suspect', () => {
    const forged = `${PREFIX}[AuditEvent=AUTH][SubjectID=root][Outcome=Success][AuthMgr=m] authentication success`;
    const [first, second, third] = records(DOGTAG_AUDIT, auth(`a\n${forged}`) + PREFIX + STARTUP);
    assert.deepEqual(first?.flags, ['truncated', 'possible-forgery']);
    assert.equal(second?.actor?.name, 'root');
    assert.ok(second?.flags?.includes('possible-forgery'));
    assert.equal(third?.flags, undefined);
  });

  test('a record appended to a line that was cut off stays part of that line', () => {
    const record = one(DOGTAG_AUDIT, `${PREFIX}${STARTUP.trimEnd()}${PREFIX}${STARTUP}`);
    assert.equal(record.event, 'AUDIT_LOG_STARTUP');
    assert.deepEqual(record.flags, ['ambiguous', 'possible-forgery']);
  });
});

describe('names that tell the outcome', () => {
  const catalog = findCatalog('dogtag')!;
  for (const { event, aliases = [], implies = {} } of catalog.events) {
    for (const name of aliases.filter((alias) => /_(?:SUCCESS|FAIL|FAILURE)$/.test(alias))) {
      test(name, () => {
        const outcome = name.endsWith('_SUCCESS') ? 'success' : 'failure';
        assert.equal(implies[name], outcome);
        const record = one(DOGTAG_AUDIT, `${PREFIX}[AuditEvent=${name}][SubjectID=ann]\n`);
        assert.deepEqual([record.event, record.outcome, record.flags], [name, outcome, ['outcome-deduced']]);
        assert.equal(catalog.find(record.event)?.event, event);
        // What a line states counts more than what its name says.
        const other = outcome === 'success' ? 'Failure' : 'Success';
        const stated = one(DOGTAG_AUDIT, `${PREFIX}[AuditEvent=${name}][Outcome=${other}]\n`);
        assert.equal(stated.outcome, other.toLowerCase());
      });
    }
  }
});

describe('lines that start nothing', () => {
  test('stay by themselves after a complete event', () => {
    const all = records(DOGTAG_AUDIT, `${PREFIX}${STARTUP}lost words\n${PREFIX}${STARTUP}`);
    assert.deepEqual(
      all.map(({ event, flags }) => [event, flags]),
      [
        ['AUDIT_LOG_STARTUP', undefined],
        ['UNPARSED', ['continuation', 'unparsed', 'time-uncertain']],
        ['AUDIT_LOG_STARTUP', undefined],
      ],
    );
  });

  for (const line of [
    '0.main - [02/Mar/2026:08:15:30 UTC] [14] [6] [Audi\n',
    '0.main - [02/Mar/2026:08:15:30 UTC] [14] [AuditEvent=AUTH]\n',
    'main - [02/Mar/2026:08:15:30 UTC] [14] [6] [AuditEvent=AUTH]\n',
    'see [AuditEvent=AUTH] above\n',
  ]) {
    test(line.trim(), () => assert.equal(one(DOGTAG_AUDIT, line).event, 'UNPARSED'));
  }

  test('an open value at the end of the file', () => {
    const record = one(DOGTAG_AUDIT, `${PREFIX}[AuditEvent=AUTH][SubjectID=ann][Outcome=Success][AuthMgr=m`);
    assert.deepEqual(record.flags, ['truncated', 'unterminated']);
    assert.deepEqual(record.details, { AuthMgr: 'm' });
  });

  test('an event is given as soon as its line is complete', () => {
    const parser = DOGTAG_AUDIT.parser();
    assert.equal(parser.push(new TextEncoder().encode(PREFIX + STARTUP)).length, 1);
    assert.equal(parse(DOGTAG_AUDIT, '').length, 0);
  });
});
