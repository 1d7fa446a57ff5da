/** What the compiler lets a producer say; `npm run typecheck` is the half of this test that must not fail. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CATALOG,
  defineCatalog,
  draft,
  event,
  field,
  list,
  signserver,
  xroad,
} from '../../src/catalog/mod.ts';
import type { AuditLog, OpenLogOptions, Receipt } from '../../src/index.ts';
import { payments } from './payments.ts';

const mine = defineCatalog({
  system: 'payments',
  about: 'Events of a payment service.',
  partIn: null,
  textual: false,
  fields: {
    amount: field('integer', 'In cents.'),
    currency: field('text', 'Its code.'),
    notes: list('text', 'Remarks.'),
    'lines[].id': field('text', 'Number of the line.'),
    'lines[].cents': field('integer', 'Its amount.'),
    'payer.name': field('text', 'Who pays.'),
  },
  parts: {
    '': {
      Pay: event(
        'update',
        'amount currency? notes? lines[].id lines[].cents? payer.name tag:*',
        'A payment was made.',
      ),
      Ping: event('test', '', 'Nothing happened.'),
    },
  },
  objects: [],
  correlation: [],
  reason: [],
  actor: {},
});

test('fields are typed by the catalog', () => {
  const {
    event: name,
    details,
    system,
    outcome,
  } = draft(mine.Pay, {
    amount: 100,
    notes: ['a'],
    lines: [{ id: '1', cents: 5 }],
    payer: { name: 'A' },
    'tag:x': 'y',
  });
  assert.deepEqual([name, system, outcome], ['Pay', 'payments', 'success']);
  assert.deepEqual(details, {
    amount: 100,
    notes: ['a'],
    lines: [{ id: '1', cents: 5 }],
    payer: { name: 'A' },
    'tag:x': 'y',
  });
  assert.equal('details' in draft(mine.Ping, {}), false);

  // @ts-expect-error: `amount` is missing
  draft(mine.Pay, { currency: 'EUR' });
  // @ts-expect-error: `amont` is misspelt
  draft(mine.Pay, { amount: 1, amont: 2 });
  // @ts-expect-error: `amount` is a number
  draft(mine.Pay, { amount: '1' });
  // @ts-expect-error: a line needs its id
  draft(mine.Pay, { amount: 1, lines: [{ cents: 5 }] });
  // @ts-expect-error: there is no such event
  assert.equal(mine.Refund, undefined);
});

test('a failed event may carry fewer fields and takes a reason', () => {
  const failed = draft(mine.Pay, {}, { outcome: 'failure', reason: 'no funds' });
  assert.deepEqual([failed.outcome, failed.reason], ['failure', 'no funds']);
  // @ts-expect-error: a failure without its reason
  draft(mine.Pay, { amount: 1 }, { outcome: 'failure' });
  // @ts-expect-error: misspelt fields do not become right by failing
  draft(mine.Pay, { amont: 1 }, { outcome: 'failure', reason: 'no funds' });
});

test('fields that the compiler cannot read are refused', () => {
  const some = 'a b';
  assert.equal(event('update', `${some} c`, 'It changed.').fields, 'a b c');
  const added: string = `${some} ${'c'}`;
  // @ts-expect-error: any string
  event('update', added, 'It changed.');
});

test('a failed event has the name that its system gives it', () => {
  const { 'security-server': server } = xroad;
  const told = { outcome: 'failure', reason: 'denied' } as const;
  assert.equal(draft(server['Delete key'], {}, told).event, 'Delete key failed');
  assert.equal(draft(server['Log in user'], {}).event, 'Log in user');
  assert.equal(draft(signserver.KEYGEN, {}, told).event, 'KEYGEN');
});

test('a log records events with the fields of their catalog', async () => {
  const taken: [unknown, unknown, unknown][] = [];
  const log: Pick<AuditLog, 'record'> = {
    record: async (...args: [unknown, unknown, unknown?]) => {
      taken.push([args[0], args[1], args[2]]);
      return {} as Receipt;
    },
  };
  const key = { WORKER_ID: '1', KEYALIAS: 'k1', CRYPTOTOKEN: 't', KEYSPEC: '2048', KEYALG: 'RSA' };
  await log.record(signserver.KEYGEN, key);
  await log.record(mine.Pay, {}, { outcome: 'failure', reason: 'no funds' });
  // @ts-expect-error: KEYALG is missing
  await log.record(signserver.KEYGEN, { WORKER_ID: '1', KEYALIAS: 'k1', CRYPTOTOKEN: 't', KEYSPEC: '2048' });
  // @ts-expect-error: KEYALIAS is misspelt
  await log.record(signserver.KEYGEN, { ...key, KEYALAIS: 'k1' });
  // @ts-expect-error: a failure without its reason
  await log.record(mine.Pay, {}, { outcome: 'failure' });
  assert.equal(taken.length, 5);
});

test('a log is opened with catalogs, and with nothing else in their place', () => {
  const options: OpenLogOptions = { data: 'x', catalogs: [mine, payments] };
  assert.equal(options.catalogs?.length, 2);
  // @ts-expect-error: a table is no catalog before it was defined
  const bare: OpenLogOptions = { data: 'x', catalogs: [payments[CATALOG].table] };
  assert.ok(bare);
});

test('an event of one part is reached by its name, one of several through its part', () => {
  const made = draft(signserver.KEYGEN, {
    WORKER_ID: '1',
    KEYALIAS: 'k1',
    CRYPTOTOKEN: 't',
    KEYSPEC: '2048',
    KEYALG: 'RSA',
  });
  assert.deepEqual([made.module, made.event], ['KEY_MANAGEMENT', 'KEYGEN']);
  assert.equal(signserver.KEY_MANAGEMENT.CERTCHAININSTALLED.part, 'KEY_MANAGEMENT');
  assert.equal(signserver.WORKER_CONFIG.CERTCHAININSTALLED.part, 'WORKER_CONFIG');
  // @ts-expect-error: two modules have it
  assert.equal(signserver.CERTCHAININSTALLED, undefined);
  const rest = { WORKER_ID: '1', CRYPTOTOKEN: 't', KEYSPEC: '2048', KEYALG: 'RSA' };
  // @ts-expect-error: KEYALIAS is misspelt
  draft(signserver.KEYGEN, { ...rest, KEYALAIS: 'k1' });

  const added = draft(xroad['central-server']['Add member'], {
    memberName: 'A',
    memberClass: 'ORG',
    memberCode: '1',
  });
  assert.equal(added.component, 'central-server');
});

test('members and subsystems of X-Road have a type of their own', () => {
  const { 'security-server': server } = xroad;
  const clientIdentifier = {
    xRoadInstance: 'DEV',
    memberClass: 'ORG',
    memberCode: '111',
    subsystemCode: 'S',
  };
  assert.deepEqual(draft(server['Delete client'], { clientIdentifier }).details, { clientIdentifier });
  draft(server['Delete client'], { clientIdentifier: 'DEV:ORG:111:S' });
  draft(server['Edit service parameters'], {
    clientIdentifier,
    services: [{ id: 'a.v1', url: 'https://a.example/', timeout: 60 }],
  });
  // @ts-expect-error: without its class it is nobody
  draft(server['Delete client'], { clientIdentifier: { memberCode: '111' } });
  const wrong = { id: 'a', url: 'b', timeout: '1' };
  // @ts-expect-error: `timeout` is a number
  draft(server['Edit service parameters'], { clientIdentifier, services: [wrong] });
});
