/** Digest algorithms that a signature may be over, by the names Node has for them, and their lengths in bytes. */
export const DIGESTS: ReadonlyMap<string, number> = new Map([
  ['sha1', 20],
  ['sha224', 28],
  ['sha256', 32],
  ['sha384', 48],
  ['sha512', 64],
]);

/** What a signature is over. */
export interface Digest {
  readonly bytes: Uint8Array;
  /** One of `DIGESTS`. */
  readonly algorithm: string;
}
