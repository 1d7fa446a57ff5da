import { createPrivateKey, type KeyObject } from 'node:crypto';
import { OctetString } from 'asn1js';
import {
  type AlgorithmIdentifier,
  type Attribute,
  AuthenticatedSafe,
  CertBag,
  type ContentInfo,
  EncryptedData,
  PBES2Params,
  PBKDF2Params,
  PFX,
  PKCS8ShroudedKeyBag,
  PrivateKeyInfo,
  SafeContents,
} from 'pkijs';
import { utf8 } from '../../crypto/bytes.ts';
import { TokenError } from '../../errors.ts';

/** PKCS#12 key stores (RFC 7292), as OpenSSL 3 and current Java write them. */

export interface KeyStore {
  readonly keys: readonly {
    /** The friendly name; null when there is none. */
    readonly name: string | null;
    readonly key: KeyObject;
  }[];
  /** DER, in the file's order. */
  readonly certificates: readonly Uint8Array[];
}

/** Above OpenSSL's 2,048 and Java's 10,000; what more cost would hold up the process while a password is tried. */
const MAX_ITERATIONS = 100_000;
const MAX_BAGS = 100;

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const PBMAC1 = '1.2.840.113549.1.5.14';
const AES_CBC = new Set([2, 22, 42].map((arc) => `2.16.840.1.101.3.4.1.${arc}`));
const KEY_BAG = '1.2.840.113549.1.12.10.1.1';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const FRIENDLY_NAME = '1.2.840.113549.1.9.20';

/** Encryptions of PKCS#12's own (RFC 7292 appendix C): RC4, RC2 and DES with SHA-1. */
const OLD_ENCRYPTION: ReadonlyMap<string, string> = new Map(
  ['RC4 of 128 bits', 'RC4 of 40 bits', 'triple DES', 'double DES', 'RC2 of 128 bits', 'RC2 of 40 bits'].map(
    (name, i) => [`1.2.840.113549.1.12.1.${i + 1}`, name],
  ),
);

/**
 * The keys and certificates of a key store, after its integrity was checked.
 *
 * @param file its path, for messages.
 * @throws TokenError TOKEN_PASSPHRASE; TOKEN_UNSUPPORTED for encryptions that are too old or not known here, with the
 * commands that convert the file; TOKEN_UNAVAILABLE when it is no key store.
 */
export async function readKeyStore(der: Uint8Array, file: string, password: string): Promise<KeyStore> {
  const store = parse(file, () => PFX.fromBER(new Uint8Array(der)));
  if (store.authSafe.contentType !== DATA)
    throw unsupportedStore(file, 'is signed instead of protected by a password');
  const secret = arrayBuffer(utf8(password));
  await checkIntegrity(store, file, secret);
  const safe = parse(file, () => AuthenticatedSafe.fromBER(octets(store.authSafe.content)));
  const keys: KeyStore['keys'][number][] = [];
  const certificates: Uint8Array[] = [];
  for (const content of safe.safeContents) {
    const bags = await openContent(content, file, secret);
    if (bags.safeBags.length > MAX_BAGS) throw damaged(file);
    for (const { bagId, bagValue, bagAttributes } of bags.safeBags) {
      if (bagId === SHROUDED_KEY_BAG && bagValue instanceof PKCS8ShroudedKeyBag) {
        checkEncryption(bagValue.encryptionAlgorithm, file);
        keys.push({
          name: friendlyName(bagAttributes),
          key: readKey(bagValue.toSchema().toBER(), file, password),
        });
      } else if (bagId === KEY_BAG && bagValue instanceof PrivateKeyInfo) {
        keys.push({ name: friendlyName(bagAttributes), key: readKey(bagValue.toSchema().toBER(), file) });
      } else if (
        bagId === CERTIFICATE_BAG &&
        bagValue instanceof CertBag &&
        bagValue.certId === X509_CERTIFICATE
      ) {
        certificates.push(new Uint8Array(octets(bagValue.certValue)));
      }
    }
  }
  return { keys, certificates };
}

