import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CATALOG,
  deriveAction,
  deriveObjects,
  draft,
  findCatalog,
  tallystick,
} from '../../src/catalog/mod.ts';
import { genesisDraft } from '../../src/log/genesis.ts';
import type { AuditRecord, Json, RecordDraft } from '../../src/record/types.ts';
import { checkDraft } from '../../src/record/validate.ts';

const catalog = tallystick[CATALOG];

function asRecord(made: RecordDraft): AuditRecord {
  return { v: 1, node: 'n', seq: 0, logged: 0, source: 'tallystick', ...made };
}

/** Nothing is missing of what the catalog says a successful event carries, and nothing is there that it does not know. */
function assertComplete(made: RecordDraft): void {
  const info = catalog.find(made.event);
  assert.ok(info !== null, made.event);
  const details = (made.details ?? {}) as Readonly<Record<string, Json>>;
  for (const name of Object.keys(details)) assert.ok(info.has(name), `${made.event} ${name}`);
  for (const { name, optional } of info.fields)
    assert.ok(optional || Object.hasOwn(details, name), `${made.event} ${name}`);
}

test('it is among the catalogs that come along', () => {
  assert.equal(findCatalog('tallystick'), catalog);
});

test('record 0 is as the catalog says, to the last field', () => {
  const made = genesisDraft('log-00ff00ff/n', ['n+00000000+AAAA', 'n+00000001+AAAA'], 'tallystick 1', 1);
  assertComplete(made);
  assert.deepEqual(
    Object.keys(made.details as object).sort(),
    catalog
      .find(made.event)!
      .fields.map(({ name }) => name)
      .sort(),
  );
  assert.equal(deriveAction(asRecord(made)), 'set-up');
});

test('acts under the founding documents’ names', () => {
  const expected: Readonly<Record<string, string>> = {
    AUDIT_LOG_STARTUP: 'start',
    AUDIT_LOG_SHUTDOWN: 'stop',
    AUDIT_LOG_DELETE: 'delete',
    AUDIT_LOG_SIGNING: 'seal',
    LOG_PATH_CHANGE: 'update',
    AUTH_SUCCESS: 'log-in',
    AUTH_FAIL: 'log-in',
    AUTHZ_SUCCESS: 'access',
    AUTHZ_FAIL: 'access',
    ROLE_ASSUME: 'assume-role',
    CONFIG_ROLE: 'update',
    CONFIG_AUTH: 'update',
    CONFIG_ACL: 'update',
    CONFIG_SIGNED_AUDIT: 'update',
    CONFIG_ENCRYPTION: 'update',
    SELFTESTS_EXECUTION: 'test',
    KEYGEN: 'generate',
    KEYTEST: 'test',
    GENCSR: 'generate-csr',
    KEYREMOVE: 'delete',
    KEYSELECTED: 'select',
    CERTINSTALLED: 'import',
    CERTCHAININSTALLED: 'import',
    SET_WORKER_CONFIG: 'update',
    SET_GLOBAL_PROPERTY: 'update',
    SET_STATUS_PROPERTY: 'update',
    'API key create': 'generate',
    'API key update': 'update',
    'API key remove': 'delete',
    'Log in to token': 'log-in',
    Expire: 'expire',
    Approve: 'approve',
    Reject: 'reject',
    Request: 'request',
    Download: 'download',
  };
  for (const [event, action] of Object.entries(expected)) {
    assert.equal(catalog.find(event)?.event, event);
    assert.equal(catalog.find(event)?.action, action, event);
    // The verb is the one the event has where its name comes from.
    const verbs = ['signserver', 'dogtag', 'xroad', 'digicert'].flatMap(
      (system) => findCatalog(system)!.find(event)?.action ?? [],
    );
    assert.ok(verbs.includes(catalog.find(event)!.action), event);
  }
});

test('every event and every field says what it means', () => {
  for (const { event, about } of catalog.events) assert.match(about, /^\S.+\.$/, event);
  for (const [name, { about }] of Object.entries(catalog.table.fields)) assert.match(about, /^\S.+\.$/, name);
});

test('typed drafts are complete and tell their objects', () => {
  const HASH = 'ab'.repeat(32);
  const made = [
    draft(tallystick.AUDIT_LOG_STARTUP, { version: '1.0', listen: ['http://127.0.0.1:1'], 'changed:x': 2 }),
    draft(tallystick.KEYGEN, {
      KEYALIAS: 'seal-2',
      CRYPTOTOKEN: 'hsm',
      keyHash: HASH,
      KEYSPEC: 'P-256',
      KEYALG: 'ECDSA',
    }),
    draft(tallystick.SET_WORKER_CONFIG, {
      WORKER_ID: 'w1',
      workerType: 'source',
      'added:authorized_client': ['SN: 1a, issuer DN: CN=A'],
      'removed:url': 'tcp://old',
    }),
    draft(tallystick.Expire, { 'Resource type': 'api-key', 'Resource ID': 'k1', expires: 5 }),
    draft(tallystick['API key create'], { apiKeyId: 'k1', apiKeyName: 'ci', apiKeyRoles: ['agent'] }),
    draft(tallystick.Request, {
      requestId: 'r1',
      'Resource type': 'sink',
      'Resource ID': 's1',
      change: { url: 'https://siem.example' },
    }),
  ];
  for (const one of made) {
    assertComplete(one);
    checkDraft(one, true);
  }
  assert.deepEqual(
    made.map((one) => deriveObjects(asRecord(one)).map(({ kind, id }) => `${kind} ${id}`)),
    [
      [],
      [`key ${HASH}`, 'key hsm/seal-2', 'token hsm'],
      ['certificate CN=A#1a', 'worker w1'],
      ['api-key k1'],
      ['api-key k1'],
      ['request r1', 'sink s1'],
    ],
  );
});

test('what is refused is a failure with its reason, and may lack fields', () => {
  const refused = draft(tallystick.AUDIT_LOG_DELETE, {}, { outcome: 'failure', reason: 'nobody may' });
  assert.deepEqual([refused.outcome, refused.reason], ['failure', 'nobody may']);
  // @ts-expect-error: a path is needed when it succeeds, which it never does
  draft(tallystick.LOG_PATH_CHANGE, {});
  // @ts-expect-error: the number of records is a number
  draft(tallystick.LOG_VERIFY, { verdict: 'intact', records: '5', size: 5, root: 'ab' });
  // @ts-expect-error: a user's name stands in the record's actor
  draft(tallystick.ROLE_ASSUME, { Role: 'auditor', User: 'ann' });
});
