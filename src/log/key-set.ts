import { vkeyFromSpki } from '../checkpoint/mod.ts';
import type { Signer } from '../crypto/signer.ts';
import { LogError } from '../errors.ts';
import { MAX_KEYS } from '../verify/key-history.ts';

/** Keys that seal together: each signs every checkpoint. */
export interface KeySet {
  readonly signers: readonly Signer[];
  /** C2SP verifier keys in the same order; the first is the one that records name as `key`. */
  readonly vkeys: readonly string[];
}

/**
 * Throws `LogError` USAGE for none, more than `MAX_KEYS` or the same key twice, and `ProofError` KEY_INVALID for a key
 * that can't sign notes.
 */
export function keySet(origin: string, signers: readonly Signer[]): KeySet {
  const vkeys = signers.map(({ algorithm, publicKey }) => vkeyFromSpki(origin, algorithm, publicKey));
  if (vkeys.length < 1 || vkeys.length > MAX_KEYS || new Set(vkeys).size !== vkeys.length) {
    throw new LogError('USAGE', `a log is sealed by 1 to ${MAX_KEYS} keys, each given once`);
  }
  return { signers, vkeys };
}

/** The signers of all sets, each key once. */
export function allSigners(...sets: readonly KeySet[]): Signer[] {
  const byKey = new Map(sets.flatMap(({ signers, vkeys }) => signers.map((s, i) => [vkeys[i] as string, s])));
  return [...byKey.values()];
}

/** Whether two lists name the same keys, in whatever order. */
export function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((vkey) => b.includes(vkey));
}

/** How a record names a set. */
export function namesOf(vkeys: readonly string[]): { key?: string; keys?: string[] } {
  const [key] = vkeys;
  if (key === undefined) return {};
  return vkeys.length === 1 ? { key } : { key, keys: [...vkeys] };
}

/** What of the sealing a batch changes, once it is sealed. */
export interface Sealing {
  readonly keys: KeySet;
  /** vkeys that may take over. */
  readonly standBy: readonly string[];
}

/** A change of the keys on its way: the last record of its batch announces it. */
export interface SealingChange extends Sealing {
  /** Who sign the checkpoint that ends behind the record. */
  readonly sealedBy: readonly Signer[];
}
