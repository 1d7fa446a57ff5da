import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Holder } from './pki.ts';

const run = promisify(execFile);

export interface Settings {
  readonly digest?: 'sha256' | 'sha384' | 'sha512';
  /** What names the signer's certificate: sha1 makes an ESSCertID, others an ESSCertIDv2. */
  readonly ess?: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly accuracy?: string;
  readonly precision?: number;
}

/** A time stamp authority of OpenSSL's. */
export class OpensslAuthority {
  readonly dir: string;

  /** @param chain certificates that it sends along. */
  constructor(signer: Holder, chain: readonly Holder[], settings: Settings = {}) {
    const { digest = 'sha256', ess = 'sha256', accuracy, precision = 0 } = settings;
    this.dir = mkdtempSync(join(tmpdir(), 'tallystick-tsa-'));
    this.#write('key.pem', signer.keyPem);
    this.#write('cert.pem', signer.pem);
    this.#write('chain.pem', chain.map(({ pem }) => pem).join(''));
    this.#write('serial', '01\n');
    this.#write(
      'tsa.cnf',
      `[tsa]
default_tsa = tsa1
[tsa1]
serial = ${this.at('serial')}
signer_cert = ${this.at('cert.pem')}
certs = ${this.at('chain.pem')}
signer_key = ${this.at('key.pem')}
signer_digest = ${digest}
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha1,sha256,sha384,sha512
${accuracy === undefined ? '' : `accuracy = ${accuracy}\n`}clock_precision_digits = ${precision}
ordering = yes
tsa_name = yes
ess_cert_id_alg = ${ess}
`,
    );
  }

  at(name: string): string {
    return join(this.dir, name);
  }

  #write(name: string, text: string | Uint8Array): void {
    writeFileSync(this.at(name), text);
  }

  /** What `openssl ts` answers to a query. */
  async reply(query: Uint8Array): Promise<Uint8Array> {
    this.#write('query.tsq', query);
    await run('openssl', [
      ...['ts', '-reply', '-config', this.at('tsa.cnf'), '-queryfile', this.at('query.tsq')],
      ...['-out', this.at('reply.tsr')],
    ]);
    return new Uint8Array(readFileSync(this.at('reply.tsr')));
  }

  /** A query of OpenSSL's own making. */
  async query(data: Uint8Array, ...options: readonly string[]): Promise<Uint8Array> {
    this.#write('data', data);
    await run('openssl', [
      'ts',
      '-query',
      '-data',
      this.at('data'),
      '-cert',
      '-out',
      this.at('own.tsq'),
      ...options,
    ]);
    return new Uint8Array(readFileSync(this.at('own.tsq')));
  }

  /** Whether `openssl ts -verify` takes an answer for data. */
  async verifies(data: Uint8Array, reply: Uint8Array, root: Holder): Promise<boolean> {
    this.#write('data', data);
    this.#write('reply.tsr', reply);
    this.#write('root.pem', root.pem);
    const args = [
      'ts',
      '-verify',
      '-data',
      this.at('data'),
      '-in',
      this.at('reply.tsr'),
      '-CAfile',
      this.at('root.pem'),
    ];
    return run('openssl', args).then(
      () => true,
      () => false,
    );
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
