import { sha256 } from '#sha256';
import type { StateWrite } from '../anchors/anchored-log.ts';
import { toHex, utf8 } from '../crypto/bytes.ts';
import { TimestampError } from '../errors.ts';
import { type Authority, formatAuthority, parseAuthority } from './authority.ts';
import { formatTimestamped, parseTimestamped, type Timestamped } from './stamped.ts';

/**
 * Authorities and tokens in a log's state:
 *
 * - `timestamps/<node>/authority/<URL>`: `formatAuthority`.
 * - `timestamps/<node>/token/<URL's digest, 16 hex digits>/<size, 16 digits>-<genTime, 15 digits>`: `formatTimestamped`.
 *
 * Not sealed, and not to be believed unverified: that a token was taken, and its digest, is in a record.
 */

/** Where a token is kept, and what its key says of it. */
export interface TokenKey {
  readonly key: string;
  readonly size: number;
  /** ms since 1970. */
  readonly genTime: number;
}

const TOKEN = /\/token\/[0-9a-f]{16}\/(\d{16})-(\d{15})$/;
/** Kept of each authority: */
const NEWEST = 48;
const DAYS = 400;
const MONTHS = 240;

export function authorityPrefix(node: string): string {
  return `timestamps/${node}/authority/`;
}

export function tokenPrefix(node: string): string {
  return `timestamps/${node}/token/`;
}

/** Of the tokens of one authority. */
export function tokensOf(node: string, url: string): string {
  return `${tokenPrefix(node)}${toHex(sha256(utf8(url))).slice(0, 16)}/`;
}

export function authorityWrite(node: string, url: string, authority: Authority | null): StateWrite {
  return { key: `${authorityPrefix(node)}${url}`, value: authority && formatAuthority(authority) };
}

export function tokenWrite(node: string, stamped: Timestamped, genTime: number): StateWrite {
  const place = `${String(stamped.size).padStart(16, '0')}-${String(genTime).padStart(15, '0')}`;
  const key = `${tokensOf(node, stamped.authority)}${place}`;
  return { key, value: formatTimestamped(stamped) };
}

/** Authorities that are set. Throws `TimestampError` TIMESTAMP_AUTHORITY for one that was altered. */
export function readAuthorities(state: ReadonlyMap<string, string>): Authority[] {
  return [...state.values()].map(parseAuthority);
}

/** What is kept, by size, and how many can't be read. */
export function readTokens(state: ReadonlyMap<string, string>): {
  readonly tokens: readonly Timestamped[];
  readonly unreadable: number;
} {
  const tokens: Timestamped[] = [];
  let unreadable = 0;
  for (const value of state.values()) {
    try {
      tokens.push(parseTimestamped(value));
    } catch (error) {
      if (!(error instanceof TimestampError)) throw error;
      unreadable++;
    }
  }
  return { tokens: tokens.sort((a, b) => a.size - b.size), unreadable };
}

/** Tokens of an authority by what their keys say, oldest first. */
export function tokenKeys(keys: Iterable<string>): TokenKey[] {
  const found = [...keys].flatMap((key) => {
    const [, size, genTime] = TOKEN.exec(key) ?? [];
    return size === undefined ? [] : [{ key, size: Number(size), genTime: Number(genTime) }];
  });
  return found.sort((a, b) => a.genTime - b.genTime || a.size - b.size);
}

/**
 * Which tokens of one authority go, so that what is kept stays bounded: kept are the newest 48, the first of each of the
 * newest 400 days (UTC) that have one, and the first of each of the newest 240 such months. A record's bound then gets
 * coarser with the years, to the first token of the day after it, at last of the month after it.
 */
export function thinned(tokens: readonly TokenKey[]): TokenKey[] {
  const keep = new Set([
    ...tokens.slice(-NEWEST),
    ...firstOfEach(tokens, 10).slice(-DAYS),
    ...firstOfEach(tokens, 7).slice(-MONTHS),
  ]);
  return tokens.filter((token) => !keep.has(token));
}

/** @param digits of the ISO date that tell one period from another. */
function firstOfEach(tokens: readonly TokenKey[], digits: number): TokenKey[] {
  const first = new Map<string, TokenKey>();
  for (const token of tokens) {
    const period = new Date(token.genTime).toISOString().slice(0, digits);
    if (!first.has(period)) first.set(period, token);
  }
  return [...first.values()];
}
