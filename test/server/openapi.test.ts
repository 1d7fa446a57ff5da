import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type Type from 'typebox';
import { Compile } from 'typebox/compile';
import { BUILT_IN } from '../../src/catalog/mod.ts';
import { checkDraft, type RecordDraft } from '../../src/record/mod.ts';
import { buildApp } from '../../src/server/app.ts';
import { Service } from '../../src/server/service.ts';
import { atEnd, draft, serverFor, tempLog, VERSION } from './support.ts';

const log = await tempLog({ index: true });
const app = serverFor(log);
const routes = watchRoutes(app);
const control = buildApp(new Service(log, VERSION), 'control');
const controlRoutes = watchRoutes(control);
atEnd(() => control.close());

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}
interface Operation {
  readonly summary?: string;
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Schema }> }>;
}
type Schema = Record<string, unknown>;

const document: Document = (await app.inject('/openapi.json')).json();
const controlDocument: Document = (await control.inject('/openapi.json')).json();

/** The schema with what it points at put in place. */
function resolved(schema: unknown, { components }: Document): unknown {
  return JSON.parse(JSON.stringify(schema), (_name, value) => {
    if (typeof value?.$ref !== 'string') return value;
    const name = value.$ref.replace('#/components/schemas/', '');
    assert.ok(components.schemas[name], `${value.$ref} leads somewhere`);
    return resolved(components.schemas[name], { components } as Document);
  });
}

function assertFits(value: unknown, schema: unknown, what: string): void {
  const validator = Compile(schema as Type.TSchema);
  assert.ok(validator.Check(value), `${what}: ${JSON.stringify(validator.Errors(value))}`);
}

/** Every schema within a value, with where it stands. */
function* schemasIn(value: unknown, at: string): Generator<[string, Schema]> {
  if (typeof value !== 'object' || value === null) return;
  if ('examples' in value) yield [at, value as Schema];
  for (const [name, part] of Object.entries(value)) yield* schemasIn(part, `${at}/${name}`);
}

/** Every route of an application that is not there to refuse a method, as `GET /v1/records/{node}/{seq}`. */
function watchRoutes(app: FastifyInstance): string[] {
  const routes: string[] = [];
  app.addHook('onRoute', ({ url, method, schema }) => {
    if (schema?.hide === true || method === 'HEAD') return;
    routes.push(`${method} ${url.replaceAll(/:(\w+)/g, '{$1}').replace(/\*$/, '{*}')}`);
  });
  return routes;
}

describe('the OpenAPI document', () => {
  test('is of version 3.1 and of this program', () => {
    assert.equal(document.openapi, '3.1.0');
    assert.equal(document.info.version, VERSION);
  });

  for (const [name, doc, served] of [
    ['over TCP', document, routes],
    ['of the control socket', controlDocument, controlRoutes],
  ] as const) {
    test(`lists the routes ${name}, each with a summary and an answer`, () => {
      const listed: string[] = [];
      for (const [path, methods] of Object.entries(doc.paths)) {
        for (const [method, operation] of Object.entries(methods)) {
          const at = `${method.toUpperCase()} ${path}`;
          listed.push(at);
          assert.ok(operation.summary, at);
          assert.ok(operation.responses[200], at);
        }
      }
      assert.ok(served.length >= 12);
      assert.deepEqual(listed.sort(), [...served].sort());
    });

    test(`holds examples that fit their schemas, ${name}`, () => {
      let examples = 0;
      for (const [at, schema] of schemasIn(doc, '')) {
        for (const example of schema.examples as unknown[]) {
          assertFits(example, resolved(schema, doc), at);
          examples++;
        }
      }
      assert.ok(examples >= 2);
    });

    test(`points at nothing that is missing, ${name}`, () => {
      resolved(doc.paths, doc);
    });
  }

  test('describes a record as the log takes it', () => {
    const schema = document.components.schemas.Draft as Schema & { examples: unknown[] };
    for (const example of schema.examples) checkDraft(example);
    const whole: Required<RecordDraft> = {
      ...{ id: 'i', time: 1, system: 's', event: 'e', module: 'm', service: 's', component: 'c' },
      ...{ outcome: 'success', reason: 'r', correlation: 'c', details: { a: 1 }, dialect: 'd/1' },
      actor: { name: 'n', serial: 's', issuer: 'i', ip: 'i', auth: 'a', role: 'r' },
      signature: {
        ...{
          algorithm: 'a',
          hashAlgorithm: 'h',
          hash: 'h',
          value: 'v',
          keyAlias: 'k',
          keyId: 'k',
          keyType: 'k',
        },
        use: 'test',
        metadata: [{ key: 'k', value: 'v', primary: true, source: 's' }],
      },
      objects: [{ kind: 'k', id: 'i', name: 'n' }],
      refs: [{ node: 'n', seq: 0, why: 'w' }],
      raw: { text: 't' },
      upstream: { a: 1 },
      flags: ['late'],
    };
    checkDraft(whole);
    assertFits(whole, resolved(schema, document), 'a record with every member');
    assert.deepEqual(Object.keys(schema.properties as object).sort(), Object.keys(whole).sort());
  });
});

