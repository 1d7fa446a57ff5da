import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ErrorCode } from '../../src/errors.ts';
import { checkDraft, checkNode, checkStored, type RecordDraft } from '../../src/record/mod.ts';
import { anyDraft, assertRefused, LOGGED, minimal } from './support.ts';

const HEX = 'ab'.repeat(32);
const reference = { payload: HEX, bytes: 9000 };

/** The levels of `details` that go in: 30, `details` itself counted. */
const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

test('any draft that obeys the rules passes, and is the object that was given', () => {
  fc.assert(
    fc.property(anyDraft, (draft) => {
      assert.equal(checkDraft(draft), draft);
    }),
  );
});

describe('what is on the edge passes', () => {
  const cases: Readonly<Record<string, Record<string, unknown>>> = {
    'longest texts': {
      event: 'e'.repeat(1024),
      actor: { name: 'n'.repeat(4096), ip: '' },
      id: 'i'.repeat(256),
      system: 's'.repeat(32),
    },
    'first and last time': { time: 0 },
    'last time': { time: 253_402_300_799_999 },
    'longest lists': {
      objects: Array(256).fill({ kind: 'k', id: 'i' }),
      flags: Array(64).fill('late'),
      refs: Array(256).fill({ node: 'n1', seq: 0, why: '' }),
      signature: { metadata: Array(4096).fill({ key: 'k', value: 'v' }) },
    },
    'reason of any length': { reason: 'r'.repeat(100_000) },
    'numbers of any kind': { details: { a: 2 ** 53 - 1, b: -(2 ** 53 - 1), c: 0.1, d: 1e-300, e: -0 } },
    'deepest details': { details: nested(30), upstream: nested(30) },
    'awkward names': { details: JSON.parse('{"__proto__":1,"":2,"0":3,"toJSON":4,"constructor":5}') },
    'no prototype': { details: Object.assign(Object.create(null), { a: 1 }) },
    'empty containers': {
      details: {},
      actor: {},
      signature: {},
      flags: [],
      objects: [],
      refs: [],
      upstream: {},
    },
    'references further down': { details: { a: { b: reference } }, upstream: { a: reference } },
    'nearly a reference': { details: { a: { ...reference, c: 1 }, b: { payload: HEX } } },
    'empty raw': { raw: { text: '' } },
    'base64 with padding': { raw: { base64: '/+8=' } },
    'a control character that is not NUL': { event: '\x01\x7f\u2028' },
  };
  for (const [name, members] of Object.entries(cases)) {
    test(name, () => {
      checkDraft({ ...minimal(), ...members });
    });
  }
});

type Row = readonly [what: string, members: Record<string, unknown>, path: string];

function refusals(rows: readonly Row[]): void {
  for (const [what, members, path] of rows) {
    test(what, () => {
      assertRefused(() => checkDraft({ ...minimal(), ...members }), 'RECORD_INVALID', path);
    });
  }
}

describe('wrong types', () => {
  refusals([
    ['time as text', { time: '1' }, 'time'],
    ['time with a fraction', { time: 1.5 }, 'time'],
    ['time that is no number', { time: Number.NaN }, 'time'],
    ['time before 1970', { time: -1 }, 'time'],
    ['time beyond year 9999', { time: 253_402_300_800_000 }, 'time'],
    ['event as number', { event: 1 }, 'event'],
    ['event null', { event: null }, 'event'],
    ['event as boxed string', { event: Object('E') }, 'event'],
    ['unknown outcome', { outcome: 'maybe' }, 'outcome'],
    ['outcome inherited from nowhere', { outcome: 'constructor' }, 'outcome'],
    ['system in capitals', { system: 'Demo' }, 'system'],
    ['system with a line end', { system: 'demo\n' }, 'system'],
    ['system too long', { system: 's'.repeat(33) }, 'system'],
    ['actor as text', { actor: 'me' }, 'actor'],
    ['actor as list', { actor: [] }, 'actor'],
    ['actor name as number', { actor: { name: 1 } }, 'actor.name'],
    ['unknown member of actor', { actor: { nick: 'x' } }, 'actor.nick'],
    ['details as list', { details: [] }, 'details'],
    ['details null', { details: null }, 'details'],
    ['reason as object', { reason: {} }, 'reason'],
    ['raw with both', { raw: { text: '', base64: '' } }, 'raw'],
    ['raw with neither', { raw: {} }, 'raw'],
    ['raw with something else', { raw: { hex: '' } }, 'raw.base64'],
    ['raw text as number', { raw: { text: 1 } }, 'raw.text'],
    ['objects as object', { objects: {} }, 'objects'],
    ['an object without id', { objects: [{ kind: 'k', id: 'i' }, { kind: 'k' }] }, 'objects[1].id'],
    ['object null', { objects: [null] }, 'objects[0]'],
    ['a hole in objects', { objects: Array(1) }, 'objects[0]'],
    ['ref to a negative number', { refs: [{ node: 'n', seq: -1, why: '' }] }, 'refs[0].seq'],
    ['ref to no node', { refs: [{ node: '../n', seq: 1, why: '' }] }, 'refs[0].node'],
    ['ref without a reason', { refs: [{ node: 'n', seq: 1 }] }, 'refs[0].why'],
    ['flag with a space', { flags: ['late', 'a b'] }, 'flags[1]'],
    ['flag as number', { flags: [1] }, 'flags[0]'],
    ['unknown use of a key', { signature: { use: 'demo' } }, 'signature.use'],
    ['metadata without value', { signature: { metadata: [{ key: 'k' }] } }, 'signature.metadata[0].value'],
    [
      'primary as text',
      { signature: { metadata: [{ key: 'k', value: 'v', primary: 'yes' }] } },
      'signature.metadata[0].primary',
    ],
    ['upstream as text', { upstream: 'ok' }, 'upstream'],
  ]);
});

