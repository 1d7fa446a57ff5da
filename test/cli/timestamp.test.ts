import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { OpensslAuthority } from '../timestamps/support/openssl.ts';
import { ca, type Holder, stamper } from '../timestamps/support/pki.ts';
import { answering, serve, type TestServer } from '../timestamps/support/server.ts';
import { prepared, type Sandbox } from './harness.ts';

const RECORD = JSON.stringify({
  system: 'signserver',
  event: 'KEYGEN',
  outcome: 'success',
  time: 1_790_000_000_000,
});

let root: Holder;
const current: { current: OpensslAuthority } = { current: null as never };
let server: TestServer;

before(async () => {
  root = await ca('Root');
  current.current = new OpensslAuthority(await stamper('Stamps', root), []);
  server = await serve(answering(current));
});
after(async () => {
  current.current.remove();
  await server.close();
});

async function begin(box: Sandbox): Promise<void> {
  await box.ok(['append', '--node', 'ca1'], { stdin: `${RECORD}\n` });
  writeFileSync(box.at('root.pem'), root.pem);
}

const sandbox = prepared(begin);

/** A log dated once. */
const dated = prepared(async (box) => {
  await begin(box);
  await box.ok(['timestamp', 'add', server.url, '--root', 'root.pem']);
  await box.ok(['timestamp', 'now']);
});

/** Changes what the log keeps of its time stamps, behind its back. */
function tamper(box: Sandbox, change: (value: string) => string): void {
  const database = new DatabaseSync(join(box.data, 'log.db'));
  const [row] = database.prepare(`SELECT key, value FROM state WHERE key LIKE '%/token/%'`).all();
  assert.ok(row);
  database
    .prepare('UPDATE state SET value = ? WHERE key = ?')
    .run(change(String(row.value)), row.key as string);
  database.close();
}

test('status says how old the newest is, whether a server runs or not', async (t) => {
  const box = await dated(t);
  const stop = new AbortController();
  const began = Promise.withResolvers<void>();
  const argv = ['serve', '--port', '0', '--json', '--log-level', 'silent'];
  const told = async (): Promise<readonly [boolean, string]> => {
    const { json } = await box.ok(['status', '--json']);
    const check = json.checks.find(({ name }: { name: string }) => name === 'timestamps');
    return [json.server, `${check.state}: ${check.detail}`];
  };
  const detail = /^ok: dated by 1 of 1 authorities; the newest time stamp is \d+ seconds? old$/;
  const [alone, without] = await told();
  const serving = box.run(argv, { signal: stop.signal, onOut: () => began.resolve() });
  await Promise.race([began.promise, serving]);
  const [served, within] = await told();
  stop.abort('SIGTERM');
  await serving;
  assert.deepEqual([alone, served], [false, true]);
  assert.match(without, detail);
  assert.match(within, detail);
});

