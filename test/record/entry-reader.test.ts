import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BUILT_IN } from '../../src/catalog/builtin.ts';
import { indexRow } from '../../src/catalog/row.ts';
import { canonicalBytes } from '../../src/record/canonical.ts';
import {
  type AuditRecord,
  decodeEntry,
  EntryReader,
  type Json,
  type RecordDraft,
  references,
} from '../../src/record/mod.ts';
import { anyDraft, anyJson, ENVELOPE, entryOf, LOGGED } from './support.ts';

const reader = new EntryReader();

/** Asserts that what is read so is what `decodeEntry` reads, which is asked whenever nothing is. */
function agrees(entry: Uint8Array): boolean {
  const subject = reader.read(entry);
  if (subject === null) return false;
  const text = new TextDecoder().decode(entry);
  const record: AuditRecord = decodeEntry(entry);
  assert.equal(record.phase, undefined, text);
  assert.deepEqual(references(record), [], text);
  const { actor, signature, ...others } = subject;
  for (const [name, value] of Object.entries({ ...others, details: subject.details })) {
    assert.deepEqual(value, record[name as keyof AuditRecord], `${name} of ${text}`);
  }
  for (const name of ['name', 'ip'] as const) assert.equal(actor?.[name], record.actor?.[name], text);
  assert.deepEqual(defined(signature), record.signature, text);
  assert.deepEqual(indexRow(subject), indexRow(record), text);
  return true;
}

function defined(value: object | undefined): object | undefined {
  return value && Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const BARE = { v: 1, node: ENVELOPE.node, source: ENVELOPE.source, seq: 7, logged: LOGGED, time: LOGGED - 5 };
const SIGNED: Json = {
  ...BARE,
  system: 'signserver',
  event: 'PROCESS',
  outcome: 'success',
  actor: { auth: 'CLIENTCERT', ip: '192.0.2.7', issuer: 'CN=CA', name: 'CN="A, B"', role: 'r', serial: '12' },
  component: 'c',
  correlation: '0'.repeat(32),
  details: { WORKER_ID: '4', list: [{ a: 1 }, true, null], text: 'a "b"\n' },
  flags: ['unknown-field', 'ambiguous'],
  id: 'x',
  module: 'WORKER',
  objects: [
    { kind: 'key', id: 'a/b' },
    { kind: 'certificate', id: 'c', name: 'd' },
  ],
  raw: { text: 'EVENT: "PROCESS"' },
  reason: 'none',
  refs: [{ node: 'n', seq: 3, why: 'see' }],
  signature: {
    algorithm: 'SHA256withRSA',
    hash: 'AB'.repeat(32),
    hashAlgorithm: 'SHA-256',
    metadata: [{ key: 'file-name', value: 'a.jar' }],
    use: 'production',
    value: 'c2ln',
  },
  upstream: { verified: true },
};
const SAMPLES = [
  {
    ...BARE,
    system: 'demo',
    event: 'é',
    outcome: 'void',
    actor: { name: 'CN=Müller,O=日本' },
    details: { a: '€\n' },
  },
  SIGNED,
  { ...BARE, system: 'bench', event: 'E', outcome: 'void', objects: [], flags: [], details: {} },
  { ...BARE, system: 'dogtag', event: 'AUTH', outcome: 'failure', actor: {}, signature: {} },
].map((record) => canonicalBytes(record as Json));

test('the records of all catalogs, and whole ones, are read', () => {
  let records = 0;
  for (const { system, events } of BUILT_IN.values()) {
    for (const { event, part, names } of events) {
      const details = Object.fromEntries(
        [...names].map((name, i) => [name, [`CN=x ${i}`, i, ['a'], true][i % 4]!]),
      );
      const record = { ...BARE, system, event, outcome: 'success', details };
      assert.ok(agrees(canonicalBytes(part === null ? record : { ...record, module: part })), event);
      records++;
    }
  }
  assert.ok(records > 100);
  for (const entry of SAMPLES) assert.ok(agrees(entry));
});

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('a "b"', 'CN=Müller', '😀', 'x\\n', 'CN=A\\, B', 'AB'.repeat(32)),
);
const texts = <Name extends string>(...names: Name[]): fc.Arbitrary<{ [name in Name]?: string }> =>
  fc.record(Object.fromEntries(names.map((name) => [name, text])) as never, { requiredKeys: [] });