describe('too much or too little', () => {
  refusals([
    ['empty id', { id: '' }, 'id'],
    ['long id', { id: 'i'.repeat(257) }, 'id'],
    ['long event', { event: 'e'.repeat(1025) }, 'event'],
    ['long actor name', { actor: { name: 'n'.repeat(4097) } }, 'actor.name'],
    ['long dialect', { dialect: 'd'.repeat(65) }, 'dialect'],
    ['too many objects', { objects: Array(257).fill({ kind: 'k', id: 'i' }) }, 'objects'],
    ['too many refs', { refs: Array(257).fill({ node: 'n', seq: 0, why: '' }) }, 'refs'],
    ['too many flags', { flags: Array(65).fill('late') }, 'flags'],
    [
      'too much metadata',
      { signature: { metadata: Array(4097).fill({ key: '', value: '' }) } },
      'signature.metadata',
    ],
    ['details too deep', { details: nested(31) }, `details${'.a'.repeat(30)}`],
    ['upstream too deep', { upstream: nested(31) }, `upstream${'.a'.repeat(30)}`],
  ]);
});

describe('what bytes cannot carry', () => {
  const circle: Record<string, unknown> = {};
  circle.a = circle;
  refusals([
    ['half a pair', { event: 'a\ud800' }, 'event'],
    ['half a pair in a field', { details: { a: ['x', '\udfff'] } }, 'details.a[1]'],
    ['half a pair in a name', { upstream: { '\udfff': 1 } }, 'upstream.\udfff'],
    ['NUL', { service: 'a\0b' }, 'service'],
    ['NUL in a field', { details: { a: { b: '\0' } } }, 'details.a.b'],
    ['NUL in a name', { details: { 'a\0': 1 } }, 'details.a\0'],
    ['NUL in raw', { raw: { text: '\0' } }, 'raw.text'],
    ['NUL in a reason', { reason: '\0' }, 'reason'],
    ['not a number', { details: { a: Number.NaN } }, 'details.a'],
    ['infinity', { details: { a: Number.NEGATIVE_INFINITY } }, 'details.a'],
    ['a number that lost digits', { details: { a: { b: [2 ** 53] } } }, 'details.a.b[0]'],
    ['a huge fraction', { upstream: { a: -1e300 } }, 'upstream.a'],
    ['undefined', { details: { a: undefined } }, 'details.a'],
    ['undefined member', { service: undefined }, 'service'],
    ['bigint', { details: { a: 1n } }, 'details.a'],
    ['function', { details: { a: [() => 1] } }, 'details.a[0]'],
    ['symbol', { details: { a: Symbol('s') } }, 'details.a'],
    ['Date', { details: { a: new Date(0) } }, 'details.a'],
    ['Map', { details: new Map() }, 'details'],
    ['bytes', { details: { a: new Uint8Array(1) } }, 'details.a'],
    ['a prototype of its own', { actor: Object.create({ name: 'x' }) }, 'actor'],
    ['itself', { details: circle }, `details${'.a'.repeat(30)}`],
  ]);

  const base64 = ['A', 'AA', 'AAA', 'AAAAA', 'QQ=', 'QR==', 'QUJ=', 'QQ==QQ==', '=', '====', 'QQ-_', ' QQ=='];
  refusals(
    [...base64, 'QQ==\n'].map((text) => [
      `base64 ${JSON.stringify(text)}`,
      { raw: { base64: text } },
      'raw.base64',
    ]),
  );
});

describe('what only the log sets, or nobody', () => {
  const stored = { v: 1, node: 'n1', seq: 0, logged: 1, source: 's', phase: 'attempt' };
  refusals(Object.entries(stored).map(([name, value]) => [name, { [name]: value }, name]));
  refusals([
    ['a member of no record', { colour: 'red' }, 'colour'],
    ['__proto__', JSON.parse('{"__proto__":{}}'), '__proto__'],
    ['constructor', { constructor: 'x' }, 'constructor'],
    ['index', { 0: 'x' }, '0'],
  ]);
  for (const name of ['details', 'raw', 'reason', 'signature']) {
    refusals([
      [`reference in place of ${name}`, { [name]: reference }, name],
      [`forged reference in place of ${name}`, { [name]: { payload: 1, bytes: null } }, name],
    ]);
  }
  refusals([
    ['reference in a field', { details: { ok: 1, a: reference } }, 'details.a'],
    ['forged reference in a field', { details: { a: { bytes: '', payload: '' } } }, 'details.a'],
  ]);

  test('the log sets them for its own records too, outside the draft', () => {
    const own = { ...minimal(), system: 'tallystick' };
    checkDraft(own, true);
    assertRefused(() => checkDraft({ ...own, phase: 'attempt' }, true), 'RECORD_INVALID', 'phase');
    assertRefused(() => checkDraft({ ...own, seq: 1 }, true), 'RECORD_INVALID', 'seq');
  });
});

