/** SHA-256 of `data`: 32 bytes. Synchronous on every platform. */
export function sha256(data: Uint8Array): Uint8Array;
/** Writes the 32 bytes of SHA-256(`data`) into `out` at `offset`. `out` must have room; nothing is allocated for it. */
export function sha256Into(data: Uint8Array, out: Uint8Array, offset: number): void;
/**
 * SHA-256 of `data` as 32 characters U+0000 to U+00FF, a byte each. Many of them joined are stored by one `putDigests`,
 * which is cheaper than storing each.
 */
export function digestText(data: Uint8Array): string;
/** Writes digests joined as text into `out` at `offset`. `out` must have room. */
export function putDigests(text: string, out: Uint8Array, offset: number): void;
/** SHA-256 of data that comes in pieces; they need not be joined for it. */
export function startSha256(): Sha256Pieces;
export interface Sha256Pieces {
  /** The next piece. Returns itself. */
  update(data: Uint8Array): Sha256Pieces;
  /** 32 bytes; the end. */
  digest(): Uint8Array;
}
