import type { Hash } from '../certificates/algorithms.ts';
import type { TimestampReport } from './verify.ts';

/** So long before its end a token is renewed, ms: time enough for an authority that is out of order. */
export const RENEW_AHEAD_MS: number = 30 * 86_400_000;

/** Ends of the hashes' use, ms since 1970; null where none is in sight (NIST SP 800-57 part 1 revision 5, table 4). */
const HASH_ENDS: Readonly<Record<Hash, number | null>> = {
  'SHA-256': null,
  'SHA-384': null,
  'SHA-512': null,
};

export interface Renewal {
  /** ms since 1970: from then on a new token should cover this one. */
  readonly at: number;
  readonly why: 'certificate' | 'hash';
}

/**
 * When a token has to be covered by a new one: before a certificate it rests on expires, for the authority may give up
 * its key then, and before its hash is given up. Null for one that can't be read.
 */
export function renewalOf({ chain, hash }: Pick<TimestampReport, 'chain' | 'hash'>): Renewal | null {
  const ends = chain.map(({ notAfter }) => ({ at: notAfter, why: 'certificate' as const }));
  const end = hash === null ? null : HASH_ENDS[hash];
  const all: Renewal[] = end === null ? ends : [...ends, { at: end, why: 'hash' }];
  const first = all.sort((a, b) => a.at - b.at)[0];
  return first === undefined ? null : { ...first, at: first.at - RENEW_AHEAD_MS };
}
