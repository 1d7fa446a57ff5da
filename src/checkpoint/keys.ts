import { sha256 } from '#sha256';
import { concatBytes, equalBytes, fromBase64, toBase64, toHex, utf8 } from '../crypto/bytes.ts';
import type { SignatureAlgorithm } from '../crypto/signer.ts';
import { ProofError } from '../errors.ts';
import { cosignedMessage, cosignedText, TIME_BYTES, timeBytes } from './cosignature.ts';
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
    /** Rejects when the material is no key after all. */
    readonly importKey: (material: Uint8Array) => Promise<WebKey>;
    readonly verify: (key: WebKey, signature: Uint8Array, data: Uint8Array) => Promise<boolean>;
  };
  /** Of types that are not over the note's text alone: the bytes before each signature, and what is signed then. */
  readonly timed?: {
    readonly length: number;
    readonly signed: (name: string, before: Uint8Array, text: Uint8Array) => Uint8Array | null;
  };
  /** How a log signs with such a key: the algorithm, and how SubjectPublicKeyInfo and material differ at the front. */
  readonly seals?: {
    readonly algorithm: SignatureAlgorithm;
    readonly spkiPrefix: Uint8Array;
    readonly materialPrefix: Uint8Array;
  };
  /** How a witness cosigns with such a key; what follows the prefix of SubjectPublicKeyInfo is the material. */
  readonly cosigns?: { readonly algorithm: SignatureAlgorithm; readonly spkiPrefix: Uint8Array };
}

const NOTHING = new Uint8Array(0);
/** What comes before the key itself in a SubjectPublicKeyInfo (RFC 8410; RFC 5480, uncompressed point; RFC 9881). */
const ED25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
const P256_SPKI = Uint8Array.of(
  ...[0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86],
  ...[0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04],
);
const ML_DSA_44_SPKI = Uint8Array.of(
  ...[0x30, 0x82, 0x05, 0x32, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11],
  ...[0x03, 0x82, 0x05, 0x21, 0x00],
);
const ML_DSA_44_KEY = 1_312;
/** An RSA key of 8,192 bits has a SubjectPublicKeyInfo of about 1,060 bytes. */
const MAX_SPKI = 2_048;
/**
 * Type 0xff is for types that signed-note does not assign; this name of ours, right behind it, says which. The
 * SubjectPublicKeyInfo follows. No other verifier reads it: it is for modules that can do nothing but RSA.
 */
const RSA_TYPE = utf8('tallystick/rsa-pkcs1-sha256/v1');
const RSA_BITS = { min: 2_048, max: 4_096 } as const;
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
const ML_DSA_44 = 'ML-DSA-44';

const is32Bytes = (material: Uint8Array): boolean => material.length === 32;
const isP256 = (material: Uint8Array): boolean =>
  material.length === P256_SPKI.length + 64 && startsWith(material, P256_SPKI);
const isSpki = (spki: Uint8Array): boolean => spki[0] === 0x30 && spki.length > 2 && spki.length <= MAX_SPKI;
const usualIdInput = (type: number) => (name: string, material: Uint8Array) =>
  concatBytes(utf8(`${name}\n`), Uint8Array.of(type), material);

const ED25519: KeyType['check'] = {
  importKey: (material) => crypto.subtle.importKey('raw', bytes(material), 'Ed25519', false, ['verify']),
  verify: (key, signature, data) => crypto.subtle.verify('Ed25519', key, bytes(signature), bytes(data)),
};

