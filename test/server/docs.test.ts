import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { ERROR_CODES } from '../../src/errors.ts';
import { buildApp } from '../../src/server/app.ts';
import { Service } from '../../src/server/service.ts';
import { atEnd, tempLog, VERSION } from './support.ts';

const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
const app = buildApp(new Service(await tempLog({ index: true }), VERSION), 'control');
atEnd(() => app.close());

describe('docs/api.md', async () => {
  test('has a part for every route, and for no other', async () => {
    const { paths } = (await app.inject('/openapi.json')).json() as { paths: Record<string, object> };
    const served = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const described = [...text.matchAll(/^### `([A-Z]+ \/\S*)`$/gm)].map(([, route]) => route as string);
    assert.deepEqual(described.sort(), served.sort());
  });

  test('says of every code what the table of errors says', () => {
    const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm)].map(([, code, rest]) => [code, rest]);
    const expected = Object.entries(ERROR_CODES).map(([code, { status, retry, summary }]) => [
      code,
      `${status} | ${retry ? 'yes' : 'no'} | ${summary}`,
    ]);
    assert.deepEqual(rows, expected);
  });

  const examples = [
    ...text.matchAll(/^```http (\d+)\n([A-Z]+) (\S+)\n(?:content-type: (\S+)\n\n([\s\S]*?))?```$/gm),
  ];
  for (const [, status, method, url, type, payload] of examples) {
    test(`${method} ${url}`, async () => {
      const answer = await app.inject({
        method: method as 'GET' | 'POST',
        url: url as string,
        ...(type && payload ? { payload, headers: { 'content-type': type } } : {}),
      });
      assert.equal(answer.statusCode, Number(status), answer.body);
    });
  }

  test('has no example that is not run', () => {
    assert.equal(examples.length, text.match(/^```http/gm)?.length);
  });
});
