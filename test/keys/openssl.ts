import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const missing: string | undefined =
  spawnSync('openssl', ['version']).error === undefined ? undefined : 'the openssl program is not installed';
assert.ok(process.env.CI === undefined || missing === undefined, `needed here: ${missing}`);

export function openssl(args: readonly string[], dir: string, env: Record<string, string> = {}): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, {
    cwd: dir,
    env: { ...process.env, ...env },
  });
  assert.equal(status, 0, `openssl ${args.join(' ')}: ${stderr}`);
  return `${stdout}${stderr}`;
}

/** A certificate authority of the `openssl` program, in a folder. */
export class Ca {
  readonly #dir: string;
  #issued = 0;

  constructor(dir: string) {
    this.#dir = dir;
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key'];
    openssl(['req', '-x509', ...key, '-out', 'ca.crt', '-subj', '/C=SE/CN=Test CA', '-days', '30'], dir);
  }

  get certificate(): string {
    return readFileSync(join(this.#dir, 'ca.crt'), 'utf8');
  }

  /** Checks a request and issues its certificate (PEM). One that has expired is one day of yesterday's. */
  issue(csr: string, isExpired = false): string {
    const name = `issued-${++this.#issued}`;
    writeFileSync(join(this.#dir, `${name}.csr`), csr);
    const said = openssl(['req', '-in', `${name}.csr`, '-noout', '-verify'], this.#dir);
    assert.match(said, /verify OK/);
    const ca = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${name}.crt`];
    // openssl 3.0 has no way to say from when, but takes days that are over.
    openssl(['x509', '-req', '-in', `${name}.csr`, ...ca, '-days', isExpired ? '-1' : '7'], this.#dir);
    return readFileSync(join(this.#dir, `${name}.crt`), 'utf8');
  }
}

export function base64(text: string | Uint8Array): string {
  return Buffer.from(text).toString('base64');
}