const KEY_TYPES: readonly KeyType[] = [
  {
    type: 0x01,
    summary: 'Ed25519',
    isMaterial: is32Bytes,
    idInput: usualIdInput(0x01),
    check: ED25519,
    seals: { algorithm: 'ed25519', spkiPrefix: ED25519_SPKI, materialPrefix: NOTHING },
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
    seals: { algorithm: 'ecdsa-p256', spkiPrefix: NOTHING, materialPrefix: NOTHING },
  },
  {
    type: 0x04,
    summary: 'timestamped Ed25519 cosignature',
    isMaterial: is32Bytes,
    idInput: usualIdInput(0x04),
    check: ED25519,
    timed: { length: TIME_BYTES, signed: cosignedText },
    cosigns: { algorithm: 'ed25519', spkiPrefix: ED25519_SPKI },
  },
  {
    type: 0x05,
    summary: 'RFC 6962 tree head signature',
    isMaterial: isSpki,
    // Over the log id instead of the key (static-ct-api).
    idInput: (name, spki) => concatBytes(utf8(`${name}\n`), Uint8Array.of(0x05), sha256(spki)),
  },
  {
    type: 0x06,
    summary: 'timestamped ML-DSA-44 cosignature',
    isMaterial: (material) => material.length === ML_DSA_44_KEY,
    idInput: usualIdInput(0x06),
    check: {
      importKey: (material) => {
        const spki = concatBytes(ML_DSA_44_SPKI, material);
        return crypto.subtle.importKey('spki', bytes(spki), ML_DSA_44, false, ['verify']);
      },
      verify: (key, signature, data) => crypto.subtle.verify(ML_DSA_44, key, bytes(signature), bytes(data)),
    },
    timed: { length: TIME_BYTES, signed: cosignedMessage },
    cosigns: { algorithm: 'ml-dsa-44', spkiPrefix: ML_DSA_44_SPKI },
    seals: { algorithm: 'ml-dsa-44', spkiPrefix: ML_DSA_44_SPKI, materialPrefix: NOTHING },
  },
  {
    type: 0xff,
    summary: 'RSA with PKCS#1 v1.5 and SHA-256, 2,048 to 4,096 bits (named by Tallystick)',
    isMaterial: (material) => startsWith(material, RSA_TYPE) && isSpki(material.subarray(RSA_TYPE.length)),
    idInput: usualIdInput(0xff),
    check: {
      importKey: async (material) => importRsa(material.subarray(RSA_TYPE.length)),
      verify: (key, signature, data) => crypto.subtle.verify(RSA.name, key, bytes(signature), bytes(data)),
    },
    seals: { algorithm: 'rsa-sha256', spkiPrefix: NOTHING, materialPrefix: RSA_TYPE },
  },
];

/** Rejects all but one encoding of a key: otherwise one key could count as two. */
async function importRsa(spki: Uint8Array): Promise<WebKey> {
  const key = await crypto.subtle.importKey('spki', bytes(spki), RSA, true, ['verify']);
  const bits = (key.algorithm as unknown as { modulusLength: number }).modulusLength;
  if (bits < RSA_BITS.min || bits > RSA_BITS.max) throw new TypeError(`an RSA key of ${bits} bits`);
  if (!equalBytes(new Uint8Array(await crypto.subtle.exportKey('spki', key)), spki)) {
    throw new TypeError('not the DER of its key');
  }
  return key;
}

/** `context.reason` of the KEY_INVALID that says that a key may be good, but not here. */
export const NOT_CHECKABLE = 'not-checkable';

/** A key that may have signed a note, known by its name and id together. */
export class VerifierKey {
  readonly name: string;
  /** Key id, 8 lower-case hex digits. */
  readonly id: string;
  readonly type: number;
  /**
   * What follows the type byte in the vkey: the key itself for 0x01, 0x04 and 0x06, a SubjectPublicKeyInfo for 0x02
   * and 0x05, the name of our RSA type and a SubjectPublicKeyInfo for 0xff.
   */
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

  /** Whether `verify` can say anything about keys of this type. */
  get canVerify(): boolean {
    return this.#type.check !== undefined;
  }

  /** Whether its signatures are cosignatures: of a witness, with the time it vouches for. */
  get cosigns(): boolean {
    return this.#type.cosigns !== undefined;
  }

  /**
   * How a note's text is signed with this key: the bytes to sign, and those that go before the signature in its line.
   * Throws `ProofError` NOTE_INVALID when keys of this type can't sign such a text.
   *
   * @param time of cosignatures, seconds since 1970. Zero makes no statement of time: a log's records have their own.
   */
  statement(text: Uint8Array, time = 0): { readonly data: Uint8Array; readonly before: Uint8Array } {
    const { timed, summary } = this.#type;
    if (timed === undefined) return { data: text, before: NOTHING };
    const before = timeBytes(time);
    const data = timed.signed(this.name, before, text);
    if (data !== null) return { data, before };
    throw new ProofError('NOTE_INVALID', `not a checkpoint that a ${summary} can be made of`);
  }

