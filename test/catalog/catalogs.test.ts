import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  BUILT_IN,
  CATALOG,
  Catalogs,
  deriveAction,
  deriveObjects,
  indexRow,
  type SystemTable,
} from '../../src/catalog/mod.ts';
import { readTable } from '../../src/catalog/read-table.ts';
import { TallystickError } from '../../src/errors.ts';
import type { AuditRecord, Json } from '../../src/record/types.ts';
import { payments } from './payments.ts';

const TABLE: SystemTable = payments[CATALOG].table;

/** A copy of the table with something else at a place of it. */
function changed(path: readonly string[], value: unknown): Json {
  const copy = structuredClone(TABLE) as unknown as Record<string, unknown>;
  let at = copy;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  const last = path.at(-1) as string;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy as Json;
}

const RECORD: AuditRecord = {
  ...{ v: 1, node: 'n', seq: 1, logged: 2, source: 's', time: 1, system: 'payments', event: 'payment' },
  outcome: 'success',
  details: { account: 'A-1', amount: 100, kind: 'Refund' },
};

describe('Catalogs', () => {
  test('know the built-in systems and those given, and derive by them', () => {
    const own = new Catalogs([TABLE]);
    assert.deepEqual(
      [...own].map(({ system }) => system),
      [...BUILT_IN.keys(), 'payments'],
    );
    assert.equal(deriveAction(RECORD, own), 'restore');
    assert.deepEqual(deriveObjects(RECORD, own), [{ kind: 'account', id: 'A-1' }]);
    assert.equal(indexRow(RECORD, own).action, 'restore');
    assert.equal(deriveAction(RECORD), null);
    assert.deepEqual(indexRow(RECORD).objects, []);
  });

  test('refuse a system that has a catalog, and two of one system', () => {
    const message = /there is a catalog of .* already/;
    assert.throws(() => new Catalogs([{ ...TABLE, system: 'xroad' }]), message);
    assert.throws(() => new Catalogs([{ ...TABLE, system: 'tallystick' }]), message);
    assert.throws(() => new Catalogs([TABLE, TABLE]), message);
  });

  test('have another version when something is derived otherwise, and only then', () => {
    const { version } = new Catalogs([TABLE]);
    assert.match(version, /^[0-9a-f]{16}$/);
    assert.notEqual(version, Catalogs.builtIn.version);
    const versionOf = (path: readonly string[], value: unknown): string =>
      new Catalogs([readTable(changed(path, value))]).version;
    assert.equal(versionOf(['about'], 'Something else.'), version);
    assert.equal(versionOf(['fields', 'amount', 'about'], 'In pence.'), version);
    assert.equal(versionOf(['parts', '', 'Pay', 'about'], 'Paid.'), version);
    assert.notEqual(versionOf(['parts', '', 'Pay', 'action'], 'add'), version);
    assert.notEqual(versionOf(['parts', '', 'Pay', 'aliases'], []), version);
    assert.notEqual(versionOf(['objects'], []), version);
    assert.notEqual(versionOf(['failureSuffix'], ' failed'), version);
  });
});

describe('a table read from JSON', () => {
  for (const { table } of [...BUILT_IN.values(), payments[CATALOG]]) {
    test(`${table.system}: is what was written`, () => {
      assert.deepEqual(readTable(JSON.parse(JSON.stringify(table))), JSON.parse(JSON.stringify(table)));
    });
  }

  const wrong: readonly [readonly string[], unknown, RegExp][] = [
    [['system'], undefined, /^system must be a text/],
    [['textual'], 1, /^textual must be true or false/],
    [['partIn'], 'service', /^partIn must be module, component or null/],
    [['fields'], [], /^fields must be an object/],
    [['fields', 'amount', 'list'], 'no', /^fields\.amount\.list must be/],
    [['parts', '', 'Pay', 'fields'], ['account'], /^parts\.\.Pay\.fields must be a text/],
    [['parts', '', 'Pay', 'alias'], [], /^parts\.\.Pay\.alias is not known/],
    [['parts', '', 'Pay', 'actionBy', 'values'], { refund: 1 }, /refund must be a text/],
    [['objects', '0', 'as'], undefined, /^objects\[0\]\.as must be a text/],
    [['objects'], {}, /^objects must be a list/],
    [['more'], 1, /^more is not known/],
  ];
  for (const [path, value, message] of wrong) {
    test(`is refused where it is wrong: ${path.join('.')}`, () => {
      assert.throws(
        () => readTable(changed(path, value)),
        (error: unknown) => error instanceof TallystickError && message.test(error.message),
      );
    });
  }

  test('that is no object is refused', () => {
    for (const value of [null, 1, 'x', []] as Json[]) assert.throws(() => readTable(value), TallystickError);
  });
});
