import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { indexRow } from '../../../src/catalog/row.ts';
import { IndexError } from '../../../src/errors.ts';
import { DuckDbIndex } from '../../../src/index/duckdb/mod.ts';
import { stride } from '../../runs.ts';
import { collectRows } from '../contract.ts';
import { bundle, records } from '../samples.ts';

const unavailable = { name: IndexError.name, code: 'INDEX_UNAVAILABLE' };
const module = fileURLToPath(new URL('../../../src/index/duckdb/mod.ts', import.meta.url));
const root = mkdtempSync(path.join(tmpdir(), 'tallystick-index-'));
after(() => rmSync(root, { recursive: true }));

const [log = []] = fc.sample(records('n1', { min: 300, max: 300 }), { numRuns: 1, seed: 7 });
/** How a file of DuckDB is laid out, bytes. */
const HEADERS = 3 * 4_096;
const BLOCK = 262_144;

const all = { kind: 'all' } as const;

let places = 0;
function place(): string {
  return path.join(root, String(places++), 'index', 'records.duckdb');
}

/** A closed index that holds the log. */
const master = path.join(root, 'master.duckdb');
const made = await DuckDbIndex.open({ path: master });
await made.add('n1', 0, bundle(log));
await made.close();

function filled(): string {
  const file = place();
  mkdirSync(path.dirname(file), { recursive: true });
  cpSync(master, file);
  return file;
}

describe('an index file', () => {
  test('is made with its directory, and keeps what was added', async () => {
    const file = place();
    const first = await DuckDbIndex.open({ path: file });
    assert.deepEqual(first.opened, { state: 'new', reason: null });
    await first.add('n1', 0, bundle(log.slice(0, 100)));
    await first.close();
    assert.deepEqual(readdirSync(path.dirname(file)), ['records.duckdb']);

    const second = await DuckDbIndex.open({ path: file });
    assert.deepEqual(second.opened, { state: 'existing', reason: null });
    assert.equal(await second.position('n1'), 100);
    await second.add('n1', 100, bundle(log.slice(100)));
    await second.close();

    const third = await DuckDbIndex.open({ path: file });
    assert.deepEqual(
      await collectRows(third.rows('n1', 0, 1_000)),
      log.map((record) => indexRow(record)),
    );
    assert.equal(await third.count(all, new Map([['n1', 300]])), 300);
    await third.close();
  });

  test('larger than a batch, a page and what is remembered comes back whole', async () => {
    const index = await DuckDbIndex.open({ path: place() });
    // Long texts, so that few of them are remembered.
    const many = Array.from({ length: 22_000 }, (_, seq) => ({
      ...log[seq % 300]!,
      seq,
      logged: seq,
      objects: [{ kind: 'file', id: `${'x'.repeat(900)}${seq % 20_000}` }],
      correlation: seq % 3 ? `free-${seq}` : seq.toString(16).padStart(32, '0'),
    }));
    for (let from = 0; from < many.length; from += 7_000) {
      await index.add('n1', from, bundle(many.slice(from, from + 7_000)));
    }
    let seq = 0;
    for await (const rows of index.rows('n1', 0, many.length)) {
      for (const row of rows) assert.deepEqual(row, indexRow(many[seq++]!));
    }
    assert.equal(seq, many.length);
    const filter = { kind: 'object', object: 'file', pattern: 'X*x123', wildcard: true } as const;
    const hits = await index.search({ filter, through: new Map([['n1', seq]]), order: 'oldest', limit: 10 });
    assert.deepEqual(
      hits.map((hit) => hit.seq),
      [123, 20_123],
    );
    await index.close();
  });

  test('open elsewhere is refused, and left as it is', async () => {
    const file = filled();
    const index = await DuckDbIndex.open({ path: file });
    await assert.rejects(DuckDbIndex.open({ path: path.relative('.', file) }), unavailable);
    const url = JSON.stringify(pathToFileURL(module).href);
    const script = `const { DuckDbIndex } = await import(${url});
      try { await DuckDbIndex.open({ path: ${JSON.stringify(file)} }); } catch (error) { console.log(error.code, error.message); }`;
    const other = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    assert.match(other.stdout, new RegExp(`^INDEX_UNAVAILABLE .*process ${process.pid}\\b`), other.stderr);
    assert.equal(await index.count(all, new Map([['n1', 300]])), 300);
    await index.close();
    await (await DuckDbIndex.open({ path: file })).close();
  });

  test('that is a database of somebody else is refused, and left as it is', async () => {
    const file = path.join(root, 'foreign.duckdb');
    await database(file, 'CREATE TABLE accounts AS SELECT 7 AS x');
    const before = readFileSync(file);
    await assert.rejects(DuckDbIndex.open({ path: file }), unavailable);
    assert.deepEqual(readFileSync(file), before);
  });

  test('that cannot be made is reported', async () => {
    const file = path.join(root, 'occupied');
    writeFileSync(file, '');
    await assert.rejects(DuckDbIndex.open({ path: path.join(file, 'records.duckdb') }), unavailable);
    mkdirSync(path.join(root, 'directory.duckdb'));
    await assert.rejects(DuckDbIndex.open({ path: path.join(root, 'directory.duckdb') }), unavailable);
    assert.ok(existsSync(path.join(root, 'directory.duckdb')));
  });
});