test('system tallystick is the log alone', () => {
  assertRefused(() => checkDraft(minimal({ system: 'tallystick' })), 'SYSTEM_RESERVED', 'system');
  checkDraft(minimal({ system: 'tallystick-2' }));
});

test('each required member is required', () => {
  for (const name of ['time', 'system', 'event', 'outcome']) {
    const draft: Record<string, unknown> = { ...minimal() };
    delete draft[name];
    assertRefused(() => checkDraft(draft), 'RECORD_INVALID', name);
  }
});

test('a record is an object', () => {
  class Event {
    readonly time = 1;
  }
  for (const value of [null, undefined, 1, 'x', [], [minimal()], new Map(), new Event(), () => 1]) {
    assertRefused(() => checkDraft(value), 'RECORD_INVALID', '');
  }
});

test('an error about a very long name is short, and no error quotes a value', () => {
  const name = 'n'.repeat(1_000_000);
  for (const draft of [{ [name]: 1 }, { ...minimal(), details: { [name]: Number.NaN } }]) {
    const error = assertRefused(() => checkDraft(draft), 'RECORD_INVALID');
    assert.ok(error.message.length < 500 && error.path.length < 300);
  }
  const secret = { ...minimal(), details: { a: 'secret\0' }, reason: 'secret\ud800' };
  const error = assertRefused(() => checkDraft(secret), 'RECORD_INVALID');
  assert.doesNotMatch(error.message, /secret/);
});

test('a very long name is fine where fields are free', () => {
  checkDraft(minimal({ details: { ['n'.repeat(1_000_000)]: 1 } }));
});

describe('a record read back', () => {
  const stored = { ...minimal(), v: 1, node: 'n1', seq: 0, logged: LOGGED, source: 's' };
  const refuse = (members: Record<string, unknown>, path: string, code: ErrorCode = 'RECORD_INVALID') =>
    assertRefused(() => checkStored({ ...stored, ...members }), code, path);

  test('holds what the log set, references and members of later versions', () => {
    const record = {
      ...stored,
      system: 'tallystick',
      phase: 'outcome',
      reason: reference,
      details: { a: reference },
      later: { any: [null] },
    };
    assert.equal(checkStored(record), record);
  });

  test('needs every required member', () => {
    for (const name of ['v', 'node', 'seq', 'logged', 'source', 'time', 'system', 'event', 'outcome']) {
      const record: Record<string, unknown> = { ...stored };
      delete record[name];
      assertRefused(() => checkStored(record), 'RECORD_INVALID', name);
    }
  });

  test('obeys the rules of what the log sets', () => {
    refuse({ v: 2 }, 'v');
    refuse({ v: '1' }, 'v');
    refuse({ node: '..' }, 'node');
    refuse({ seq: -1 }, 'seq');
    refuse({ seq: 2 ** 53 }, 'seq');
    refuse({ logged: 1.5 }, 'logged');
    refuse({ source: '' }, 'source');
    refuse({ source: 's'.repeat(257) }, 'source');
    refuse({ phase: 'middle' }, 'phase');
  });

  test('another version is named first, whatever else is different in it', () => {
    refuse({ actor: 'changed', v: 2 }, 'v');
  });

  test('has well-formed references wherever one can stand', () => {
    for (const name of ['details', 'raw', 'reason', 'signature']) {
      refuse({ [name]: { payload: HEX.toUpperCase(), bytes: 9000 } }, `${name}.payload`);
      refuse({ [name]: { payload: HEX, bytes: -1 } }, `${name}.bytes`);
    }
    refuse({ details: { a: { payload: HEX.slice(1), bytes: 9000 } } }, 'details.a.payload');
    refuse({ details: { a: { payload: HEX, bytes: 16 * 1024 * 1024 + 1 } } }, 'details.a.bytes');
    refuse({ actor: reference }, 'actor.payload');
  });
});

test('a node is named by letters, digits, dot, underscore and hyphen', () => {
  for (const name of ['a', 'N.1_x-2', '...', '.a', 'x'.repeat(64)]) assert.equal(checkNode(name), name);
  for (const name of ['', '.', '..', 'a/b', 'a b', 'ä', 'a\n', 'x'.repeat(65), 1 as unknown as string]) {
    assertRefused(() => checkNode(name), 'RECORD_INVALID', 'node');
  }
});

test('a draft is typed as what it is', () => {
  const draft: RecordDraft = checkDraft(JSON.parse(JSON.stringify(minimal())));
  assert.equal(draft.event, 'E');
});
