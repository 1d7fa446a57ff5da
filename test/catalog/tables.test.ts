import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACTIONS } from '../../src/catalog/actions.ts';
import { findCatalog } from '../../src/catalog/builtin.ts';
import { defineCatalog } from '../../src/catalog/define.ts';
import { AUDIT_COLUMNS } from '../../src/catalog/signserver-columns.ts';
import { readShared, skipWithoutShared as skip } from '../dialects/shared.ts';

const SYSTEMS = ['signserver', 'dogtag', 'xroad', 'digicert', 'tallystick'];

for (const system of SYSTEMS) {
  const catalog = findCatalog(system)!;

  describe(system, () => {
    test('events of one name have one verb, so that it holds without the part too', () => {
      const verbs = new Map<string, string>();
      for (const { event, action } of catalog.events) {
        assert.equal(verbs.get(event.toLowerCase()) ?? action, action, event);
        verbs.set(event.toLowerCase(), action);
      }
    });

    test('every event is found by its name in any case, in its part and without one', () => {
      for (const { event, part, action } of catalog.events) {
        for (const name of [event, event.toLowerCase(), event.toUpperCase()]) {
          assert.equal(catalog.find(name, part ?? '')?.action, action);
          assert.equal(catalog.find(name)?.action, action);
          assert.equal(catalog.find(name, 'elsewhere')?.action, action);
        }
      }
      for (const name of ['', 'constructor', '__proto__', 'NO SUCH EVENT'])
        assert.equal(catalog.find(name), null);
    });
  });
}

test('each verb of the table is used', () => {
  const used = new Set<string>(
    SYSTEMS.flatMap((system) => findCatalog(system)!.events).flatMap(({ action, actionBy }) => [
      action,
      ...Object.values(actionBy?.values ?? {}),
    ]),
  );
  assert.deepEqual(
    Object.keys(ACTIONS).filter((verb) => !used.has(verb)),
    [],
  );
});

test('a failed event of X-Road is the event, once', () => {
  const xroad = findCatalog('xroad')!;
  assert.equal(xroad.find('Delete key failed')?.event, 'Delete key');
  assert.equal(xroad.find('Delete key failed failed'), null);
  assert.equal(findCatalog('dogtag')!.find('AUTH failed'), null);
});

test('one name, two parts: each has its fields, without part both count', () => {
  const xroad = findCatalog('xroad')!;
  const fields = (part?: string): string[] =>
    xroad.find('Add timestamping service', part)!.fields.map(({ name }) => name);
  assert.ok(fields('central-server').includes('tsaUrl') && !fields('central-server').includes('tspUrl'));
  assert.ok(fields('security-server').includes('tspUrl') && !fields('security-server').includes('tsaUrl'));
  assert.ok(fields().includes('tsaUrl') && fields().includes('tspUrl'));
});

test('there is no catalog for systems of users', () => {
  for (const system of ['', 'my-app', 'constructor']) assert.equal(findCatalog(system), null);
});

test('an outcome is implied by names of the event alone', () => {
  const table = findCatalog('dogtag')!.table;
  const row = table.parts['']!.AUTH!;
  const parts = { '': { ...table.parts[''], AUTH: { ...row, implies: { LOGIN: 'success' } } } } as const;
  assert.throws(() => defineCatalog({ ...table, parts }), /event AUTH has an outcome for the name LOGIN/);
});