describe('a file that is no use', () => {
  const damages: readonly (readonly [string, (file: string) => void])[] = [
    ['empty', (file) => writeFileSync(file, '')],
    ['text', (file) => writeFileSync(file, 'not a database\n'.repeat(2_000))],
    ['cut short', (file) => truncateSync(file, 20_000)],
    ['overwritten in its header', (file) => overwrite(file, 4_096)],
    ['overwritten in its catalog', (file) => overwrite(file, 12_288)],
    ['of another version', (file) => writeFileSync(file, readFileSync(otherVersion))],
    ['never written to', (file) => writeFileSync(file, readFileSync(blank))],
  ];
  const otherVersion = path.join(root, 'other-version.duckdb');
  const blank = path.join(root, 'blank.duckdb');

  test('(made for these tests)', async () => {
    await database(otherVersion, "CREATE TABLE about AS SELECT '0.0' AS version");
    await database(blank, 'CHECKPOINT');
  });

  for (const [name, damage] of damages) {
    test(`${name}, is replaced by an empty one`, async () => {
      const file = filled();
      damage(file);
      const index = await DuckDbIndex.open({ path: file });
      assert.equal(index.opened.state, 'replaced');
      assert.ok(index.opened.reason);
      assert.equal(await index.position('n1'), 0);
      await index.add('n1', 0, bundle(log));
      assert.equal(await index.count(all, new Map([['n1', 300]])), 300);
      await index.close();
    });
  }

  test('rows that are missing are noticed when it is opened', async () => {
    const file = filled();
    await database(file, 'DELETE FROM rows WHERE seq = 17');
    const index = await DuckDbIndex.open({ path: file });
    assert.equal(index.opened.state, 'replaced');
    await index.close();
  });

  test('damaged in any block, it is replaced or says so, and is never believed', async () => {
    const many = Array.from({ length: 20_480 }, (_, seq) => {
      const hash = createHash('sha256').update(String(seq)).digest('hex');
      return { ...log[seq % 300]!, seq, signature: { hash } };
    });
    const whole = place();
    const index = await DuckDbIndex.open({ path: whole });
    await index.add('n1', 0, bundle(many));
    await index.close();
    const bytes = readFileSync(whole);
    let reported = 0;
    for (let at = HEADERS + BLOCK / 3; at < bytes.length; at += BLOCK * stride(3)) {
      const file = place();
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, bytes.with(at, bytes[at]! ^ 1));
      const damaged = await DuckDbIndex.open({ path: file });
      if (damaged.opened.state === 'existing') {
        const rows = await collectRows(damaged.rows('n1', 0, 20_480)).catch((error) => error);
        if (rows instanceof IndexError) {
          reported++;
          await damaged.reset();
          assert.equal(await damaged.position('n1'), 0);
          await damaged.add('n1', 0, bundle(log));
          assert.deepEqual(
            await collectRows(damaged.rows('n1', 0, 300)),
            log.map((record) => indexRow(record)),
          );
        } else
          assert.deepEqual(
            rows,
            many.map((record) => indexRow(record)),
          );
      }
      await damaged.close();
    }
    assert.ok(reported > 0);
  });
});