describe('answers are what the document says', () => {
  const body = JSON.stringify(draft());
  const json = { 'content-type': 'application/json' };
  type HttpCall = readonly [method: 'GET' | 'POST', path: string, url: string, payload?: string];
  const SYSTEMS = [...BUILT_IN.keys()].map(
    (system): HttpCall => ['GET', '/v1/catalog/{system}', `/v1/catalog/${system}`],
  );
  const CALLS: readonly HttpCall[] = [
    ['POST', '/v1/records', '/v1/records', body],
    ['POST', '/v1/records', '/v1/records', `[${body},{}]`],
    ['POST', '/v1/records', '/v1/records', '{}'],
    ['GET', '/v1/records', '/v1/records?limit=1'],
    ['GET', '/v1/records', '/v1/records?query=%22'],
    ['GET', '/v1/records/{node}/{seq}', '/v1/records/ca1/0'],
    ['GET', '/v1/records/{node}/{seq}', '/v1/records/ca1/999'],
    ['GET', '/v1/count', '/v1/count'],
    ['GET', '/v1/histogram', '/v1/histogram?from=0&to=1790000000000&bucketMs=1790000000000'],
    ['GET', '/v1/facets', '/v1/facets?field=event'],
    ['GET', '/v1/nodes', '/v1/nodes'],
    ['GET', '/v1/catalog', '/v1/catalog'],
    ...SYSTEMS,
    ['GET', '/v1/catalog/{system}', '/v1/catalog/none'],
    ['GET', '/v1/catalog/{system}/{event}', '/v1/catalog/xroad/add%20member'],
    ['GET', '/v1/catalog/{system}/{event}', '/v1/catalog/xroad/none'],
    ['POST', '/v1/verify', '/v1/verify', '{"deep":true}'],
    ['GET', '/healthz', '/healthz'],
    ['POST', '/v1/control/append', '/v1/control/append', `{"source":"s","records":[${body}]}`],
    ['POST', '/v1/control/append', '/v1/control/append', '{"source":"s","records":[{}]}'],
    ['GET', '/v1/control/state', '/v1/control/state'],
    ['POST', '/v1/control/index/rebuild', '/v1/control/index/rebuild'],
    ['GET', '/v1/control/status', '/v1/control/status'],
  ];
  for (const [method, path, url, payload] of CALLS) {
    test(`${method} ${url} ${payload?.slice(0, 40) ?? ''}`, async () => {
      const answer = await control.inject({ method, url, ...(payload ? { payload, headers: json } : {}) });
      const operation = controlDocument.paths[path]?.[method.toLowerCase()];
      const type = String(answer.headers['content-type']).split(';')[0] as string;
      const schema = operation?.responses[answer.statusCode]?.content?.[type]?.schema;
      assert.ok(schema, `${answer.statusCode} ${type} is documented`);
      assertFits(answer.json(), resolved(schema, controlDocument), url);
    });
  }
});
