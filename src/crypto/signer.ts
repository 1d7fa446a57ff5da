/**
 * What the log needs of a signing key. Tokens implement it; the log never sees a token.
 *
 * Contract: `sign` resolves with a signature that `publicKey` verifies, or rejects with a `TokenError`; it never
 * resolves with anything else. It may take as long as the device takes, and may be called again while an earlier
 * call is pending.
 */
export interface Signer {
  /** Name of the key within its token. */
  readonly alias: string;
  readonly algorithm: SignatureAlgorithm;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /**
   * Ed25519: the 64 bytes of RFC 8032 over `data`. ECDSA P-256: ASN.1 DER signature over SHA-256(`data`). RSA:
   * PKCS#1 v1.5 over SHA-256(`data`), as long as the modulus. ML-DSA-44: the 2,420 bytes of FIPS 204 over `data`,
   * with an empty context.
   */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

export type SignatureAlgorithm = 'ed25519' | 'ecdsa-p256' | 'rsa-sha256' | 'ml-dsa-44';
