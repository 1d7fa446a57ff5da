import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { GROUPS } from '../../src/cli/command-groups.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { nearest } from '../../src/cli/nearest.ts';
import { Sandbox } from './harness.ts';

describe('help', () => {
  test('the program alone, help and --help list every command, or what it is among', async (t) => {
    const box = new Sandbox(t);
    for (const argv of [[], ['help'], ['--help'], ['-h']]) {
      const { out } = await box.ok(argv);
      for (const { name, summary } of COMMANDS) {
        const [first = ''] = name.split(' ');
        const about = GROUPS[first];
        const row = about === undefined ? [name, summary] : [`${first} …`, about];
        for (const text of row) assert.ok(out.includes(text), name);
      }
    }
  });

  for (const first of Object.keys(GROUPS)) {
    test(`${first}: the commands that begin so`, async (t) => {
      const box = new Sandbox(t);
      const { out } = await box.ok([first, '--help']);
      const inside = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
      assert.ok(inside.length > 1);
      for (const { name, summary } of inside) assert.ok(out.includes(name) && out.includes(summary), name);
      assert.equal((await box.ok(['help', first])).out, out);
    });
  }

  for (const { name, options, examples } of COMMANDS) {
    test(`${name}: every option, and an example`, async (t) => {
      const box = new Sandbox(t);
      const { out } = await box.ok([...name.split(' '), '--help']);
      for (const option of [...options, { name: 'json' }])
        assert.ok(out.includes(`--${option.name}`), option.name);
      assert.ok(examples.length > 0 && out.includes(`  tallystick ${examples[0]}\n`));
      assert.equal((await box.ok(['help', ...name.split(' ')])).out, out);
      for (const line of out.split('\n')) assert.ok(line.length <= 110, line);
    });
  }

  test('--version', async (t) => {
    assert.match((await new Sandbox(t).ok(['--version'])).out, /^tallystick \d+\.\d+\.\d+\n$/);
  });
});

describe('mistakes', () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [['serch'], /there is no command serch; did you mean search\?/],
    [['index'], /index rebuild/],
    [['indx', 'rebuild'], /did you mean index rebuild\?/],
    [['--data', 'x', 'search'], /--data does not come before a command/],
    [['help', 'nothing-like-it'], /there is no command/],
    [['search', '--limt', '3'], /there is no option --limt; did you mean --limit\?/],
    [['search', '-outcome:success'], /go behind --/],
    [['search', '--limit'], /--limit needs its value/],
    [['search', '--limit', '--all'], /--limit needs its value/],
    [['search', '--limit='], /--limit needs its value/],
    [['search', '--limit', '1e2'], /whole number, 1 to 1000/],
    [['search', '--limit', '0'], /whole number/],
    [['search', '--limit', '1001'], /whole number/],
    [['search', '--limit', '1', '--limit', '2'], /given twice/],
    [['search', '--order', 'up'], /newest or oldest/],
    [['search', '--all', '--limit', '3'], /exclude each other/],
    [['verify', '--json=yes'], /takes no value/],
    [['verify', '--pin', 'p', '--no-pin'], /exclude each other/],
    [['verify', 'x'], /one word too many/],
    [['get'], /needs \[NODE\] SEQ/],
    [['get', '-1'], /there is no option -1/],
    [['get', '01'], /whole number/],
    [['get', '9007199254740993'], /whole number/],
    [['import'], /needs FILE…/],
    [['import', 'x', '--system', 'xraod'], /did you mean xroad\?/],
    [['serve', '--port', '65536'], /0 to 65535/],
    [['serve', '--log-level', 'loud'], /debug, info/],
  ];
  for (const [argv, message] of cases) {
    test(argv.join(' '), async (t) => {
      const box = new Sandbox(t);
      const { code, out, err } = await box.run(argv);
      assert.equal(code, 2);
      assert.equal(out, '');
      assert.match(err, message);
      assert.match(err, /^tallystick: [^\n]+\n$/, 'one line');
      assert.equal(existsSync(box.data), false, 'nothing is made');
    });
  }

  test('with --json, the error is a document too', async (t) => {
    const ran = await new Sandbox(t).run(['search', '--limit', '0', '--json']);
    assert.equal(ran.code, 2);
    assert.equal(ran.json.error.code, 'USAGE');
  });

  test('before there is a log, reading says how one begins', async (t) => {
    const box = new Sandbox(t);
    for (const argv of [['search', 'x'], ['get', '0'], ['tail'], ['verify'], ['checkpoint'], ['export']]) {
      assert.equal(await box.refused(argv, 2), 'LOG_NOT_FOUND');
      assert.match((await box.run(argv)).err, /tallystick import FILE/);
    }
    assert.equal(existsSync(box.data), false);
  });
});

test('nearest: slips are forgiven, another word is not', () => {
  const names = ['verify', 'serve', 'search', 'get', 'tail', 'index rebuild'];
  assert.equal(nearest('verfiy', names), 'verify');
  assert.equal(nearest('sevre', names), 'serve');
  assert.equal(nearest('ver', names), 'verify');
  assert.equal(nearest('gte', names), 'get');
  assert.equal(nearest('se', names), null, 'two begin so');
  assert.equal(nearest('delete', names), null);
  assert.equal(nearest('', names), null);
});
