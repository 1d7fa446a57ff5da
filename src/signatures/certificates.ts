import { X509Certificate } from 'node:crypto';
import { UsageError } from '../errors.ts';
import type { SignatureInfo } from '../record/mod.ts';
import { type PublicKey, publicKeyOf } from './public-key.ts';

/** A certificate's key and where it stood. */
export interface CertifiedKey {
  /** Name of the file. */
  readonly file: string;
  /** null when it is of a kind that is not checked here. */
  readonly key: PublicKey | null;
}

/** A file that was given: its name with its ending, and its text. */
export interface CertificateFile {
  readonly name: string;
  readonly text: string;
}

/** Each signature of a key that no file is named after is tried under each of them. */
const MAX_CERTIFICATES = 1_000;

const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Certificates of signing keys: a file `<key alias>.pem` or `<key id>.pem` names the key. */
export class Certificates {
  static readonly none: Certificates = new Certificates(new Map(), 0);

  /** How many certificates there are. */
  readonly count: number;
  readonly #byName: ReadonlyMap<string, readonly CertifiedKey[]>;
  /** Of each key once. */
  readonly candidates: readonly { readonly file: string; readonly key: PublicKey }[];

  private constructor(byName: ReadonlyMap<string, readonly CertifiedKey[]>, count: number) {
    this.#byName = byName;
    this.count = count;
    const candidates = new Map<string, { file: string; key: PublicKey }>();
    for (const { file, key } of [...byName.values()].flat()) {
      if (key !== null && !candidates.has(key.id)) candidates.set(key.id, { file, key });
    }
    this.candidates = [...candidates.values()];
  }

  /** Throws `UsageError` FILE_UNREADABLE for a file without a certificate, and for more than 1,000 certificates. */
  static read(files: readonly CertificateFile[]): Certificates {
    const byName = new Map<string, readonly CertifiedKey[]>();
    let count = 0;
    for (const { name, text } of files) {
      const blocks = text.match(PEM) ?? [];
      if (blocks.length === 0) throw unreadable(name, 'it holds no certificate in PEM');
      count += blocks.length;
      if (count > MAX_CERTIFICATES) {
        throw unreadable(name, `with it there are more than ${MAX_CERTIFICATES} certificates`);
      }
      byName.set(
        name.replace(/(?<=.)\.pem$/, ''),
        blocks.map((block) => ({ file: name, key: publicKeyOf(parse(name, block)) })),
      );
    }
    return new Certificates(byName, count);
  }

  /** What the file named after the key holds: after its id, else after its alias. Empty when there is neither. */
  named({ keyId, keyAlias }: Pick<SignatureInfo, 'keyId' | 'keyAlias'>): readonly CertifiedKey[] {
    const name = [keyId, keyAlias].find((each) => each && this.#byName.has(each));
    return this.#byName.get(name ?? '') ?? [];
  }
}

function parse(name: string, block: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch {
    throw unreadable(name, 'what it calls a certificate is none');
  }
}

function unreadable(name: string, why: string): UsageError {
  return new UsageError('FILE_UNREADABLE', `${name} can't be taken for a certificate: ${why}`);
}