describe('an index whose process is killed', () => {
  test('holds a first part of each log', async () => {
    const file = place();
    const pieces = path.join(root, 'pieces');
    writeFileSync(pieces, bundle(log));
    const script = `import { readFileSync } from 'node:fs';
      const { DuckDbIndex } = await import(${JSON.stringify(pathToFileURL(module).href)});
      const { bundleEntries, encodeBundle } = await import(${JSON.stringify(new URL('../../../src/merkle/mod.ts', import.meta.url).href)});
      const entries = bundleEntries(readFileSync(${JSON.stringify(pieces)}));
      const index = await DuckDbIndex.open({ path: ${JSON.stringify(file)} });
      for (let at = 0; at < 300; at += 10) {
        await index.add('n1', at, encodeBundle(entries.slice(at, at + 10)));
        await index.count({ kind: 'all' }, new Map([['n1', at]]));
        if (at === 100) console.log('far enough');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const index = await DuckDbIndex.open({ path: file });
    assert.equal(index.opened.state, 'existing');
    const position = await index.position('n1');
    assert.ok(position >= 100 && position <= 300);
    assert.deepEqual(
      await collectRows(index.rows('n1', 0, 300)),
      log.slice(0, position).map((record) => indexRow(record)),
    );
    await index.add('n1', position, bundle(log.slice(position)));
    assert.equal(await index.count(all, new Map([['n1', 300]])), 300);
    await index.close();
  });
});

test('a write that fails takes the position back to what the file holds', () => {
  const file = place();
  const script = `const { DuckDbIndex } = await import(${JSON.stringify(pathToFileURL(module).href)});
    const { bundle } = await import(${JSON.stringify(new URL('../samples.ts', import.meta.url).href)});
    const { randomBytes } = await import('node:crypto');
    const index = await DuckDbIndex.open({ path: ${JSON.stringify(file)} });
    const record = (seq) => ({ v: 1, node: 'n1', seq, logged: seq, time: seq, system: 'x', source: 's', event: 'e',
      outcome: 'success', signature: { hash: randomBytes(32).toString('hex') } });
    let at = 0;
    try {
      for (;; at += 5_000) await index.add('n1', at, bundle(Array.from({ length: 5_000 }, (_, i) => record(at + i))));
    } catch (error) {
      const position = await index.position('n1');
      let rows = 0;
      for await (const page of index.rows('n1', 0, position)) for (const row of page) if (row.seq === rows) rows++;
      console.log(JSON.stringify({ code: error.code, isBack: position <= at, isWhole: position === rows && rows > 0 }));
    }
    await index.close().catch(() => {});`;
  // Files may grow to 4 MB.
  const limited = `ulimit -f 4000; exec "$0" --input-type=module -e "$1"`;
  const child = spawnSync('bash', ['-c', limited, process.execPath, script], { encoding: 'utf8' });
  assert.equal(child.stdout, '{"code":"INDEX_UNAVAILABLE","isBack":true,"isWhole":true}\n', child.stderr);
});

describe('the worker', () => {
  test('once closed, refuses every call', async () => {
    const index = await DuckDbIndex.open({ path: place() });
    await index.close();
    await assert.rejects(index.position('n1'), unavailable);
    await assert.rejects(index.add('n1', 0, bundle(log)), unavailable);
    await assert.rejects(collectRows(index.rows('n1', 0, 1)), unavailable);
    await index.close();
  });

  test('that dies takes the calls under way and all later ones with it', async () => {
    const index = await DuckDbIndex.open({ path: place() });
    // Not what its type says: a defect, which the worker does not survive.
    const dying = index.count(all, {} as never);
    const waiting = index.count(all, new Map());
    await assert.rejects(dying, unavailable);
    await assert.rejects(waiting, unavailable);
    await assert.rejects(index.position('n1'), unavailable);
    await index.close();
  });

  test('does not keep a process alive that forgot to close', () => {
    const script = `const { DuckDbIndex } = await import(${JSON.stringify(pathToFileURL(module).href)});
      const index = await DuckDbIndex.open({ path: ${JSON.stringify(place())} });
      console.log(await index.position('n1'));`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    assert.equal(child.stdout, '0\n', child.stderr);
    assert.equal(child.status, 0);
  });
});

test('without the optional package the error says what to install', () => {
  // The sources alone, in a place from which no package is found.
  const copy = path.join(root, 'bare');
  for (const part of ['src', 'platform', 'package.json']) {
    cpSync(fileURLToPath(new URL(`../../../${part}`, import.meta.url)), path.join(copy, part), {
      recursive: true,
    });
  }
  const script = `const { DuckDbIndex } = await import('./src/index/duckdb/mod.ts');
    try { await DuckDbIndex.open({ path: 'x/records.duckdb' }); } catch (error) { console.log(error.code, error.message); }`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: copy,
    encoding: 'utf8',
  });
  assert.match(child.stdout, /^INDEX_UNAVAILABLE .*npm install @duckdb\/node-api/, child.stderr);
  assert.equal(existsSync(path.join(copy, 'x')), false);
});

function overwrite(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes.fill(0xa5, at, at + 512);
  writeFileSync(file, bytes);
}

/** Runs SQL on a file in a process of its own, whose locks end with it. */
async function database(file: string, sql: string): Promise<void> {
  const script = `const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(${JSON.stringify(file)});
    await (await instance.connect()).run(${JSON.stringify(sql)});`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    encoding: 'utf8',
  });
  assert.equal(child.status, 0, child.stderr);
}
