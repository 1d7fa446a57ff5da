import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUILT_IN, OCSF_CLASSES, ocsfEvent } from '../../src/catalog/mod.ts';
import type { AuditRecord, RecordDraft } from '../../src/record/types.ts';

const DRAFT: RecordDraft = {
  time: 1_790_000_000_000,
  system: 'signserver',
  event: 'KEYGEN',
  module: 'KEY_MANAGEMENT',
  outcome: 'success',
  actor: { name: 'CN=Ann', issuer: 'CN=CA', serial: '1a', ip: '192.0.2.7', role: 'admin' },
  correlation: 'c-1',
  details: { KEYALIAS: 'k1', CRYPTOTOKEN: 'hsm', WORKER_ID: '7' },
  raw: { text: 'EVENT: KEYGEN\n' },
  dialect: 'signserver-text/1',
  flags: ['ambiguous'],
};
const RECORD: AuditRecord = {
  ...DRAFT,
  v: 1,
  node: 'ca1',
  seq: 17,
  logged: 1_790_000_000_500,
  source: 'import',
};

/**
 * What the definitions of the classes (ocsf-schema v1.9.0, `events`) require besides what the base event does; of 3003
 * and 4001 one of several attributes. User Access Management (3005) is not used: 1.9 deprecates it for 3007.
 */
const REQUIRED: Readonly<Record<number, readonly string[]>> = {
  0: [],
  1006: ['actor', 'device', 'job'],
  3002: ['user', 'service'],
  3003: ['user', 'iam_roles'],
  3004: ['entity'],
  3006: ['group'],
  3007: ['user'],
  4001: ['dst_endpoint'],
  6002: ['app', 'application'],
  6003: ['actor', 'api', 'src_endpoint'],
};
const BASE = ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid'];

// biome-ignore lint/suspicious/noExplicitAny: events have the shape of their class.
function eventOf(record: RecordDraft): any {
  const event = ocsfEvent(record);
  assert.deepEqual(JSON.parse(JSON.stringify(event)), event, 'nothing in it that JSON does not have');
  return event;
}

describe('ocsfEvent', () => {
  test('a record has its place, its people and its things', () => {
    const event = eventOf(RECORD);
    assert.equal(event.class_uid, 3004);
    assert.equal(event.class_name, 'Entity Management');
    assert.equal(event.category_uid, 3);
    assert.equal(event.activity_id, 1);
    assert.equal(event.type_uid, 300401);
    assert.equal(event.time, RECORD.time);
    assert.deepEqual([event.status_id, event.status], [1, 'Success']);
    assert.deepEqual(event.metadata, {
      version: '1.9.0',
      product: { name: 'signserver' },
      event_code: 'KEYGEN',
      uid: 'ca1/17',
      sequence: 17,
      logged_time: RECORD.logged,
      log_name: 'ca1',
      log_source: 'import',
      log_format: 'signserver-text/1',
      correlation_uid: 'c-1',
    });
    assert.deepEqual(event.actor, { user: { name: 'CN=Ann' }, iam_role: { name: 'admin' } });
    assert.deepEqual(event.src_endpoint, { ip: '192.0.2.7' });
    assert.deepEqual(event.entity, { type: 'key', uid: 'hsm/k1', name: 'k1' });
    assert.equal(event.raw_data, 'EVENT: KEYGEN\n');
    assert.deepEqual(event.unmapped.details, RECORD.details);
    assert.deepEqual(event.unmapped.actor, { issuer: 'CN=CA', serial: '1a' });
    assert.deepEqual(event.unmapped.flags, ['ambiguous']);
    assert.deepEqual(
      event.unmapped.objects.map(({ kind }: { kind: string }) => kind),
      ['token', 'worker'],
    );
  });

  test('a failure has its reason, an outcome that is neither its word, and a draft no place in a log', () => {
    const failed = eventOf({ ...DRAFT, outcome: 'failure', reason: 'no slot' });
    assert.deepEqual([failed.status_id, failed.status_detail], [2, 'no slot']);
    const neither = eventOf({ ...DRAFT, outcome: 'void' });
    assert.deepEqual([neither.status_id, neither.status], [99, 'void']);
    for (const name of ['uid', 'sequence', 'logged_time', 'log_name'])
      assert.equal(name in neither.metadata, false, name);
  });

  test('who was allowed what', () => {
    const event = eventOf({
      ...{ time: 1, system: 'xroad', component: 'security-server', outcome: 'success' },
      event: 'Add access rights to subject',
      details: {
        clientIdentifier: 'SUBSYSTEM:DEV/ORG/1/A',
        subjectId: 'DEV:ORG:2:B',
        serviceCodes: ['get.v1'],
      },
    });
    assert.deepEqual([event.type_uid, event.type_name], [300714, 'User Management: Assign Privileges']);
    assert.ok(event.user.uid);
    assert.equal(event.privileges.length, 1);
    assert.match(event.privileges[0], /get\.v1$/);
  });

  test('what no catalog knows is a base event', () => {
    for (const record of [
      { ...DRAFT, system: 'shop' },
      { ...DRAFT, event: 'NEWER' },
    ]) {
      const event = eventOf(record);
      assert.deepEqual([event.class_uid, event.category_uid, event.activity_id], [0, 0, 99]);
      assert.equal(event.type_uid, 99);
      assert.equal(event.activity_name, record.event);
    }
  });

  test('bytes that are no text, and members that were removed', () => {
    const binary = eventOf({ ...DRAFT, raw: { base64: '/w==' } });
    assert.equal(binary.raw_data, '/w==');
    assert.equal(binary.unmapped.raw_encoding, 'base64');
    const sealed = { payload: '00'.repeat(32), bytes: 9000 };
    const removed = eventOf({ ...DRAFT, outcome: 'failure', raw: sealed, reason: sealed, details: sealed });
    assert.equal('raw_data' in removed || 'status_detail' in removed, false);
    assert.deepEqual(
      [removed.unmapped.raw, removed.unmapped.reason, removed.unmapped.details],
      [sealed, sealed, sealed],
    );
  });

  for (const { system, events, table } of BUILT_IN.values()) {
    test(`${system}: every event has what its class requires, with nothing told and with all`, () => {
      for (const { event, part } of events) {
        const bare: RecordDraft = {
          ...{ time: 1, system, event, outcome: 'success' },
          ...(part === null || table.partIn === null ? {} : { [table.partIn]: part }),
        };
        const { actor } = DRAFT;
        const full = {
          ...bare,
          ...(actor && { actor }),
          objects: [
            { kind: 'user', id: 'u' },
            { kind: 'group', id: 'g' },
          ],
        };
        for (const record of [bare, full]) {
          const out = eventOf(record);
          const required = REQUIRED[out.class_uid];
          assert.ok(required, `${event}: class ${out.class_uid}`);
          for (const name of [...BASE, ...required]) assert.ok(out[name] !== undefined, `${event}: ${name}`);
          assert.equal(out.type_uid, out.class_uid * 100 + out.activity_id);
          assert.equal(out.category_uid, Math.floor(out.class_uid / 1000));
          assert.ok(out.class_uid === 0 || OCSF_CLASSES[out.class_uid]);
          const named = OCSF_CLASSES[out.class_uid]?.activities[out.activity_id];
          assert.equal(out.activity_name, out.activity_id === 99 ? event : named);
        }
        const told = JSON.stringify(eventOf(full));
        for (const word of ['CN=Ann', 'CN=CA', '"1a"', '192.0.2.7', 'admin', '"u"', '"g"'])
          assert.ok(told.includes(word), `${event} has lost ${word}`);
      }
    });
  }
});