const plainDraft: fc.Arbitrary<RecordDraft> = fc.record(
  {
    time: fc.nat(),
    system: fc.constantFrom('bench', 'signserver', 'dogtag', 'xroad', 'digicert'),
    event: fc.constantFrom('PROCESS', 'AUTH', 'e'),
    outcome: fc.constantFrom('success', 'failure', 'void'),
    actor: texts('name', 'ip', 'auth', 'issuer', 'role', 'serial'),
    correlation: text,
    details: fc.dictionary(
      fc.constantFrom('WORKER_ID', 'a', 'bytes', 'payload'),
      fc.oneof(text, fc.nat(), anyJson),
    ),
    flags: fc.array(fc.constantFrom('ambiguous', 'a-b'), { maxLength: 3 }),
    module: text,
    component: text,
    reason: text,
    objects: fc.array(fc.record({ kind: text, id: text, name: text }, { requiredKeys: ['kind', 'id'] }), {
      maxLength: 3,
    }),
    signature: texts('algorithm', 'hash', 'hashAlgorithm', 'keyAlias', 'keyId', 'keyType', 'value'),
  },
  { requiredKeys: ['time', 'system', 'event', 'outcome'] },
) as fc.Arbitrary<RecordDraft>;

test('any record is read as ever, or not at all', () => {
  let read = 0;
  fc.assert(
    fc.property(fc.oneof(anyDraft, plainDraft), fc.nat(), (draft, seq) => {
      if (agrees(entryOf(draft, seq))) read++;
    }),
    { numRuns: 1_000 },
  );
  assert.ok(read > 20, `${read} are read`);
});

test('every change of one byte, and every cut', () => {
  let read = 0;
  for (const entry of SAMPLES) {
    const changed = entry.slice();
    for (let at = 0; at < entry.length; at++) {
      agrees(entry.slice(0, at));
      agrees(Uint8Array.from([...entry.slice(0, at), ...entry.slice(at + 1)]));
      for (const byte of [
        0, 0x1f, 0x20, 0x22, 0x2c, 0x30, 0x31, 0x39, 0x3a, 0x5b, 0x5c, 0x5d, 0x61, 0x7b, 0x7d, 0xc3,
      ]) {
        changed[at] = byte;
        if (agrees(changed)) read++;
      }
      changed[at] = entry[at]!;
    }
  }
  assert.ok(read > 1_000, `${read} are read`);
});

test('is left to the whole reader', () => {
  const bare = { ...BARE, system: 's', event: 'e', outcome: 'success' };
  const reference = { payload: '0'.repeat(64), bytes: 1 };
  const cases: Json[] = [
    { ...bare, phase: 'attempt' },
    { ...bare, phase: 'outcome' },
    { ...bare, details: reference },
    { ...bare, details: { a: reference } },
    { ...bare, details: { a: { bytes: 1, payload: 'not one' } } },
    ...['raw', 'reason', 'signature'].map((name) => ({ ...bare, [name]: reference })),
    { ...bare, new: 1 },
    { ...bare, event: '\u0001' },
    { ...bare, event: 'e'.repeat(1_025) },
    { ...bare, time: -1 },
    { ...bare, time: 253_402_300_800_000 },
    { ...bare, system: 'S' },
    { ...bare, node: '..' },
    { ...bare, outcome: 'done' },
    { ...bare, v: 2 },
    { ...bare, flags: ['A'] },
    { ...bare, flags: Array.from({ length: 65 }, () => 'a') },
    { ...bare, actor: { nick: 'a' } },
    { ...bare, objects: [{ kind: 'a' }] },
    { ...bare, objects: Array.from({ length: 257 }, () => ({ kind: 'a', id: 'b' })) },
    { ...bare, source: '' },
  ];
  for (const record of cases) assert.equal(reader.read(canonicalBytes(record)), null, JSON.stringify(record));
  for (const name of Object.keys(bare)) {
    const { [name as 'v']: _, ...without } = bare;
    assert.equal(reader.read(canonicalBytes(without)), null, `without ${name}`);
  }
  for (const text of ['', '{', '{}', '[]', 'null', '{"v":1}', '{"v":1,}', '{"__proto__":1}']) {
    assert.equal(reader.read(bytesOf(text)), null, text);
  }
});