describe('what time stamps bound', () => {
  test('get shows it of the records it covers, and of no other', async (t) => {
    const box = await dated(t);
    const shown = await box.run(['get', '1']);
    assert.match(shown.out, /\nexisted by {3}20\d\d-.* says CN=Stamps \(time stamp over 3 records\)\n/);
    const { bound, record } = (await box.run(['get', '1', '--json'])).json;
    assert.deepEqual([bound.size, bound.by, bound.trust], [3, 'CN=Stamps', 'given-root']);
    assert.ok(bound.notLaterThan >= record.logged);
    assert.equal((await box.run(['get', '3', '--json'])).json.bound, null);
  });

  test('verify holds the log against it, on given roots or those that are set', async (t) => {
    const box = await dated(t);
    const set = await box.run(['verify']);
    assert.equal(set.code, 0, set.out);
    assert.match(
      set.out,
      /1 time stamp verified, trust: the roots that the log itself is set to; the first 3 records/,
    );
    const given = await box.run(['verify', '--timestamp-root', 'root.pem', '--json']);
    const { roots, verified, untrusted, bad, newest } = given.json.timestamps;
    assert.deepEqual([roots, verified, untrusted, bad, newest.size], ['given', 1, 0, [], 3]);
    assert.deepEqual(given.json.findings, []);
    writeFileSync(box.at('other.pem'), (await ca('Other')).pem);
    const other = await box.run(['verify', '--timestamp-root', 'other.pem']);
    assert.equal(other.code, 1);
    assert.match(other.out, /^intact(?:.|\n)*no time stamp that holds leads to the root given/);
    assert.match(other.out, /not checked: whom 1 time stamp comes from/);
  });

  test('a published copy brings them along', async (t) => {
    const box = await dated(t);
    await box.ok(['log', 'publish', 'out']);
    const { json } = await box.ok(['verify', '--published', 'out', '--timestamp-root', 'root.pem', '--json']);
    assert.deepEqual([json.timestamps.roots, json.timestamps.verified, json.findings], ['given', 1, []]);
    const [bound] = json.dated;
    assert.deepEqual([bound.size, bound.by], [3, 'CN=Stamps']);
    assert.deepEqual((await box.ok(['verify', '--json'])).json.dated, json.dated);
  });

  test('a root that was named and is not met is said, of a log without any, too', async (t) => {
    const box = await sandbox(t);
    await box.ok(['verify']);
    const none = await box.run(['verify', '--timestamp-root', 'root.pem']);
    assert.equal(none.code, 1);
    assert.match(none.out, /^intact(?:.|\n)*no time stamp that holds leads to the root given/);
  });

  test('of evidence, a root that was named and is not met is said', async (t) => {
    const box = await dated(t);
    writeFileSync(box.at('other.pem'), (await ca('Other')).pem);
    await box.ok(['evidence', 'create', '1', '-o', 'dated.json']);
    await box.ok(['append'], { stdin: `${RECORD}\n` });
    const verify = (root: string): string[] => ['evidence', 'verify', 'dated.json', '--timestamp-root', root];
    const met = await box.ok(verify('root.pem'));
    assert.match(met.out, /1 time stamp/);
    assert.doesNotMatch(met.out, /no time stamp/);
    const other = await box.run(verify('other.pem'));
    assert.equal(other.code, 1);
    assert.match(
      other.out,
      /FAIL {3}not-dated: no time stamp here that holds leads to a root certificate given/,
    );
    assert.doesNotMatch(other.out, /Checked: [^\n]*1 time stamp/);
    assert.equal((await box.run([...verify('other.pem'), '--json'])).json.verdict, 'not-intact');
    // Of the newest record there is none.
    const undated = (await box.ok(['checkpoint', '--json'])).json.size - 1;
    await box.ok(['evidence', 'create', String(undated), '-o', 'undated.json']);
    const without = await box.run(['evidence', 'verify', 'undated.json', '--timestamp-root', 'root.pem']);
    assert.equal(without.code, 1, without.out);
    assert.match(without.out, /not-dated: /);
  });

  test('a token that was changed is false, and the log stands', async (t) => {
    const box = await dated(t);
    tamper(box, (value) =>
      value.replace(/("token":".{400})(.)/, (_, before, one) => `${before}${one === 'A' ? 'B' : 'A'}`),
    );
    const ran = await box.run(['verify']);
    assert.equal(ran.code, 1);
    assert.match(ran.out, /^intact/);
    assert.match(ran.out, /FALSE {2}the kept time stamp over 3 records does not hold: /);
    assert.equal((await box.run(['get', '1', '--json'])).json.bound, null);
    tamper(box, () => '{}');
    assert.match((await box.run(['verify'])).out, /FALSE {2}a kept time stamp does not hold: malformed/);
  });
});

describe('timestamp', () => {
  test('add, now, list, remove', async (t) => {
    const box = await sandbox(t);
    const empty = await box.run(['timestamp', 'now']);
    assert.equal(empty.code, 1);
    assert.match(empty.out, /No time stamp authority is set/);
    const added = await box.run(['timestamp', 'add', server.url, '--root', 'root.pem']);
    assert.equal(added.code, 0, added.err);
    const now = await box.run(['timestamp', 'now']);
    assert.equal(now.code, 0, now.err);
    assert.match(now.out, /3 records existed by 20.* says CN=Stamps\n/);
    const list = await box.run(['timestamp', 'list', '--json']);
    const [status] = list.json.authorities;
    assert.deepEqual(
      [status.url, status.tokens, status.newest.size, status.failing],
      [server.url, 1, 3, null],
    );
    assert.match((await box.run(['timestamp', 'list'])).out, /1 time stamp, the newest of/);
    assert.equal((await box.run(['timestamp', 'remove', server.url])).code, 0);
    assert.deepEqual((await box.run(['timestamp', 'list', '--json'])).json, { authorities: [] });
    const record = await box.run(['get', '3', '--json']);
    assert.equal(record.json.record.event, 'AUDIT_LOG_SIGNING');
    const set = await box.run(['get', '2', '--json']);
    assert.match(set.json.record.actor.name, /^CLI user/);
  });

  test('what an authority does wrong is said, and exit code 1', async (t) => {
    const box = await sandbox(t);
    const other = await ca('Other');
    writeFileSync(box.at('other.pem'), other.pem);
    await box.run(['timestamp', 'add', server.url, '--root', 'other.pem']);
    const now = await box.run(['timestamp', 'now']);
    assert.equal(now.code, 1);
    assert.match(
      now.out,
      /FAIL {2}the time stamp of .* does not hold: its certificates lead to none of the roots/,
    );
    assert.match((await box.run(['timestamp', 'list'])).out, /no time stamp yet/);
  });

  test('bad addresses, roots and policies are refused', async (t) => {
    const box = await sandbox(t);
    for (const args of [
      ['ftp://tsa/'],
      ['http://user:secret@tsa/'],
      ['http://tsa/', '--root', 'missing.pem'],
      ['http://tsa/', '--policy', 'x'],
    ]) {
      const ran = await box.run(['timestamp', 'add', ...args]);
      assert.equal(ran.code, 2, args.join(' '));
      assert.doesNotMatch(ran.err, /secret/);
    }
  });
});
