import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findCatalog } from '../../src/catalog/builtin.ts';
import { eventsNamed, listEvent } from '../../src/catalog/listing.ts';
import { readShared, skipWithoutShared as skip } from '../dialects/shared.ts';

const catalog = findCatalog('xroad')!;

/** What `tallystick catalog xroad --json` tells of the event of a component. */
function listed(component: string, name: string): ReturnType<typeof listEvent> {
  const info = eventsNamed(catalog, name).find(({ part }) => part === component);
  assert.ok(info !== undefined, `${component}: ${name}`);
  return JSON.parse(JSON.stringify(listEvent(catalog, info))) as ReturnType<typeof listEvent>;
}

interface Documented {
  readonly component: string;
  readonly event: string;
  readonly fields: string[];
}

const COMPONENTS = ['central-server', 'security-server', 'signer-console'];
const PROSE = /^(?:The audit log events?|Event Data fields|Event name is used|\(if user)/;

/** The events of the specification's text, with their fields: those inside others as `wsdl/servicesAdded`. */
function readSpecification(text: string): Documented[] {
  const events: Documented[] = [];
  let component: string | undefined;
  let parents: { readonly depth: number; readonly name: string }[] = [];
  const open = (event: string): void => {
    events.push({ component: component!, event, fields: [] });
    parents = [];
  };
  for (const line of text.slice(text.indexOf('2 Audit Log Events')).split('\n')) {
    const section = /^\s*2\.([123])(?:\.\d+)? /.exec(line)?.[1];
    if (section !== undefined) component = COMPONENTS[Number(section) - 1];
    const item = line.trim();
    if (section !== undefined || component === undefined || item === '' || PROSE.test(item)) continue;
    const [, indent, bullet] = /^(\s*)• (.+)$/.exec(line) ?? [];
    const beside = /^(.+) \* (\w+) - /.exec(item);
    if (bullet === undefined) {
      open(beside === null ? item : beside[1]!);
      if (beside !== null) events.at(-1)!.fields.push(beside[2]!);
    } else if (!/^\w+ - /.test(bullet)) open(bullet);
    else {
      const name = bullet.slice(0, bullet.indexOf(' - '));
      parents = parents.filter(({ depth }) => depth < indent!.length);
      const path = [...parents.map((parent) => parent.name), name].join('/');
      events.at(-1)!.fields.push(path);
      parents.push({ depth: indent!.length, name });
    }
  }
  return events;
}

test('every event and field of the specification is in the catalog', { skip }, () => {
  const text = Buffer.from(readShared('seeds/003_21b89fda7a345db6.txt')).toString();
  const all = readSpecification(text);
  assert.equal(all.length, 142);
  assert.equal(all.flatMap(({ fields }) => fields).length, 453);
  for (const { component, event, fields } of all) {
    const { fields: known, event: name } = listed(component, event);
    assert.equal(name, event);
    const names = new Set(known.map((field) => field.name.replaceAll('[].', '/').replaceAll('.', '/')));
    for (const field of fields) assert.ok(names.has(field), `${component}: ${event}: ${field}`);
  }
});

describe('against the list of types', { skip }, () => {
  interface Listed {
    readonly component: string;
    readonly event: string;
    readonly fields: readonly {
      readonly name: string;
      readonly type?: string;
      readonly optional?: boolean;
      readonly currentSpelling?: string;
    }[];
    readonly laterFields?: Listed['fields'];
  }
  const TYPES: Readonly<Record<string, readonly [readonly string[], boolean]>> = {
    string: [['text', 'url', 'dn', 'path', 'enum'], false],
    'string|null': [['text'], false],
    'string|integer': [['any'], false],
    'string[]': [['text', 'url', 'enum'], true],
    integer: [['integer'], false],
    boolean: [['boolean'], false],
    'boolean|null': [['boolean'], false],
    enum: [['enum'], false],
    datetime: [['time'], false],
    path: [['path'], false],
    hash: [['hash'], false],
    'hash[]': [['hash'], true],
    'hash-algorithm': [['any'], false],
    'xroad-id': [['member'], false],
    'xroad-id[]': [['member'], true],
    object: [['object'], false],
    'object[]': [['object'], true],
  };
  type List = Readonly<Record<'events' | 'later', readonly Listed[]>>;
  const read = (): List =>
    JSON.parse(Buffer.from(readShared('formats/catalog/xroad.json')).toString()) as List;

  test('types, lists and optional fields', () => {
    const { events, later } = read();
    for (const { component, event, fields, laterFields = [] } of [...events, ...later]) {
      const known = listed(component, event).fields;
      for (const { name, type, optional, currentSpelling } of [...fields, ...laterFields]) {
        const found = known.find((field) => field.name === name);
        assert.ok(found !== undefined, `${component}: ${event}: ${name}`);
        assert.ok(currentSpelling === undefined || known.some((field) => field.name === currentSpelling));
        if (optional === true) assert.ok(found.optional, `${event}: ${name}`);
        if (type === undefined) continue;
        const [types, isList] = TYPES[type] ?? assert.fail(type);
        assert.ok(types.includes(found.type!) && found.list === isList, `${event}: ${name}: ${found.type}`);
      }
      for (const { name } of laterFields)
        assert.ok(known.find((field) => field.name === name)!.optional, `${event}: ${name}`);
    }
  });
});

test('what published lines of a successful event lack is optional', () => {
  const fields = listed('security-server', 'Register client').fields;
  const needed = fields.filter(({ optional }) => !optional).map(({ name }) => name);
  assert.deepEqual(needed, ['clientIdentifier']);
});

test('every event and field is described', () => {
  for (const info of catalog.events) {
    const { event, about, fields } = listEvent(catalog, info);
    assert.match(about, /^[A-Z].*\.$/, event);
    for (const field of fields) assert.match(field.about, /^\w.*\.$/, `${event}: ${field.name}`);
    for (const name of Object.keys(info.means ?? {}))
      assert.ok(
        fields.some((field) => field.name === name),
        `${event} means ${name}`,
      );
  }
});

test('names of other releases and misspellings lead to the event', () => {
  for (const [name, component, event] of [
    ['Delete certificate from foken', 'security-server', 'Delete certificate from token'],
    ['Approve registration request failed', 'central-server', 'Approve management request'],
    ['Initialize central server', 'central-server', 'Initialize Central Server'],
    [
      'Register management service provider as security server client',
      'central-server',
      'Register management service provider as Security Server client',
    ],
  ] as const)
    assert.equal(listed(component, name).event, event);
});
