import { sha256 } from '#sha256';
import { concatBytes, equalBytes, fromBase64, toBase64, toHex, utf8 } from '../crypto/bytes.ts';
import type { SignatureAlgorithm } from '../crypto/signer.ts';
import { ProofError } from '../errors.ts';
import { p256SignatureFromDer } from './ecdsa.ts';
import { isKeyName } from './note.ts';

/** Verifier keys and their text form, vkeys (C2SP signed-note v1.0.0). */

type WebKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** What differs between the signature types of signed notes. */
interface KeyType {
  readonly type: number;
  readonly summary: string;
  /** What follows the type byte in a vkey is of the right form. */
  readonly isMaterial: (material: Uint8Array) => boolean;
  /** Bytes whose SHA-256 begins with the key id. */
  readonly idInput: (name: string, material: Uint8Array) => Uint8Array;
  /** How to check a signature; absent where this version only knows the key. */
  readonly check?: {
    readonly importKey: (material: Uint8Array) => Promise<WebKey>;
    readonly verify: (key: WebKey, signature: Uint8Array, data: Uint8Array) => Promise<boolean>;
  };
}

/** What comes before the key itself in a SubjectPublicKeyInfo (RFC 8410; RFC 5480, uncompressed point). */
const ED25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
const P256_SPKI = Uint8Array.of(
  ...[0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86],
  ...[0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04],
);
/** An RSA key of 8,192 bits has a SubjectPublicKeyInfo of about 1,060 bytes. */
const MAX_SPKI = 2_048;

const is32Bytes = (material: Uint8Array): boolean => material.length === 32;
const isP256 = (material: Uint8Array): boolean =>
  material.length === P256_SPKI.length + 64 && startsWith(material, P256_SPKI);
const usualIdInput = (type: number) => (name: string, material: Uint8Array) =>
  concatBytes(utf8(`${name}\n`), Uint8Array.of(type), material);

const KEY_TYPES: readonly KeyType[] = [
  {
    type: 0x01,
    summary: 'Ed25519',
    isMaterial: is32Bytes,
    idInput: usualIdInput(0x01),
    check: {
      importKey: (material) => crypto.subtle.importKey('raw', bytes(material), 'Ed25519', false, ['verify']),
      verify: (key, signature, data) => crypto.subtle.verify('Ed25519', key, bytes(signature), bytes(data)),
    },
  },
  {
    type: 0x02,
    summary: 'ECDSA P-256',
    isMaterial: isP256,
    // Without the name: whoever trusts such a key trusts it under any name the vkey gives it.
    idInput: (_name, spki) => spki,
    check: {
      importKey: (spki) =>
        crypto.subtle.importKey('spki', bytes(spki), { name: 'ECDSA', namedCurve: 'P-256' }, false, [
          'verify',
        ]),
      verify: async (key, der, data) => {
        const signature = p256SignatureFromDer(der);
        if (signature === null) return false;
        return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, bytes(signature), bytes(data));
      },
    },
  },
  {
    type: 0x04,
    summary: 'timestamped Ed25519 cosignature',
    isMaterial: is32Bytes,
    idInput: usualIdInput(0x04),
  },
  {
    type: 0x05,
    summary: 'RFC 6962 tree head signature',
    isMaterial: (spki) => spki[0] === 0x30 && spki.length > 2 && spki.length <= MAX_SPKI,
    // Over the log id instead of the key (static-ct-api).
    idInput: (name, spki) => concatBytes(utf8(`${name}\n`), Uint8Array.of(0x05), sha256(spki)),
  },
];

/** A key that may have signed a note, known by its name and id together. */
export class VerifierKey {
  readonly name: string;
  /** Key id, 8 lower-case hex digits. */
  readonly id: string;
  readonly type: number;
  /** What follows the type byte in the vkey: 32 bytes for 0x01 and 0x04, a SubjectPublicKeyInfo for 0x02 and 0x05. */
  readonly material: Uint8Array;
  readonly #type: KeyType;
  #imported: Promise<WebKey> | undefined;

