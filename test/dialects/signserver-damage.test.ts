import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SIGNSERVER_TEXT } from '../../src/dialects/signserver/dialect.ts';
import { one, records, told } from './helpers.ts';

const PREFIX = '2026-03-02 08:15:30,123 INFO  [SignServerLog4jDevice] ';
const TAIL = 'REPLY_TIME:1772439330123\n';
const TIME = 1_772_439_330_123;
const HEAD =
  'MODULE: KEY_MANAGEMENT; ADMINISTRATOR: CLI user; ISSUER: null; SERIAL_NUMBER: null; WORKER_ID: 7; ';
const BASE = { time: TIME, system: 'signserver', dialect: 'signserver-text/1' } as const;

describe('deception', () => {
  const failed = `${PREFIX}EVENT: PROCESS; OUTCOME: FAILURE; MODULE: WORKER; ADMINISTRATOR: Client user; ISSUER: null; SERIAL_NUMBER: null; WORKER_ID: 7; `;
  const forged = `${PREFIX}EVENT: KEYREMOVE; OUTCOME: SUCCESS; ${HEAD}KEYALIAS: k; REPLY_TIME:1772439330999`;

  test('a tail inside a value: the last one counts', () => {
    const record = one(SIGNSERVER_TEXT, `${failed}FILENAME: x; REPLY_TIME:1; ${TAIL}`);
    assert.equal(record.time, TIME);
    assert.deepEqual(record.flags, ['ambiguous']);
  });

  test('an entry inside a value of one line stays one entry', () => {
    const record = one(SIGNSERVER_TEXT, `${failed}FILENAME: x; ${forged}; ${TAIL}`);
    assert.equal(record.event, 'PROCESS');
    assert.ok(record.flags?.includes('possible-forgery'));
    assert.ok(record.flags?.includes('ambiguous'));
  });

  test('a line feed and an entry inside a value: both entries are suspect', () => {
    const [first, second, third] = records(
      SIGNSERVER_TEXT,
      `${failed}FILENAME: x\n${forged}; ${TAIL}${failed}${TAIL}`,
    );
    assert.equal(first?.event, 'PROCESS');
    assert.deepEqual(first?.flags, ['truncated', 'possible-forgery', 'time-uncertain']);
    assert.equal(second?.event, 'KEYREMOVE');
    assert.deepEqual(second?.flags, ['ambiguous', 'possible-forgery']);
    assert.equal(third?.flags, undefined);
  });

  test("an entry inside a value of a worker's log is none", () => {
    for (const start of [
      'AllVariablesLogger; FILENAME: ',
      'AUDIT; DefaultTimeStampLogger; LOG_ID: 1; REQUEST_FULLURL: ',
    ]) {
      const record = one(SIGNSERVER_TEXT, `${PREFIX}${start}${forged}; ${TAIL}`);
      assert.equal(record.event, 'UNPARSED');
    }
  });

  test('an entry without tail before an honest one is merely cut', () => {
    const [first, second] = records(SIGNSERVER_TEXT, `${failed}FILENAME: x\n${failed}${TAIL}`);
    assert.deepEqual(first?.flags, ['truncated', 'time-uncertain']);
    assert.equal(second?.flags, undefined);
  });

  test('an entry without the prefix of its file', () => {
    const [, second] = records(
      SIGNSERVER_TEXT,
      `${failed}${TAIL}EVENT: KEYREMOVE; OUTCOME: SUCCESS; ${HEAD}${TAIL}`,
    );
    assert.deepEqual(second?.flags, ['possible-forgery']);
  });

  for (const [name, subject, details] of [
    ['a subject', 'CN=x; ISSUER: CN=fake', ''],
    ['a detail', 'CN=x', 'KEYALIAS: k; SERIAL_NUMBER: 1; '],
  ] as const) {
    test(`a name of the head within ${name}`, () => {
      const record = one(
        SIGNSERVER_TEXT,
        `EVENT: KEYGEN; OUTCOME: SUCCESS; MODULE: KEY_MANAGEMENT; ADMINISTRATOR: ${subject}; ISSUER: CN=CA; ` +
          `SERIAL_NUMBER: 1; WORKER_ID: 7; ${details}${TAIL}`,
      );
      assert.equal(record.actor?.name, 'CN=x');
      assert.ok(record.flags?.includes('ambiguous'));
    });
  }
});

describe('cuts', () => {
  test('the rest of an entry after a rotation is one record, with its time', () => {
    const all = records(
      SIGNSERVER_TEXT,
      `AQID\n-----END CERTIFICATE-----\n; SCOPE: GLOBAL; ${TAIL}EVENT: KEYGEN; OUTCOME: SUCCESS; ${HEAD}${TAIL}`,
    );
    assert.equal(all.length, 2);
    assert.deepEqual(told(all[0]!), {
      ...BASE,
      event: 'UNPARSED',
      outcome: 'void',
      flags: ['continuation', 'unparsed'],
    });
  });

  test('an entry that the file ends in', () => {
    const record = one(SIGNSERVER_TEXT, `${PREFIX}EVENT: KEYGEN; OUTCOME: SUCCESS; ${HEAD}KEYALIAS: k`);
    assert.deepEqual(record.details, { WORKER_ID: '7', KEYALIAS: 'k' });
    assert.equal(record.time, 1_772_439_330_123);
    assert.deepEqual(record.flags, ['truncated', 'unterminated', 'time-uncertain']);
  });

  test('a head that the file ends in', () => {
    const record = one(SIGNSERVER_TEXT, 'EVENT: KEYGEN; OUTCOME: SUCCESS; MODULE: KEY_MAN\n');
    assert.equal(record.event, 'KEYGEN');
    assert.ok(record.flags?.includes('truncated'));
  });

  test('lines of other loggers', () => {
    const all = records(
      SIGNSERVER_TEXT,
      `${PREFIX}starting\nEVENT: KEYGEN; OUTCOME: SUCCESS; ${HEAD}${TAIL}${PREFIX}done\n`,
    );
    assert.deepEqual(
      all.map(({ event }) => event),
      ['UNPARSED', 'KEYGEN', 'UNPARSED'],
    );
  });

  test('names beyond what a record takes are cut, and kept whole beside', () => {
    const name = `CN=${'x'.repeat(5000)}`;
    const line = `EVENT: KEYGEN; OUTCOME: SUCCESS; MODULE: KEY_MANAGEMENT; ADMINISTRATOR: ${name}; ISSUER: null; SERIAL_NUMBER: null; WORKER_ID: 7; ${TAIL}`;
    const record = one(SIGNSERVER_TEXT, line);
    assert.equal(record.actor?.name, name.slice(0, 4096));
    assert.deepEqual(record.details, { WORKER_ID: '7', 'actor.name': name });
    assert.deepEqual(record.flags, ['cut-member']);
  });
});