describe('against the lists of events', { skip }, () => {
  type Listed = {
    readonly event: string;
    readonly component?: string;
    readonly modules?: readonly string[];
    readonly parameters?: readonly string[];
    readonly fields?: readonly { readonly name: string; readonly in?: string; readonly kind?: string }[];
    readonly variants?: readonly {
      readonly module: string;
      readonly fields: NonNullable<Listed['fields']>;
    }[];
    readonly currentSpelling?: string;
    readonly writtenNames?: readonly string[];
  };
  type List = {
    readonly events?: readonly Listed[];
    readonly later: readonly Listed[];
    readonly historic?: readonly Listed[];
    readonly cesecoreEventTypes?: readonly string[];
    readonly cesecoreEventTypeFamilies?: readonly string[];
    readonly cesecoreModuleTypes?: readonly string[];
    readonly modules?: readonly string[];
    readonly columns?: readonly object[];
    readonly workerLogFields?: Readonly<Record<string, readonly string[]>>;
  };
  const read = (system: string): List =>
    JSON.parse(Buffer.from(readShared(`formats/catalog/${system}.json`)).toString()) as List;
  const top = (name: string): string => name.split(/[.[]/, 1)[0]!;

  test('signserver', () => {
    const list = read('signserver');
    const catalog = findCatalog('signserver')!;
    for (const { event, variants } of list.events!) {
      for (const { module, fields } of variants!) {
        const info = catalog.events.find((row) => row.event === event && row.part === module);
        assert.ok(info !== undefined, `${module} ${event}`);
        const known = catalog.find(event, module)!;
        for (const { name, kind } of fields)
          assert.ok(kind === 'group' || known.has(name), `${event} ${name}`);
      }
    }
    for (const { event, fields, modules } of list.later) {
      const [info] = catalog.events.filter((row) => row.event === event);
      assert.ok(info !== undefined, event);
      assert.ok(info.part === null || modules!.includes(info.part), event);
      for (const { name } of fields!) assert.ok(info.names.has(name), `${event} ${name}`);
    }
    const process = catalog.find('PROCESS', 'WORKER')!;
    for (const name of Object.values(list.workerLogFields!).flat()) assert.ok(process.names.has(name), name);
    const parts = new Set(catalog.events.map(({ part }) => part));
    for (const part of [...list.modules!, ...list.cesecoreModuleTypes!])
      assert.ok(parts.has(part) || part === 'AUTHENTICATION', part);
    for (const family of list.cesecoreEventTypeFamilies!)
      assert.ok(
        catalog.events.some(({ event }) => event.startsWith(family.slice(0, -1))),
        family,
      );
    assert.deepEqual(
      AUDIT_COLUMNS.filter(({ name }) => name !== null).map(({ name, column, line }) => ({
        ...{ friendlyName: name, column },
        ...(line === null ? {} : { textLine: line }),
      })),
      list.columns,
    );
    for (const event of list.cesecoreEventTypes!) assert.ok(catalog.find(event), event);
  });

  test('dogtag', () => {
    const list = read('dogtag');
    const catalog = findCatalog('dogtag')!;
    for (const { event, parameters, writtenNames } of [...list.events!, ...list.later]) {
      for (const name of [event, ...(writtenNames ?? [])]) {
        const info = catalog.find(name);
        assert.ok(info !== null, name);
        for (const field of parameters!) {
          assert.ok(field === 'SubjectID' || field === 'Outcome' || info.has(field), `${name} ${field}`);
        }
      }
    }
    for (const { event } of list.historic!) assert.ok(catalog.find(event), event);
  });

  test('xroad', () => {
    const list = read('xroad');
    const catalog = findCatalog('xroad')!;
    assert.equal(list.events!.length, 142);
    for (const { event, component, fields, currentSpelling } of [...list.events!, ...list.later]) {
      for (const name of [event, currentSpelling ?? event]) {
        assert.ok(
          catalog.events.some(
            (row) => row.event.toLowerCase() === name.toLowerCase() && row.part === component,
          ),
          `${component} ${name}`,
        );
        const known = catalog.find(name, component)!;
        for (const field of fields!) assert.ok(known.has(top(field.name)), `${name} ${field.name}`);
      }
    }
    for (const { event, component } of list.historic!) assert.ok(catalog.find(event, component), event);
  });

  test('digicert', () => {
    const list = JSON.parse(Buffer.from(readShared('formats/catalog/digicert.json')).toString()) as {
      readonly actions: readonly { readonly action: string; readonly resources: readonly string[] }[];
      readonly signatureFields: readonly { readonly field: string }[];
      readonly metadataKeys: readonly { readonly key: string; readonly seedSpelling: string }[];
      readonly metadataColumns: readonly { readonly column: string }[];
      readonly detailFields: readonly string[];
      readonly permissions: readonly string[];
      readonly laterPermissions: readonly string[];
    };
    const catalog = findCatalog('digicert')!;
    assert.equal(list.actions.length, 15);
    for (const { action, resources } of list.actions) {
      const info = catalog.find(action, 'audit-log');
      assert.equal(info?.event, action);
      assert.deepEqual(Object.keys(info.effects ?? {}), resources);
      for (const field of list.detailFields) assert.ok(info.has(field), `${action} ${field}`);
    }
    const signature = catalog.find('Signature', 'signature-log')!;
    const metadata = catalog.find('Signature metadata', 'signature-metadata')!;
    assert.deepEqual([list.signatureFields.length, list.metadataKeys.length], [11, 8]);
    for (const { field } of list.signatureFields) assert.ok(signature.has(field), field);
    for (const { key, seedSpelling } of list.metadataKeys) {
      assert.ok(signature.has(key), key);
      assert.equal(key, seedSpelling.toLowerCase());
    }
    for (const { column } of list.metadataColumns) assert.ok(metadata.has(column), column);
    for (const name of [...list.permissions, ...list.laterPermissions])
      assert.ok(Object.hasOwn(catalog.table.permissions ?? {}, name), name);
  });
});