  /** Throws `ProofError` KEY_INVALID for a bad name, a type that is not known, or material of the wrong form. */
  constructor(name: string, type: number, material: Uint8Array) {
    const known = KEY_TYPES.find((t) => t.type === type);
    if (known === undefined) throw invalid(name, `signature type ${type} is not known`);
    if (!isKeyName(name)) throw invalid(name, 'a key name is not empty and has no space and no plus sign');
    if (!known.isMaterial(material)) throw invalid(name, `not a key of type ${known.summary}`);
    this.name = name;
    this.id = toHex(sha256(known.idInput(name, material)).subarray(0, 4));
    this.type = type;
    this.material = material;
    this.#type = known;
  }

  /** `<name>+<id>+<base64(type ‖ material)>` */
  get vkey(): string {
    return `${this.name}+${this.id}+${toBase64(concatBytes(Uint8Array.of(this.type), this.material))}`;
  }

  /** Whether `verify` can say anything: not for types that sign more than the note's text. */
  get canVerify(): boolean {
    return this.#type.check !== undefined;
  }

  /**
   * Whether this is a good signature over `data`; false for malformed ones too. Throws `ProofError` KEY_INVALID when
   * the key turns out to be none (no point of the curve) or `canVerify` is false.
   */
  async verify(data: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const { check, summary } = this.#type;
    if (check === undefined) throw invalid(this.name, `signatures of type ${summary} cannot be checked here`);
    this.#imported ??= check.importKey(this.material);
    let key: WebKey;
    try {
      key = await this.#imported;
    } catch (cause) {
      throw invalid(this.name, `not a key of type ${summary}`, cause);
    }
    return check.verify(key, signature, data);
  }
}

const VKEY = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/;
const MAX_VKEY_CHARACTERS = 8_192;

/** Reads a vkey. Throws `ProofError` KEY_INVALID unless it is exactly what `VerifierKey.vkey` writes. */
export function parseVkey(text: string): VerifierKey {
  const [, name, id, base64] = text.length <= MAX_VKEY_CHARACTERS ? (VKEY.exec(text) ?? []) : [];
  const blob = base64 === undefined ? null : fromBase64(base64);
  if (name === undefined || blob === null || blob.length < 2) {
    throw invalid(text.slice(0, 40), 'a verifier key reads <name>+<8 hex digits>+<base64>');
  }
  const key = new VerifierKey(name, blob[0] as number, blob.subarray(1));
  if (key.id !== id) throw invalid(name, `its id is ${key.id}, not ${id}`);
  return key;
}

/**
 * The vkey of a SubjectPublicKeyInfo (DER), as `Signer` has it. Throws `ProofError` KEY_INVALID for a bad name or a
 * key of another algorithm.
 */
export function vkeyFromSpki(name: string, algorithm: SignatureAlgorithm, spki: Uint8Array): string {
  return keyFromSpki(name, algorithm, spki).vkey;
}

export function keyFromSpki(name: string, algorithm: SignatureAlgorithm, spki: Uint8Array): VerifierKey {
  if (algorithm === 'ecdsa-p256') return new VerifierKey(name, 0x02, spki);
  if (!startsWith(spki, ED25519_SPKI)) throw invalid(name, 'not a SubjectPublicKeyInfo of an Ed25519 key');
  return new VerifierKey(name, 0x01, spki.subarray(ED25519_SPKI.length));
}

function startsWith(data: Uint8Array, start: Uint8Array): boolean {
  return equalBytes(data.subarray(0, start.length), start);
}

/** WebCrypto's types refuse memory shared between threads; what comes here never is. */
function bytes(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return data as Uint8Array<ArrayBuffer>;
}

function invalid(name: string, rule: string, cause?: unknown): ProofError {
  const options = cause === undefined ? {} : { cause };
  return new ProofError('KEY_INVALID', `verifier key ${JSON.stringify(name)}: ${rule}`, options);
}
