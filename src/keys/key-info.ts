import { TokenError } from '../errors.ts';
import { type CryptoToken, isUsable, type KeySpec, type TokenKey, type UnusableKey } from '../tokens/mod.ts';
import { type CertificateInfo, describeCertificate } from './certificate-file.ts';
import { type Desk, type KeyNotes, keyHash } from './desk.ts';

/** A key by the token that holds it and its alias there. */
export interface KeyName {
  readonly token: string;
  readonly alias: string;
}

export interface KeyInfo extends KeyName {
  /** Why it cannot be used, and what to do; then the rest is not known. */
  readonly problem: string | null;
  readonly spec: KeySpec | null;
  /** SHA-256 of SubjectPublicKeyInfo, lower-case hex. */
  readonly publicKeyHash: string | null;
  /** What it is to the log: `stands by` means that it may be selected while no other key works. */
  readonly role: 'seals' | 'stands by' | null;
  /** Its own; `issuers` is how many are kept above it. */
  readonly certificate: (CertificateInfo & { readonly active: boolean; readonly issuers: number }) | null;
  readonly csr: { readonly subject: string; readonly made: number } | null;
}

/** What KEYSPEC and KEYALG are called in SignServer. */
export function keyFields(spec: KeySpec): { KEYSPEC: string; KEYALG: string } {
  if (spec === 'ed25519') return { KEYSPEC: 'Ed25519', KEYALG: 'Ed25519' };
  if (spec === 'ecdsa-p256') return { KEYSPEC: 'secp256r1', KEYALG: 'ECDSA' };
  if (spec === 'ml-dsa-44') return { KEYSPEC: 'ML-DSA-44', KEYALG: 'ML-DSA' };
  return { KEYSPEC: spec.slice('rsa-'.length), KEYALG: 'RSA' };
}

/** What names a key in a record. */
export function nameFields({ token, alias }: KeyName): { CRYPTOTOKEN: string; KEYALIAS: string } {
  return { CRYPTOTOKEN: token, KEYALIAS: alias };
}

/** The keys of a token; of one that can't be described it says why. */
export async function keysOf(desk: Desk, token: CryptoToken): Promise<KeyInfo[]> {
  return Promise.all(
    (await token.list()).map(async (key) => {
      if (!isUsable(key)) return unusable(token.name, key);
      try {
        const chain = await token.certificates(key.alias);
        return keyInfo(desk, token.name, key, chain, await desk.notes(key.publicKey));
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        return unusable(token.name, { alias: key.alias, problem: error.message });
      }
    }),
  );
}

/** What is told of a key with these certificates, its own first. */
export function keyInfo(
  desk: Desk,
  token: string,
  { alias, spec, publicKey }: TokenKey,
  [own, ...issuers]: readonly Uint8Array[],
  { csr, inactive }: KeyNotes,
): KeyInfo {
  const certificate = own && describeCertificate(own);
  return {
    ...{ token, alias, problem: null, spec, publicKeyHash: keyHash(publicKey) },
    role: desk.roleOf(publicKey),
    certificate: certificate
      ? { ...certificate, active: certificate.sha256 !== inactive, issuers: issuers.length }
      : null,
    csr: csr === undefined ? null : { subject: csr.subject, made: csr.made },
  };
}

/** Of a key that was just made. */
export function newKey(token: string, { alias, spec, publicKey }: TokenKey): KeyInfo {
  const nothing = { problem: null, role: null, certificate: null, csr: null };
  return { token, alias, spec, publicKeyHash: keyHash(publicKey), ...nothing };
}

function unusable(token: string, { alias, problem }: UnusableKey): KeyInfo {
  const nothing = { spec: null, publicKeyHash: null, role: null, certificate: null, csr: null };
  return { token, alias, problem, ...nothing };
}
