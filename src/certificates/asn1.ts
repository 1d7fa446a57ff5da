/**
 * ASN.1 as certificates and time stamps need it (X.690): read strictly, written for requests. The envelope of a token may be BER with
 * indefinite lengths, as widely used authorities write it; whatever is signed is taken as the bytes that came.
 */

/** One element and what is in it. */
export interface Element {
  /** Identifier octet: class, constructed or not, number below 31. */
  readonly tag: number;
  /** All of it, with tag and length. */
  readonly raw: Uint8Array;
  /** Value octets; of an indefinite length without the end mark. */
  readonly value: Uint8Array;
  /** Elements of a constructed one, else none. */
  readonly children: readonly Element[];
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Constructed and context-specific: `[n]` around something. */
export function explicit(n: number): number {
  return 0xa0 | n;
}

/** Bytes that are not what they are taken for. Its message says what, and holds nothing of them. */
export class Malformed extends Error {}

const MAX_DEPTH = 32;
const MAX_ELEMENTS = 20_000;
const CONSTRUCTED = 0x20;

interface Walk {
  readonly bytes: Uint8Array;
  elements: number;
}

/** The one element that the bytes are, to the last of them. Throws `Malformed`. */
export function readElement(bytes: Uint8Array, what: string): Element {
  const { element, end } = elementAt({ bytes, elements: 0 }, 0, bytes.length, 0);
  if (end !== bytes.length) throw new Malformed(`bytes follow behind ${what}`);
  return element;
}

function elementAt(walk: Walk, at: number, limit: number, depth: number): { element: Element; end: number } {
  const { bytes } = walk;
  if (++walk.elements > MAX_ELEMENTS || depth > MAX_DEPTH)
    throw new Malformed('it is nested too deeply or too large');
  const tag = at < limit ? (bytes[at] as number) : 0;
  if (tag === 0) throw new Malformed('it ends within an element');
  if ((tag & 0x1f) === 0x1f) throw new Malformed('it has a tag number that is never used here');
  const isConstructed = (tag & CONSTRUCTED) !== 0;
  const { from, length } = lengthAt(bytes, at + 1, limit);
  if (length === null) {
    if (!isConstructed) throw new Malformed('it has an element without a length');
    return indefinite(walk, tag, at, from, limit, depth);
  }
  const to = from + length;
  if (to > limit) throw new Malformed('it ends within an element');
  const children: Element[] = [];
  for (let next = from; isConstructed && next < to; ) {
    const child = elementAt(walk, next, to, depth + 1);
    children.push(child.element);
    next = child.end;
  }
  return {
    element: { tag, raw: bytes.subarray(at, to), value: bytes.subarray(from, to), children },
    end: to,
  };
}

function indefinite(
  walk: Walk,
  tag: number,
  at: number,
  from: number,
  limit: number,
  depth: number,
): { element: Element; end: number } {
  const { bytes } = walk;
  const children: Element[] = [];
  let next = from;
  while (!(bytes[next] === 0 && bytes[next + 1] === 0 && next + 2 <= limit)) {
    const child = elementAt(walk, next, limit, depth + 1);
    children.push(child.element);
    next = child.end;
  }
  const end = next + 2;
  return { element: { tag, raw: bytes.subarray(at, end), value: bytes.subarray(from, next), children }, end };
}

/** The length and where it ends; null for an indefinite one. In the shortest form only. */
function lengthAt(bytes: Uint8Array, at: number, limit: number): { from: number; length: number | null } {
  const first = at < limit ? (bytes[at] as number) : -1;
  if (first < 0) throw new Malformed('it ends within an element');
  if (first < 0x80) return { from: at + 1, length: first };
  if (first === 0x80) return { from: at + 1, length: null };
  const count = first - 0x80;
  if (count > 4 || at + 1 + count > limit) throw new Malformed('it has a length beyond its end');
  let length = 0;
  for (let i = 1; i <= count; i++) length = length * 256 + (bytes[at + i] as number);
  if (length < 0x80 || length < 256 ** (count - 1))
    throw new Malformed('it has a length that is not in its shortest form');
  return { from: at + 1 + count, length };
}

/** The elements of a SEQUENCE (or what is tagged in its place), taken in order. */
export class Items {
  readonly #items: readonly Element[];
  readonly #what: string;
  #at = 0;

  constructor(of: Element, what: string, tag: number = TAG.sequence) {
    if (of.tag !== tag) throw new Malformed(`${what} is not there or of another kind`);
    this.#items = of.children;
    this.#what = what;
  }

  /** The next one, which must have this tag. */
  next(tag: number): Element {
    const item = this.optional(tag);
    if (item === undefined) throw new Malformed(`${this.#what} lacks something, or has it in another place`);
    return item;
  }

  /** The next one when it has this tag. */
  optional(tag: number): Element | undefined {
    const item = this.#items[this.#at];
    if (item?.tag !== tag) return undefined;
    this.#at++;
    return item;
  }

  /** The next one, whatever it is. */
  any(): Element {
    const item = this.#items[this.#at++];
    if (item === undefined) throw new Malformed(`${this.#what} lacks something`);
    return item;
  }

