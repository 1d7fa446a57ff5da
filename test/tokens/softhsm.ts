import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';

/** SoftHSM2 (Debian package `softhsm2`): a device in a folder. */

const LIBRARIES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];
const found = LIBRARIES.find((path) => existsSync(path));
const hasModule = await import('pkcs11js').then(
  () => true,
  () => false,
);

export const LIBRARY: string = found ?? 'libsofthsm2.so';

/** Why tests with a device cannot run here; undefined when they can. */
export const missing: string | undefined =
  found === undefined || spawnSync('softhsm2-util', ['--version']).error !== undefined
    ? 'SoftHSM2 is not installed (Debian: apt-get install softhsm2)'
    : hasModule
      ? undefined
      : 'pkcs11js is not installed or was not compiled (Debian: apt-get install python3 make g++; npm ci)';
assert.ok(process.env.CI === undefined || missing === undefined, `needed here: ${missing}`);

export const PIN = 'usr-471147';
export const SO_PIN = 'so-08150815';

/**
 * The folder of this process's tokens. The library reads its settings when it is initialised, once for a process:
 * each test file has one folder, and its tests tokens in it that differ by label.
 */
export class SoftHsm {
  #root = '';
  #tokens = 0;

  constructor() {
    before(() => {
      this.#root = mkdtempSync(join(tmpdir(), 'tallystick-hsm-'));
      mkdirSync(this.#folder);
      const conf = join(this.#root, 'softhsm2.conf');
      const settings = [
        `directories.tokendir = ${this.#folder}`,
        'objectstore.backend = file',
        'log.level = ERROR',
      ];
      writeFileSync(conf, `${settings.join('\n')}\n`);
      process.env.SOFTHSM2_CONF = conf;
    });
    after(() => rmSync(this.#root, { recursive: true, force: true }));
  }

  /** Makes a token; answers its label. */
  make(label = `token-${++this.#tokens}`): string {
    const pins = ['--pin', PIN, '--so-pin', SO_PIN];
    const { status, stderr } = spawnSync('softhsm2-util', [
      '--init-token',
      '--free',
      '--label',
      label,
      ...pins,
    ]);
    assert.equal(status, 0, String(stderr));
    return label;
  }

  /** Destroys all tokens: the library looks at each of them when it is initialised. */
  clear(): void {
    rmSync(this.#folder, { recursive: true });
    mkdirSync(this.#folder);
  }

  /** Takes all tokens away, as when a device is unplugged. */
  takeAway(): void {
    renameSync(this.#folder, `${this.#folder}.away`);
    mkdirSync(this.#folder);
  }

  giveBack(): void {
    rmSync(this.#folder, { recursive: true });
    renameSync(`${this.#folder}.away`, this.#folder);
  }

  get #folder(): string {
    return join(this.#root, 'tokens');
  }
}
