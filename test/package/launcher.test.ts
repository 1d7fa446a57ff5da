import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin', import.meta.url));

/** Makes the process that loads it, and no child of it, believe to be Node 20. */
const PRETEND_NODE_20 = `--import "data:text/javascript,${encodeURIComponent(
  `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });
   delete process.env.NODE_OPTIONS;`,
)}"`;

/** A command line that shows what it was started with, then does what its first argument says. */
const CLI = `
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
export async function main(argv) {
  new DatabaseSync(':memory:').close();
  if (argv[0] === 'defect') throw new Error('a defect');
  if (argv[0] === 'killed') process.kill(process.pid, 'SIGKILL');
  if (argv[0] === 'wait') {
    const stop = new Promise((resolve) => process.once('SIGTERM', () => resolve('SIGTERM')));
    const alive = setInterval(() => {}, 1000);
    console.log('ready');
    console.log(await stop);
    clearInterval(alive);
    return 5;
  }
  const started = process.argv[1].replace(/.*[/\\\\]/, '');
  console.log(JSON.stringify({ argv, stdin: await text(process.stdin), parent: process.ppid, started }));
  return 3;
}
`;

let folder: string;
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tallystick-launcher-'));
});
after(() => rmSync(folder, { recursive: true }));

/** An installed package with the real launcher and the command line above; gives the launcher's path. */
function install(name: string, options: { readonly entry?: string; readonly node?: string } = {}): string {
  const root = path.join(folder, name);
  const entry = path.join(root, options.entry ?? 'dist/cli/main.js');
  mkdirSync(path.dirname(entry), { recursive: true });
  cpSync(bin, path.join(root, 'bin'), { recursive: true });
  writeFileSync(path.join(root, 'package.json'), '{"type": "module"}');
  writeFileSync(entry, CLI);
  if (options.node !== undefined) {
    const node = path.join(root, 'node_modules/node');
    mkdirSync(path.join(node, 'bin'), { recursive: true });
    writeFileSync(
      path.join(node, 'package.json'),
      JSON.stringify({ name: 'node', version: options.node, bin: { node: 'bin/node' } }),
    );
    symlinkSync(process.execPath, path.join(node, 'bin/node'));
  }
  return path.join(root, 'bin/tallystick.js');
}

function start(launcher: string, args: readonly string[], old: boolean): ChildProcess {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return spawn(process.execPath, [launcher, ...args], {
    env: old ? { ...env, NODE_OPTIONS: PRETEND_NODE_20 } : env,
  });
}

async function run(launcher: string, args: readonly string[], old = false) {
  const child = start(launcher, args, old);
  child.stdin!.end('from stdin');
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code, signal, pid: child.pid };
}

describe('launcher', () => {
  for (const entry of ['src/cli/main.ts', 'dist/cli/main.js']) {
    test(`runs ${entry} in this process when Node is new enough`, async () => {
      const args = ['search', 'two words', '--json', ''];
      const result = await run(install(`new-${path.extname(entry)}`, { entry }), args);
      const shown = JSON.parse(result.stdout);
      assert.deepEqual(shown, {
        argv: args,
        stdin: 'from stdin',
        parent: process.pid,
        started: 'tallystick.js',
      });
      assert.equal(result.code, 3);
      assert.equal(result.stderr, '');
    });
  }

  test('re-executes with the package `node`, passing arguments, stdio and exit code', async () => {
    const args = ['search', 'two words', '--json', ''];
    const result = await run(install('old', { node: '24.0.0' }), args, true);
    const shown = JSON.parse(result.stdout);
    assert.deepEqual(shown, {
      argv: args,
      stdin: 'from stdin',
      parent: result.pid,
      started: 'tallystick.js',
    });
    assert.equal(result.code, 3);
    assert.equal(result.stderr, '');
  });

  test('the program knows the name of the link that it was started by, whichever Node it is', async (t) => {
    if (process.platform === 'win32') return t.skip('npm makes no links there');
    const launcher = install('link', { node: '24.0.0' });
    const link = path.join(folder, 'tallystick');
    symlinkSync(launcher, link);
    for (const old of [false, true]) {
      assert.equal(JSON.parse((await run(link, ['x'], old)).stdout).started, 'tallystick');
    }
  });

  test('verifies in a process whose memory stays small, whichever Node it is', async () => {
    for (const old of [false, true]) {
      const result = await run(install(`verify-${old}`, { node: '24.0.0' }), ['verify', '--json'], old);
      const { argv, parent } = JSON.parse(result.stdout);
      assert.deepEqual([argv, parent], [['verify', '--json'], result.pid]);
      assert.equal(result.code, 3);
    }
  });

  test('passes a signal on and waits for what comes of it', async () => {
    const child = start(install('signal', { node: '24.0.0' }), ['wait'], true);
    child.stdout!.once('data', () => child.kill('SIGTERM'));
    const [stdout, [code]] = await Promise.all([text(child.stdout!), once(child, 'exit')]);
    assert.equal(stdout, 'ready\nSIGTERM\n');
    assert.equal(code, 5);
  });

  test('ends by the signal that ended the command line', async () => {
    const result = await run(install('killed', { node: '24.0.0' }), ['killed'], true);
    assert.equal(result.signal, 'SIGKILL');
  });

  for (const node of [undefined, '22.9.0']) {
    test(`without a Node that is new enough (package node ${node ?? 'absent'}): one line and exit code 2`, async () => {
      const launcher = install(`none-${node}`, node === undefined ? {} : { node });
      const result = await run(launcher, ['verify'], true);
      assert.equal(result.code, 2);
      assert.equal(result.stdout, '');
      assert.match(result.stderr, /^[^\n]*24[^\n]*20\.1\.0[^\n]*\n$/);
    });
  }

  test('a defect ends with 2, which no verdict uses', async () => {
    const result = await run(install('defect'), ['defect']);
    assert.equal(result.code, 2);
    assert.match(result.stderr, /a defect/);
  });
});
