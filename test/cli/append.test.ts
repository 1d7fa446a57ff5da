import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { assertSafe, draft, ndjson, Sandbox } from './harness.ts';

describe('append', () => {
  test('seals each line, in order, and answers with receipts', async (t) => {
    const box = new Sandbox(t);
    const { lines } = await box.ok(['append', '--json', '--node', 'n1', '--source', 'ci'], {
      stdin: ndjson(3),
    });
    assert.deepEqual(
      lines.map(({ line, receipt }) => [line, receipt.node, receipt.seq, receipt.duplicate]),
      [1, 2, 3].map((n) => [n, 'n1', n, false]),
    );
    const { json } = await box.ok(['get', 'n1', '2', '--json']);
    assert.deepEqual(
      [json.record.source, json.record.actor.name, json.leaf],
      ['ci', 'user1', lines[1].receipt.leaf],
    );
  });

  test('bad lines are named, the others go in', async (t) => {
    const box = new Sandbox(t);
    const good = JSON.stringify(draft(0));
    const bad: readonly [string, string, string | undefined][] = [
      ['junk', 'JSON_INVALID', undefined],
      ['{"a":1,"a":2}', 'JSON_INVALID', undefined],
      [good.replace('{', '{"details":{"n":1.0000000000000000001},'), 'JSON_INVALID', undefined],
      [JSON.stringify(draft(0, { time: 'now' })), 'RECORD_INVALID', 'time'],
      [JSON.stringify(draft(0, { actor: { name: 'a\0b' } })), 'RECORD_INVALID', 'actor.name'],
      [JSON.stringify(draft(0, { actor: { name: '\ud800' } })), 'RECORD_INVALID', 'actor.name'],
      [JSON.stringify(draft(0, { seq: 7 })), 'RECORD_INVALID', 'seq'],
      [JSON.stringify(draft(0, { details: { n: 2 ** 60 } })), 'RECORD_INVALID', 'details.n'],
      [JSON.stringify(draft(0, { system: 'tallystick' })), 'SYSTEM_RESERVED', 'system'],
      ['[1]', 'RECORD_INVALID', ''],
      [good.slice(0, 30), 'JSON_INVALID', undefined],
    ];
    // Between two bad ones a good one, and a blank line; the last line has no end.
    const text = bad.map(([line]) => line).join(`\n${good}\n\r\n`);
    const { code, lines } = await box.run(['append', '--json'], { stdin: text });
    assert.equal(code, 1);
    assert.deepEqual(
      lines.filter(({ error }) => error).map(({ line, error }) => [line, error.code, error.path]),
      bad.map(([, errorCode, path], i) => [1 + 3 * i, errorCode, path]),
    );
    assert.equal(lines.filter(({ receipt }) => receipt).length, bad.length - 1);
    assert.equal((await box.ok(['checkpoint', '--json'])).json.size, bad.length);
  });

  test('invalid UTF-8 and a line beyond all bounds are refused alone', async (t) => {
    const box = new Sandbox(t);
    const [before, after] = [Buffer.from(ndjson(1)), Buffer.from(`\n${ndjson(1)}`)];
    const invalid = Buffer.from([0x22, 0xff, 0x22, 0x0a]);
    const long = Buffer.alloc(64 * 1024 * 1024 + 1, 0x20);
    const { code, lines } = await box.run(['append', '--json'], {
      stdin: Buffer.concat([before, invalid, long, after]),
    });
    assert.equal(code, 1);
    assert.deepEqual(
      lines.map(({ line, error }) => [line, error?.code]),
      [
        [1, undefined],
        [2, 'JSON_INVALID'],
        [3, 'RECORD_TOO_LARGE'],
        [4, undefined],
      ],
    );
  });

  test('a record too large once encoded is refused alone', async (t) => {
    const box = new Sandbox(t);
    const objects = Array.from({ length: 100 }, (_, i) => ({ kind: 'file', id: `${i}`.padEnd(1000, 'x') }));
    const stdin = ndjson(2) + ndjson(1, { objects }) + ndjson(1);
    const { code, lines } = await box.run(['append', '--json'], { stdin });
    assert.equal(code, 1);
    assert.deepEqual(
      lines.map(({ error }) => error?.code),
      [undefined, undefined, 'RECORD_TOO_LARGE', undefined],
    );
  });

  test('a record of many long members goes in; one with a member that is too long is refused alone', async (t) => {
    const box = new Sandbox(t);
    const long = (...sizes: number[]): string =>
      ndjson(1, {
        details: Object.fromEntries(sizes.map((size, i) => [`M${i}`, 'x'.repeat(1_000_000 * size)])),
      });
    const stdin = ndjson(2) + long(9) + ndjson(1) + long(9, 9) + long(17) + ndjson(1);
    const { code, lines, err } = await box.run(['append', '--json'], { stdin });
    assert.equal(code, 1, err);
    assert.deepEqual(
      lines.map(({ line, receipt, error }) => [line, error?.code ?? receipt.seq]),
      [...[1, 2, 3, 4, 5].map((n) => [n, n]), [6, 'RECORD_TOO_LARGE'], [7, 6]],
    );
  });

  test('nobody goes by the source of the log itself', async (t) => {
    const box = new Sandbox(t);
    const refused = box.refused(['append', '--source', 'tallystick'], 1, { stdin: ndjson(1) });
    assert.equal(await refused, 'SYSTEM_RESERVED');
    assert.equal(existsSync(box.data), false);
  });

  test('ids make repetition harmless; other content under one is refused', async (t) => {
    const box = new Sandbox(t);
    await box.fill(1, { id: 'order-1' });
    const { code, lines } = await box.run(['append', '--json'], {
      stdin: ndjson(1, { id: 'order-1' }) + ndjson(1, { id: 'order-1', event: 'OTHER' }),
    });
    assert.equal(code, 1);
    assert.deepEqual(
      [lines[0].receipt.seq, lines[0].receipt.duplicate, lines[1].error.code],
      [1, true, 'ID_REUSED'],
    );
  });

  test('what has come is sealed at once, though the input goes on', { timeout: 20_000 }, async (t) => {
    const box = new Sandbox(t);
    const stdin = new PassThrough();
    let lines = 0;
    // The next line is sent only when the last one has its receipt.
    const onOut = (text: string): void => {
      lines += text.split('\n').length - 1;
      if (lines < 5) stdin.write(ndjson(1));
      else stdin.end();
    };
    stdin.write(ndjson(1));
    await box.ok(['append', '--json'], { stdin, onOut });
    assert.equal(lines, 5);
  });

  test('many lines are taken in few appends, in order', async (t) => {
    const box = new Sandbox(t);
    const { lines } = await box.ok(['append', '--json'], { stdin: ndjson(5_000) });
    assert.deepEqual(
      lines.map(({ line, receipt }) => receipt.seq - line),
      new Array(5_000).fill(0),
    );
    const checkpoints = new Set(lines.map(({ receipt }) => receipt.checkpoint));
    assert.ok(checkpoints.size < 500, `${checkpoints.size} checkpoints`);
  });

  test('Ctrl-C seals what has come and closes', { timeout: 20_000 }, async (t) => {
    const box = new Sandbox(t);
    const stdin = new PassThrough();
    const stop = new AbortController();
    stdin.write(`${ndjson(3)}{"cut`);
    const ran = box.run(['append', '--json'], {
      stdin,
      signal: stop.signal,
      onOut: () => stop.abort('SIGINT'),
    });
    assert.equal((await ran).code, 130);
    assert.equal((await box.ok(['checkpoint', '--json'])).json.size, 4);
    await box.fill(1);
  });

  test('Ctrl-C is told in words, with the last line that was taken', { timeout: 20_000 }, async (t) => {
    const box = new Sandbox(t);
    const stdin = new PassThrough();
    const stop = new AbortController();
    stdin.write(`${ndjson(1)}\n{"cut`);
    const ran = box.run(['append', '--node', 'n1'], { stdin, signal: stop.signal });
    const sealed = async (): Promise<boolean> => {
      const { code, out } = await box.run(['checkpoint', '--json']);
      return code === 0 && JSON.parse(out).size === 2;
    };
    while (!(await sealed())) await new Promise(setImmediate);
    stop.abort('SIGINT');
    const { code, out } = await ran;
    assert.equal(code, 130);
    assert.equal(out, '1 record sealed: n1/1; interrupted behind line 1\n');
  });

  test('says in words what it did', async (t) => {
    const box = new Sandbox(t);
    const { code, out, err } = await box.run(['append', '--node', 'n1'], {
      stdin: `${ndjson(2)}{"a\x1b[31m":1}\n`,
    });
    assert.equal(code, 1);
    assert.equal(out, '2 records sealed: n1/1 to 2; 1 refused\n');
    assert.match(err, /^line 3: JSON_INVALID: /);
    assertSafe(err);
  });
});