async function checkIntegrity(store: PFX, file: string, password: ArrayBuffer): Promise<void> {
  const { macData } = store;
  if (macData === undefined) throw unsupportedStore(file, 'has no integrity check (-nomac)');
  if (macData.mac.digestAlgorithm.algorithmId === PBMAC1) {
    throw unsupportedStore(file, 'has an integrity check of the kind PBMAC1 (-pbmac1_pbkdf2)');
  }
  checkIterations(macData.iterations ?? 1, file);
  // pkijs says no more than that it failed; what is wrong otherwise shows when the contents are read.
  try {
    await store.parseInternalValues({ password, checkIntegrity: true });
  } catch {
    throw new TokenError(
      'TOKEN_PASSPHRASE',
      `the passphrase does not open the key store ${file}, or the file is damaged`,
    );
  }
}

async function openContent(content: ContentInfo, file: string, password: ArrayBuffer): Promise<SafeContents> {
  if (content.contentType === DATA) return parse(file, () => SafeContents.fromBER(octets(content.content)));
  if (content.contentType !== ENCRYPTED_DATA) throw unsupportedStore(file, 'is encrypted for a certificate');
  const encrypted = parse(file, () => new EncryptedData({ schema: content.content }));
  checkEncryption(encrypted.encryptedContentInfo.contentEncryptionAlgorithm, file);
  let opened: ArrayBuffer;
  try {
    opened = await encrypted.decrypt({ password });
  } catch {
    throw damaged(file);
  }
  return parse(file, () => SafeContents.fromBER(opened));
}

/** Only PBES2 with PBKDF2 and AES. */
function checkEncryption({ algorithmId, algorithmParams }: AlgorithmIdentifier, file: string): void {
  if (algorithmId !== PBES2) {
    const name = OLD_ENCRYPTION.get(algorithmId);
    throw unsupportedStore(file, `is encrypted with ${name ?? `the algorithm ${algorithmId}`}`);
  }
  // From bytes: reading a structure takes it apart, and it is needed again.
  const { keyDerivationFunc, encryptionScheme } = parse(file, () =>
    PBES2Params.fromBER(algorithmParams.toBER()),
  );
  if (keyDerivationFunc.algorithmId !== PBKDF2 || !AES_CBC.has(encryptionScheme.algorithmId)) {
    throw unsupportedStore(file, 'is encrypted with another cipher than AES, or not with PBKDF2');
  }
  const kdf = parse(file, () => PBKDF2Params.fromBER(keyDerivationFunc.algorithmParams.toBER()));
  checkIterations(kdf.iterationCount, file);
}

function checkIterations(iterations: number, file: string): void {
  if (iterations >= 1 && iterations <= MAX_ITERATIONS) return;
  throw unsupportedStore(
    file,
    `asks for ${iterations} iterations, more than the ${MAX_ITERATIONS} that are done here`,
  );
}

function readKey(der: ArrayBuffer, file: string, passphrase?: string): KeyObject {
  try {
    const key = Buffer.from(der);
    return createPrivateKey({
      key,
      format: 'der',
      type: 'pkcs8',
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  } catch {
    throw damaged(file);
  }
}

function friendlyName(attributes: readonly Attribute[] | undefined): string | null {
  const name = attributes?.find(({ type }) => type === FRIENDLY_NAME)?.values[0]?.valueBlock.value;
  return typeof name === 'string' && name !== '' ? name : null;
}

function octets(value: unknown): ArrayBuffer {
  return value instanceof OctetString ? value.getValue() : new ArrayBuffer(0);
}

function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** Reads a structure. Whatever goes wrong, the file is to blame: pkijs throws all kinds of errors at malformed ones. */
function parse<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw damaged(file, cause);
  }
}

function damaged(file: string, cause?: unknown): TokenError {
  const options = cause === undefined ? {} : { cause };
  return new TokenError('TOKEN_UNAVAILABLE', `${file} is not a PKCS#12 key store, or damaged`, options);
}

/** What cannot be read is written anew by OpenSSL 3: PBES2 with AES-256, PBKDF2 and SHA-256. */
function unsupportedStore(file: string, what: string): TokenError {
  return new TokenError(
    'TOKEN_UNSUPPORTED',
    `the key store ${file} ${what}; write it anew, with the alias of its key for seal:
(umask 077 && openssl pkcs12 -legacy -in ${quoted(file)} -out ${quoted(`${file}.pem`)})
openssl pkcs12 -export -in ${quoted(`${file}.pem`)} -name seal -out ${quoted(`${file}.new`)}
rm ${quoted(`${file}.pem`)}
then use ${file}.new`,
  );
}

/** For a shell. */
function quoted(path: string): string {
  return /^[A-Za-z0-9_./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