  /**
   * Whether this is a good signature of a note's text; false for malformed ones too. Types 0x04 and 0x06 sign
   * checkpoints alone, 0x06 of these origin, size and root. Throws `ProofError` KEY_INVALID when the key turns out to
   * be none (no point of the curve), `canVerify` is false, or the platform's WebCrypto does not know the algorithm
   * (ML-DSA-44 is new: Node 24 has it, not every browser).
   */
  async verify(text: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const { check, timed, summary } = this.#type;
    if (check === undefined) throw invalid(this.name, `signatures of type ${summary} cannot be checked here`);
    const key = await this.#import(check);
    if (key === null) throw this.notCheckable();
    if (timed === undefined) return check.verify(key, signature, text);
    if (signature.length <= timed.length) return false;
    const data = timed.signed(this.name, signature.subarray(0, timed.length), text);
    return data !== null && check.verify(key, signature.subarray(timed.length), data);
  }

  /**
   * Whether `verify` works here: not for types that are only known, nor for algorithms that the platform's WebCrypto
   * lacks. Throws `ProofError` KEY_INVALID when the key turns out to be none.
   */
  async isCheckable(): Promise<boolean> {
    const { check } = this.#type;
    return check !== undefined && (await this.#import(check)) !== null;
  }

  /** What `verify` throws where `isCheckable` is false. */
  notCheckable(): ProofError {
    const rule = `this platform cannot check ${this.#type.summary}`;
    return invalid(this.name, rule, undefined, { reason: NOT_CHECKABLE });
  }

  /** SubjectPublicKeyInfo (DER) and algorithm, as `Signer` has them; null for types that no log is sealed with. */
  get spki(): { readonly algorithm: SignatureAlgorithm; readonly publicKey: Uint8Array } | null {
    const { seals } = this.#type;
    if (seals === undefined) return null;
    const { algorithm, spkiPrefix, materialPrefix } = seals;
    const publicKey = concatBytes(spkiPrefix, this.material.subarray(materialPrefix.length));
    return { algorithm, publicKey };
  }

  /** null when the platform does not know the algorithm. */
  async #import(check: NonNullable<KeyType['check']>): Promise<WebKey | null> {
    this.#imported ??= check.importKey(this.material);
    try {
      return await this.#imported;
    } catch (cause) {
      if ((cause as Error)?.name === 'NotSupportedError') return null;
      throw invalid(this.name, `not a key of type ${this.#type.summary}`, cause);
    }
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
  const found = KEY_TYPES.find(({ seals }) => seals?.algorithm === algorithm) as KeyType;
  const { spkiPrefix, materialPrefix } = found.seals as NonNullable<KeyType['seals']>;
  if (!startsWith(spki, spkiPrefix)) {
    throw invalid(name, `not a SubjectPublicKeyInfo of a key for ${found.summary}`);
  }
  return new VerifierKey(name, found.type, concatBytes(materialPrefix, spki.subarray(spkiPrefix.length)));
}

/**
 * The key that a witness cosigns with: Ed25519 (0x04) or ML-DSA-44 (0x06). Throws `ProofError` KEY_INVALID for a bad
 * name or a key of another algorithm.
 */
export function cosignerKeyFromSpki(
  name: string,
  algorithm: SignatureAlgorithm,
  spki: Uint8Array,
): VerifierKey {
  const found = KEY_TYPES.find(({ cosigns }) => cosigns?.algorithm === algorithm);
  const prefix = found?.cosigns?.spkiPrefix;
  if (found === undefined || prefix === undefined || !startsWith(spki, prefix)) {
    throw invalid(name, 'a witness cosigns with an Ed25519 or an ML-DSA-44 key');
  }
  return new VerifierKey(name, found.type, spki.subarray(prefix.length));
}

function startsWith(data: Uint8Array, start: Uint8Array): boolean {
  return equalBytes(data.subarray(0, start.length), start);
}

/** WebCrypto's types refuse memory shared between threads; what comes here never is. */
function bytes(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return data as Uint8Array<ArrayBuffer>;
}

function invalid(
  name: string,
  rule: string,
  cause?: unknown,
  context: Readonly<Record<string, unknown>> = {},
): ProofError {
  const options = cause === undefined ? { context } : { cause, context };
  return new ProofError('KEY_INVALID', `verifier key ${JSON.stringify(name)}: ${rule}`, options);
}
