import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUILT_IN, eventsNamed, listEvent, listSystem } from '../../src/catalog/mod.ts';
import { assertProblem, serverFor, tempLog } from './support.ts';

const app = serverFor(await tempLog());

describe('GET /v1/catalog', () => {
  test('lists the systems', async () => {
    const { systems } = (await app.inject('/v1/catalog')).json();
    assert.deepEqual(systems, [...BUILT_IN.values()].map(listSystem));
  });

  for (const [system, catalog] of BUILT_IN) {
    test(`${system}: its events are the rows that the command line shows`, async () => {
      const { events, ...rest } = (await app.inject(`/v1/catalog/${system}`)).json();
      assert.equal(events.length, catalog.events.length);
      assert.deepEqual(
        events,
        JSON.parse(JSON.stringify(catalog.events.map((info) => listEvent(catalog, info)))),
      );
      assert.equal(rest.about, catalog.table.about);
    });

    test(`${system}: every event is found by each of its names`, async () => {
      for (const { event, part, aliases = [] } of catalog.events) {
        for (const name of [event, ...aliases].filter((each) => each.length <= 100)) {
          const answer = await app.inject(`/v1/catalog/${system}/${encodeURIComponent(name)}`);
          assert.equal(answer.statusCode, 200, name);
          const { events } = answer.json();
          assert.equal(events.length, eventsNamed(catalog, name).length);
          assert.ok(
            events.some(
              (row: { event: string; component: string | null }) =>
                row.event === event && row.component === part,
            ),
            name,
          );
        }
      }
    });
  }

  test('what is not there is a problem', async () => {
    assertProblem(await app.inject('/v1/catalog/oracle'), 'CATALOG_UNKNOWN', 404);
    assertProblem(await app.inject('/v1/catalog/__proto__'), 'CATALOG_UNKNOWN', 404);
    assertProblem(await app.inject('/v1/catalog/xroad/none'), 'CATALOG_UNKNOWN', 404);
    assertProblem(await app.inject(`/v1/catalog/xroad/${'x'.repeat(200)}`), 'REQUEST_INVALID', 400);
  });
});
