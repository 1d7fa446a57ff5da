import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { bundleVerifier, type Verifier } from '../../scripts/verifier.ts';
import { formatPin } from '../../src/checkpoint/mod.ts';
import type { verifyEvidenceFile } from '../../src/verifier/file.ts';
import { embedEvidence } from '../../src/verifier/file.ts';
import { edited, evidenceOf } from '../evidence/fixture.ts';
import { root } from '../package/sources.ts';
import { BuiltLog, makeRecord, VKEY } from '../verify/built-log.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tallystick-bundle-'));
let built: Verifier;
let log: BuiltLog;
let text: string;

function saved(name: string, content: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

describe('the verifier in one file', () => {
  before(async () => {
    built = await bundleVerifier();
    log = await BuiltLog.build(300);
    ({ text } = await evidenceOf(log, [7, 299]));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('is built alike each time, wherever the checkout is', () => {
    const copy = path.join(folder, 'elsewhere', 'a checkout');
    mkdirSync(path.join(copy, 'scripts'), { recursive: true });
    for (const each of ['src', 'platform', 'package.json', 'scripts/verifier.ts']) {
      cpSync(path.join(root, each), path.join(copy, each), { recursive: true });
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
    const { stdout, stderr, status } = spawnSync(process.execPath, ['scripts/verifier.ts'], {
      cwd: copy,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const digests = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('  ').slice(0, 2));
    assert.deepEqual(digests, [
      [sha256(built.js), 'tallystick-verify.js'],
      [sha256(built.html), 'tallystick-verify.html'],
    ]);
  });

  test('needs nothing beside it, and its page asks for nothing', () => {
    const says = (text: string, what: RegExp): string | undefined => what.exec(text)?.[0];
    assert.equal(says(built.js, /\bimport ?[{*(]|\bimport ?["'][^"']*["'];|\brequire\(|\}from"/), undefined);
    const asking = /\bfetch\b|XMLHttpRequest|WebSocket|sendBeacon|innerHTML|\beval\b|new Function/;
    assert.equal(says(built.html, asking), undefined);
    assert.equal(says(built.html, /<(?:link|img|iframe|base)\b|\s(?:src|href)="(?!#)/), undefined);
    const csp =
      /content="default-src 'none'; script-src '(\S+)'; style-src '(\S+)'; base-uri 'none'; form-action 'none'"/;
    const [, script, style] = csp.exec(built.html) ?? [];
    for (const [tag, hash] of [
      ['script type="module"', script],
      ['style', style],
    ] as const) {
      const [, inside] = new RegExp(`<${tag}>(.*?)</${tag.split(' ')[0]}>`, 's').exec(built.html) ?? [];
      assert.equal(
        hash,
        `sha256-${createHash('sha256')
          .update(inside as string)
          .digest('base64')}`,
      );
    }
  });

  test('names its licence, and has that of what is in it', () => {
    for (const each of [built.js, built.html]) {
      assert.ok(each.includes('Apache-2.0'));
      assert.ok(
        each.includes('Copyright (c) 2022 Paul Miller') && each.includes('WITHOUT WARRANTY OF ANY KIND'),
      );
    }
  });

  test('is a program for Node', async () => {
    const program = saved('tallystick-verify.js', built.js);
    const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', cwd: folder });
    const file = saved('evidence.json', text);
    const page = saved('evidence.html', embedEvidence(built.html, text));
    const pin = saved('pin.json', formatPin(log.pin()));
    const good = run(file);
    assert.equal(good.status, 0, good.stderr);
    assert.match(good.stdout, /^Verified: 2 records are as sealed\n/m);
    assert.match(good.stdout, /keys that the file itself names/);
    const pinned = run(page, pin);
    assert.equal(pinned.status, 0, pinned.stderr);
    assert.match(pinned.stdout, /stands on a pin that you gave/);
    assert.ok(pinned.stdout.includes(sha256(built.html)), 'the page is the one that was built');
    const later = run(file, saved('later.json', formatPin((await BuiltLog.build(400, 100)).pin())));
    assert.equal(later.status, 2, later.stderr);
    assert.match(
      later.stdout,
      /^Signed by the keys of your pin; not compared with it: 2 records are as sealed\n/m,
    );
    const altered = saved('altered.json', text.replace('EVENT_7', 'EVENT_8'));
    const bad = run(altered, '--json');
    assert.equal(bad.status, 1);
    const { report } = JSON.parse(bad.stdout);
    assert.deepEqual(
      report.logs[0].findings.map(({ code, from, to }: { code: string; from: number; to: number }) => [
        code,
        from,
        to,
      ]),
      [['altered', 7, 8]],
    );
    const range = { from: 5, to: 9, since: null, until: null };
    const gaps = saved(
      'gaps.json',
      edited(text, ({ logs: [it] }) => (it.range = range)),
    );
    const { stdout } = run(gaps);
    assert.match(stdout, /FAIL {3}missing: records 5 to 6: sealed, but not there\n/);
    assert.match(stdout, /FAIL {3}missing: record 8: sealed, but not there\n/);
    assert.equal(run(file, '--complete').status, 1);
    for (const args of [[], ['--what', file], ['nothing.json'], [file, file]]) {
      const wrong = run(...args);
      assert.equal(wrong.status, 2, args.join(' '));
      assert.notEqual(wrong.stderr, '');
      assert.doesNotMatch(wrong.stderr, /\n {4}at /);
    }
  });

  test('says of what evidence is, and holds it against everything given', async () => {
    const program = saved('said.js', built.js);
    const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', cwd: folder });
    const hostile = '\u001b[2J\u202e\u009b';
    const named = (seq: number) => makeRecord(seq, seq === 1 ? { actor: { name: `eve${hostile}` } } : {});
    const own = await BuiltLog.build(60, 60, undefined, named);
    const made = { query: `event:EVENT_1${' '.repeat(3_000)}outcome:success`, by: `Eve${hostile}` };
    const range = { from: 0, to: 60, since: null, until: null };
    const file = saved('said.json', (await evidenceOf(own, null, { range }, made)).text);
    const said = run(file).stdout;
    assert.match(
      said,
      /^node-1\/1 {2}2026-.* UTC {2}success {2}signserver {2}EVENT_1 {2}eve\\x1b\[2J\\u\{202e\}/,
    );
    assert.match(said, /by Eve\\x1b\[2J.*, with tallystick test\n/);
    assert.match(said, /the query was: event:EVENT_1 \[…3,000 blanks…\] outcome:success\n/);
    for (const text of [said, run(file, '--json').stdout]) {
      assert.doesNotMatch(text, /[^\P{C}\n]/u, 'nothing that a terminal acts upon');
    }
    const [pin, root] = [
      saved('own.pin', formatPin(own.pin())),
      saved('root.pem', rootCertificates[0] as string),
    ];
    const other = await BuiltLog.build(60, 60, undefined, (seq) => makeRecord(seq, { event: 'OTHER' }));
    const foreign = saved('other.pin', formatPin(other.pin()));
    for (const pins of [
      [pin, foreign],
      [foreign, pin],
    ]) {
      const { status, stdout } = run(file, ...pins);
      assert.equal(status, 1, stdout);
      assert.match(stdout, /FAIL {3}split-view: /);
    }
    const undated = run(file, root);
    assert.equal(undated.status, 1);
    assert.match(undated.stdout, /FAIL {3}not-dated: /);
    const [one, two] = ['one', 'two'].map((name) => saved(`${name}.policy`, 'quorum none\n')) as [
      string,
      string,
    ];
    const twice = run(file, one, two);
    assert.equal(twice.status, 2);
    assert.match(twice.stderr, /two policies were given/);
  });

  test('is a module', async () => {
    const address = pathToFileURL(saved('module.js', built.js)).href;
    const verifier = (await import(address)) as { verifyEvidenceFile: typeof verifyEvidenceFile };
    const { report } = await verifier.verifyEvidenceFile(text, { keys: [VKEY] });
    assert.deepEqual([report.verdict, report.logs[0]?.trust], ['intact', 'given-key']);
    for (const name of ['verifyLog', 'parsePin', 'parseVkey', 'verifyInclusion', 'verifyEvidence']) {
      assert.ok(name in verifier, name);
    }
  });
});
