import { sha256 } from '#sha256';
import { toHex } from '../crypto/bytes.ts';

/** What tells a certificate or a request apart from others, read from its DER. */
export interface Certified {
  /** SHA-256 of the whole. */
  readonly digest: string;
  /** SHA-256 of SubjectPublicKeyInfo: the identity of the key. */
  readonly key: string;
  /** RFC 4514 text; null when it holds what that text has no name for. */
  readonly subject: string | null;
}

export interface Certificate extends Certified {
  /** RFC 4514 text; null when it holds what that text has no name for. */
  readonly issuer: string | null;
  /** Lower-case hex without leading zeros. */
  readonly serial: string;
}

/** Longest certificate or request that is looked into, bytes. */
const MAX_DER = 64 * 1024;

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const OID = 0x06;
const VERSION = 0xa0;

/**
 * Short names of RFC 4514 section 3, and those that certificate authorities write besides; by the OID's hex.
 */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['550403', 'CN'],
  ['550405', 'SERIALNUMBER'],
  ['550406', 'C'],
  ['550407', 'L'],
  ['550408', 'ST'],
  ['550409', 'STREET'],
  ['55040a', 'O'],
  ['55040b', 'OU'],
  ['0992268993f22c640101', 'UID'],
  ['0992268993f22c640119', 'DC'],
  ['2a864886f70d010901', 'E'],
]);

/** UTF8String, PrintableString, IA5String: whose bytes are UTF-8. */
const TEXTS: ReadonlySet<number> = new Set([0x0c, 0x13, 0x16]);

/** An X.509 certificate (RFC 5280 section 4.1); null for bytes that are none. */
export function readCertificate(der: Uint8Array): Certificate | null {
  return guarded(der, () => {
    const tbs = new Reader(new Reader(new Reader(der).value(SEQUENCE, true)).value(SEQUENCE));
    tbs.skip(VERSION);
    const serial = toHex(tbs.value(INTEGER)).replace(/^0+(?=.)/, '');
    tbs.value(SEQUENCE);
    const issuer = nameText(tbs.value(SEQUENCE));
    tbs.value(SEQUENCE);
    const subject = nameText(tbs.value(SEQUENCE));
    return { digest: toHex(sha256(der)), key: toHex(sha256(tbs.whole(SEQUENCE))), subject, issuer, serial };
  });
}

/** A certification request (RFC 2986 section 4); null for bytes that are none. */
export function readRequest(der: Uint8Array): Certified | null {
  return guarded(der, () => {
    const info = new Reader(new Reader(new Reader(der).value(SEQUENCE, true)).value(SEQUENCE));
    info.value(INTEGER);
    const subject = nameText(info.value(SEQUENCE));
    return { digest: toHex(sha256(der)), key: toHex(sha256(info.whole(SEQUENCE))), subject };
  });
}

class NotDer extends Error {}

function guarded<T>(der: Uint8Array, read: () => T): T | null {
  if (der.length > MAX_DER) return null;
  try {
    return read();
  } catch (error) {
    // The field holds something else: it then tells no identity.
    if (error instanceof NotDer) return null;
    throw error;
  }
}

/** Elements of one level, in their order. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The contents of the next element, which must have this tag; `last`: nothing may follow it. */
  value(tag: number, last = false): Uint8Array {
    const { from, to } = this.#next();
    if (this.#bytes[this.#at] !== tag || (last && to !== this.#bytes.length)) throw new NotDer();
    this.#at = to;
    return this.#bytes.subarray(from, to);
  }

  /** The next element with its tag and length. */
  whole(tag: number): Uint8Array {
    const start = this.#at;
    this.value(tag);
    return this.#bytes.subarray(start, this.#at);
  }

  /** Passes over the next element when it has this tag. */
  skip(tag: number): void {
    if (this.#bytes[this.#at] === tag) this.#at = this.#next().to;
  }

  tag(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  #next(): { readonly from: number; readonly to: number } {
    let length = this.#bytes[this.#at + 1];
    let from = this.#at + 2;
    if (length === undefined) throw new NotDer();
    if (length > 0x80) {
      const count = length - 0x80;
      if (count > 3) throw new NotDer();
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + (this.#bytes[from++] ?? 0);
    } else if (length === 0x80) throw new NotDer();
    const to = from + length;
    if (to > this.#bytes.length) throw new NotDer();
    return { from, to };
  }
}

/** The names in reverse order of their encoding, as RFC 4514 section 2.1 has it. */
function nameText(name: Uint8Array): string | null {
  const names: string[] = [];
  for (const sets = new Reader(name); !sets.done; ) {
    const values: string[] = [];
    for (const set = new Reader(sets.value(SET)); !set.done; ) {
      const pair = new Reader(set.value(SEQUENCE));
      const type = NAMES.get(toHex(pair.value(OID)));
      const tag = pair.tag();
      const bytes = pair.value(tag);
      if (type === undefined || !TEXTS.has(tag)) return null;
      values.push(`${type}=${escaped(new TextDecoder().decode(bytes))}`);
    }
    names.push(values.join('+'));
  }
  return names.reverse().join(',');
}

function escaped(text: string): string {
  return text.replaceAll(/[",+;<>\\]|^[ #]| $/g, '\\$&');
}
