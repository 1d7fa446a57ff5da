import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Stands in for npm: counts its runs and notes as installed what the lock file asks for, save optional packages. */
const NPM = `
const fs = require('node:fs');
fs.appendFileSync('npm-runs', process.argv[2] + '\\n');
if (fs.existsSync('npm-fails')) process.exit(1);
const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
const kept = Object.entries(packages).filter(([where, p]) => where !== '' && !p.optional);
fs.mkdirSync('node_modules', { recursive: true });
fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages: Object.fromEntries(kept) }));
`;

let clone: string;

beforeEach(() => {
  clone = mkdtempSync(path.join(tmpdir(), 'tallystick-setup-'));
  for (const part of ['bin', 'scripts/setup.js']) {
    cpSync(path.join(root, part), path.join(clone, part), { recursive: true });
  }
  mkdirSync(path.join(clone, 'npm'));
  writeFileSync(path.join(clone, 'npm/cli.cjs'), NPM);
  writeFileSync(path.join(clone, 'package.json'), '{"type": "module"}');
  lock({ a: { integrity: 'sha512-a1' }, other: { integrity: 'sha512-o1', optional: true } });
});
afterEach(() => rmSync(clone, { recursive: true }));

function lock(packages: Readonly<Record<string, object>>): void {
  const named = Object.entries(packages).map(([name, entry]) => [`node_modules/${name}`, entry]);
  const content = { packages: { '': { name: 'tallystick' }, ...Object.fromEntries(named) } };
  writeFileSync(path.join(clone, 'package-lock.json'), JSON.stringify(content));
}

/** Exit code of the set-up, and how often npm has been run until then. */
function setup(): { code: number | null; runs: string[]; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/setup.js'], {
    cwd: clone,
    env: { ...process.env, npm_execpath: path.join(clone, 'npm/cli.cjs') },
    encoding: 'utf8',
  });
  let runs: string[] = [];
  try {
    runs = readFileSync(path.join(clone, 'npm-runs'), 'utf8').trim().split('\n');
  } catch {
    // npm has not been run.
  }
  return { code: status, runs, stderr };
}

describe('setup', () => {
  test('installs on a fresh clone, once', () => {
    assert.deepEqual(setup().runs, ['ci']);
    const again = setup();
    assert.deepEqual(again, { code: 0, runs: ['ci'], stderr: '' });
  });

  test('installs again when the lock file asks for something else', () => {
    setup();
    lock({ a: { integrity: 'sha512-a2' } });
    assert.equal(setup().runs.length, 2);
    lock({ a: { integrity: 'sha512-a2' }, b: { integrity: 'sha512-b1' } });
    assert.equal(setup().runs.length, 3);
  });

  test('stops when npm fails, and tries again the next time', () => {
    writeFileSync(path.join(clone, 'npm-fails'), '');
    const failed = setup();
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /npm ci failed/);
    rmSync(path.join(clone, 'npm-fails'));
    assert.deepEqual(setup().runs, ['ci', 'ci']);
  });
});
