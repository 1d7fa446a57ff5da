import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUILT_IN } from '../../src/catalog/mod.ts';
import { assertSafe, Sandbox } from './harness.ts';

describe('catalog', () => {
  test('lists the systems, each with its counts', async (t) => {
    const { out } = await new Sandbox(t).ok(['catalog']);
    for (const { system, events } of BUILT_IN.values())
      assert.match(out, new RegExp(`^${system} +\\d+ +${events.length} `, 'm'));
  });

  for (const { system, events } of BUILT_IN.values()) {
    test(`${system}: every event has a line, and all of it can be shown`, async (t) => {
      const box = new Sandbox(t);
      const { out } = await box.ok(['catalog', system]);
      const [, , , ...lines] = out.trimEnd().split('\n');
      for (const { event, part, action } of events) {
        const line = lines.find((each) => each.startsWith(part ?? '') && ` ${each} `.includes(` ${event} `));
        assert.ok(line?.includes(` ${action}`), `${part} / ${event}`);
      }
      const { lines: rows } = await box.ok(['catalog', system, '--json']);
      assert.deepEqual(
        rows.map((row) => [row.component, row.event]),
        events.map(({ part, event }) => [part, event]),
      );
      const shown = await box.ok(['catalog', system, events[0]?.event as string]);
      assertSafe(shown.out);
      for (const line of out.split('\n')) assert.ok(line.length <= 200, line);
    });
  }

  test('without a system, --json has every event of every system', async (t) => {
    const { lines } = await new Sandbox(t).ok(['catalog', '--json']);
    assert.equal(
      lines.length,
      [...BUILT_IN.values()].reduce((n, { events }) => n + events.length, 0),
    );
    for (const row of lines) {
      assert.equal(typeof row.system, 'string');
      assert.ok(row.component === null || typeof row.component === 'string');
      assert.ok(Array.isArray(row.aliases));
      for (const { name, type, optional } of row.fields) {
        assert.equal(typeof name, 'string');
        assert.equal(type === null, name.endsWith('*'), `${row.event} ${name}`);
        assert.equal(typeof optional, 'boolean');
      }
    }
  });

  test('shows all about an event: verb, fields, what is concluded from them', async (t) => {
    const { out } = await new Sandbox(t).ok(['catalog', 'signserver', 'keygen']);
    assert.match(out, /^signserver \/ KEY_MANAGEMENT \/ KEYGEN\n/);
    assert.match(out, /^verb +generate: /m);
    assert.match(out, /^objects +key from KEYALIAS \(within CRYPTOTOKEN/m);
    for (const field of ['KEYALIAS', 'CRYPTOTOKEN', 'KEYALG', 'KEYSPEC'])
      assert.match(out, new RegExp(`^${field} +\\w+`, 'm'));
  });

  test('an event of two parts is shown for each, one with blanks needs no quotes, and a failed one is the same', async (t) => {
    const box = new Sandbox(t);
    const { lines } = await box.ok(['catalog', 'signserver', 'CERTCHAININSTALLED', '--json']);
    assert.deepEqual(lines.map(({ component }) => component).sort(), ['KEY_MANAGEMENT', 'WORKER_CONFIG']);
    assert.notDeepEqual(lines[0].fields, lines[1].fields);
    for (const words of [['Add', 'member'], ['Add member'], ['add member failed']]) {
      const [row] = (await box.ok(['catalog', 'xroad', ...words, '--json'])).lines;
      assert.equal(row.event, 'Add member');
      assert.equal(row.component, 'central-server');
    }
  });

  test('every alias finds its event', async (t) => {
    const box = new Sandbox(t);
    for (const { system, events } of BUILT_IN.values()) {
      const aliased = events.filter(({ aliases = [] }) => aliases.length > 0);
      for (const { event, part, aliases = [] } of aliased.slice(0, 5)) {
        const { lines } = await box.ok(['catalog', system, aliases.at(-1) as string, '--json']);
        assert.ok(
          lines.some((row) => row.event === event && row.component === part),
          aliases.at(-1),
        );
      }
    }
  });

  test('a name that is not there is refused, naming one that is near', async (t) => {
    const box = new Sandbox(t);
    assert.equal(await box.refused(['catalog', 'xrod'], 2), 'CATALOG_UNKNOWN');
    assert.match((await box.run(['catalog', 'xrod'])).err, /did you mean xroad\?/);
    assert.match((await box.run(['catalog', 'oracle'])).err, /there are: signserver, dogtag/);
    assert.match((await box.run(['catalog', 'signserver', 'KEYGNE'])).err, /did you mean "KEYGEN"\?/);
    assert.match((await box.run(['catalog', 'dogtag', 'zzz'])).err, /see: tallystick catalog dogtag/);
  });
});