  get done(): boolean {
    return this.#at >= this.#items.length;
  }

  /** Nothing may be left. */
  end(): void {
    if (!this.done) throw new Malformed(`${this.#what} holds more than it may`);
  }
}

/** What is within `[n] EXPLICIT`. */
export function inner(element: Element, what: string): Element {
  const [only, more] = element.children;
  if (only === undefined || more !== undefined) throw new Malformed(`${what} does not hold one element`);
  return only;
}

export function objectId(element: Element): string {
  const { tag, value } = element;
  if (tag !== TAG.oid || value.length === 0 || value.length > 64)
    throw new Malformed('an object identifier is malformed');
  const arcs: number[] = [];
  let arc = 0;
  for (const [i, byte] of value.entries()) {
    if (arc === 0 && byte === 0x80) throw new Malformed('an object identifier is malformed');
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) throw new Malformed('an object identifier is malformed');
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    } else if (i === value.length - 1) throw new Malformed('an object identifier is malformed');
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - 40 * root, ...rest].join('.');
}

/** Value octets of an INTEGER in its shortest form, not negative, without the zero in front: `00` for zero. */
export function unsigned({ tag, value }: Element, what: string): Uint8Array {
  const [first = 0x80, second = 0] = value;
  const isShortest = value.length === 1 || first !== 0 || second >= 0x80;
  if ((tag & 0x1f) !== TAG.integer && tag < 0x80) throw new Malformed(`${what} is no number`);
  if (first >= 0x80 || !isShortest) throw new Malformed(`${what} is negative or not in its shortest form`);
  return first === 0 && value.length > 1 ? value.subarray(1) : value;
}

/** A small number. */
export function small(element: Element, what: string): number {
  const bytes = unsigned(element, what);
  if (bytes.length > 6) throw new Malformed(`${what} is too large`);
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** Of an OCTET STRING, also of one in parts. */
export function octets(element: Element, what: string): Uint8Array {
  if (element.tag === TAG.octetString) return element.value;
  if (element.tag !== (TAG.octetString | CONSTRUCTED)) throw new Malformed(`${what} is no octet string`);
  const parts = element.children.map((part) => octets(part, what));
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Of a BIT STRING of whole octets. */
export function bits({ tag, value }: Element, what: string): Uint8Array {
  if (tag !== TAG.bitString || value[0] !== 0) throw new Malformed(`${what} is no string of whole octets`);
  return value.subarray(1);
}

export function isTrue({ tag, value }: Element): boolean {
  if (tag !== TAG.boolean || value.length !== 1) throw new Malformed('a BOOLEAN is malformed');
  return value[0] !== 0;
}

export interface Moment {
  /** ms since 1970, rounded up. */
  readonly time: number;
  /** What the last digit stands for, ms: 1,000 without a fraction of a second. */
  readonly resolution: number;
}

const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{0,9}[1-9]))?Z$/;

/** UTCTime or GeneralizedTime, in UTC with seconds (RFC 5280 section 4.1.2.5; fractions as RFC 3161 section 2.4.2 has them). */
export function moment({ tag, value }: Element, what: string): Moment {
  if (tag !== TAG.utcTime && tag !== TAG.generalizedTime) throw new Malformed(`${what} is no time`);
  const text = String.fromCharCode(...value.subarray(0, 32));
  const century = Number(text.slice(0, 2)) < 50 ? '20' : '19';
  const [whole, ...parts] = TIME.exec(tag === TAG.utcTime ? century + text : text) ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(0, 6).map(Number);
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second);
  const digits = parts[6] ?? '';
  // A date that does not exist comes back as another.
  const stamp = whole === undefined ? '' : new Date(seconds).toISOString().replaceAll(/[-:T]|\.000Z/g, '');
  if (whole === undefined || stamp !== parts.slice(0, 6).join(''))
    throw new Malformed(`${what} is no time in UTC`);
  if (tag === TAG.utcTime && digits !== '') throw new Malformed(`${what} is no time in UTC`);
  const resolution = 1_000 / 10 ** digits.length;
  return { time: seconds + Math.ceil(Number(`0.${digits || '0'}`) * 1_000), resolution };
}

/** An element of these contents, for a request. */
export function encode(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const head = [tag, ...lengthOctets(length)];
  const out = new Uint8Array(head.length + length);
  out.set(head);
  let at = head.length;
  for (const part of contents) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

/** An object identifier from its dotted form. Throws `Malformed`. */
export function encodeOid(dotted: string): Uint8Array {
  const arcs = dotted.split('.').map(Number);
  const [root = 3, second = 40, ...rest] = arcs;
  const isValid =
    /^[0-2](\.(0|[1-9]\d{0,14})){1,30}$/.test(dotted) && (root === 2 ? second < 2 ** 40 : second < 40);
  if (!isValid) throw new Malformed(`${JSON.stringify(dotted)} is no object identifier`);
  const bytes = [root * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift(0x80 | (left % 128));
    return groups;
  });
  return encode(TAG.oid, Uint8Array.from(bytes));
}
