import { sha256 } from '#sha256';
import { fromBase64, toHex } from '../crypto/bytes.ts';
import type { Json } from '../record/types.ts';
import { readCertificate, readRequest } from './x509.ts';

/** What a value stands for: `id` makes it the same thing elsewhere, `name` is for people. */
export interface Identity {
  readonly id: string;
  readonly name?: string | undefined;
  /** Where the value itself tells a kind other than its rule's. */
  readonly kind?: string;
  /** Another identity of what the one before it stands for. */
  readonly same?: true;
}

export interface Context {
  readonly kind: string;
  readonly system: string;
  readonly within: string | undefined;
  readonly name: string | undefined;
}

export type Form =
  | 'text'
  | 'alias'
  | 'digest'
  | 'digest-or-alias'
  | 'number'
  | 'serial'
  | 'serial-hex'
  | 'public-key'
  | 'archived-key'
  | 'pem'
  | 'certificate'
  | 'certificate-request'
  | 'fingerprint'
  | 'key-test'
  | 'client-rule'
  | 'member'
  | 'member-code'
  | 'management-request'
  | 'pairs'
  | 'resource';

type Read = (value: Json, context: Context) => readonly Identity[];

const NOTHING: readonly Identity[] = [];

/** Words that systems print where there is no value. */
const ABSENT: ReadonlySet<string> = new Set(['', 'null', '<null>', 'N/A', '--', 'None']);

/** One value tells no more than these. */
const MAX_IDENTITIES = 256;

/** Digests from 160 bits on, as hex. */
const DIGEST = /^[0-9a-f]{40,}$/;

/**
 * The forms in which systems write identities. A key is known by the digest of its public key, a certificate
 * by its own digest or by issuer and serial number (`<issuer>#<serial>`, without issuer `#<serial>`), an
 * alias only within its token (`<token>/<alias>`, without token `<system>/<alias>`): names that merely look
 * alike stay apart.
 */
export const FORMS: Readonly<Record<Form, Read>> = {
  /** As written. */
  text: (value, { name }) => {
    const text = word(value);
    return text === null ? NOTHING : [{ id: text, name }];
  },

  /** A name within what scopes it. */
  alias: (value, context) => {
    const text = word(value);
    return text === null ? NOTHING : [{ id: scoped(text, context), name: context.name ?? text }];
  },

  /** Hex digits in any case, with or without colons. */
  digest: (value, { name }) => {
    const hex = digest(word(value));
    return hex === null ? NOTHING : [{ id: hex, name }];
  },

  'digest-or-alias': (value, context) => {
    const text = word(value);
    if (text === null) return NOTHING;
    const hex = digest(text);
    return [{ id: hex ?? scoped(text, context), name: context.name ?? (hex === null ? text : undefined) }];
  },

  /** Decimal or `0x` hexadecimal: one number has one form, hexadecimal. */
  number: (value, { name }) => {
    const hex = number(word(value));
    return hex === null ? NOTHING : [{ id: `0x${hex}`, name }];
  },

  /** A serial number, decimal or `0x` hexadecimal, of a certificate of the issuer that scopes it. */
  serial: (value, { within, name }) => serial(number(word(value)), within, name),

  /** The same, always hexadecimal. */
  'serial-hex': (value, { within, name }) => serial(number(`0x${word(value) ?? ''}`), within, name),

  /** A public key in base64 of its DER. */
  'public-key': (value) => {
    const der = fromBase64(word(value) ?? '');
    return der === null || der.length < 16 ? NOTHING : [{ id: toHex(sha256(der)) }];
  },

  /** A number by which a Dogtag KRA keeps a key. */
  'archived-key': (value, { system }) => {
    const hex = number(word(value));
    return hex === null ? NOTHING : [{ id: `${system}/0x${hex}` }];
  },

  /** Certificates in PEM, with whatever stands between them. */
  pem: (value) => (typeof value === 'string' ? pemBlocks(value) : NOTHING),

  /**
   * A certificate in base64 of its DER, with or without PEM's lines: itself, and the key that it certifies.
   */
  certificate: (value) => {
    const der = derOf(value);
    return der === null || readCertificate(der) === null ? NOTHING : certificate(der);
  },

  /** DigiCert: words that tell a certificate's `SHA-256 fingerprint 0B:F4:…`. */
  fingerprint: (value, { name }) => {
    const told = /SHA-256 fingerprint:? ([0-9A-Fa-f:]{64,95})(?![0-9A-Fa-f:])/.exec(word(value) ?? '');
    const hex = digest(told?.[1] ?? null);
    return hex?.length !== 64 ? NOTHING : [{ id: hex, name }];
  },

  /** A certification request in base64 of its DER, with or without PEM's lines: the key that it is for. */
  'certificate-request': (value, { name }) => {
    const der = derOf(value);
    const request = der === null ? null : readRequest(der);
    return request === null ? NOTHING : [{ id: request.key, name: name ?? request.subject ?? undefined }];
  },

  /** SignServer: `KeyTestResult{alias=…, success=…, status=…, publicKeyHash=…}`, any number of them. */
  'key-test': (value, context) => (typeof value === 'string' ? keyTests(value, context) : NOTHING),

  /** SignServer: `SN: <hex>, issuer DN: <dn>`. */
  'client-rule': (value) => {
    const parts = /^SN: ([0-9a-fA-F]{1,64}), issuer DN: (.{1,4096})$/.exec(word(value) ?? '');
    return parts === null ? NOTHING : serial(number(`0x${parts[1]}`), parts[2], undefined);
  },

  /** X-Road: a member or subsystem, as an object or in one of the two text forms. */
  member: (value, { name }) => {
    const id = typeof value === 'string' ? memberText(value) : memberObject(value);
    return id === null ? NOTHING : [{ id, name }];
  },

  /** X-Road: a member's code, scoped by its class where an event names no instance. */
  'member-code': (value, { within, name }) => {
    const text = word(value);
    return text === null ? NOTHING : [{ id: `${within ?? ''}/${text}`, name }];
  },

  /** X-Road: the only place where releases since 7.3 name the request is the path of the call. */
  'management-request': (value) => {
    const parts = /\/management-requests\/(\d{1,20})(?:\/|$)/.exec(word(value) ?? '');
    return parts === null ? NOTHING : [{ id: parts[1]! }];
  },

  /**
   * Dogtag: `Scope;;<scope>+Operation;;<operation>+Resource;;<name>+…`: the resource, of its scope's kind.
   */
  pairs: (value) => {
    const parts = /^Scope;;([^+;]{1,256})\+Operation;;[^+;]{1,256}\+Resource;;([^+]{1,1024})/.exec(
      word(value) ?? '',
    );
    if (parts === null || ABSENT.has(parts[2]!)) return NOTHING;
    const kind = PAIR_KINDS.get(parts[1]!);
    return [kind === undefined ? { id: `${parts[1]}/${parts[2]}` } : { id: parts[2]!, kind }];
  },

  /** DigiCert: the id of a resource, of the kind that the type in `within` says. */
  resource: (value, { within, name }) => {
    const text = word(value);
    if (text === null || within === undefined) return NOTHING;
    const type = within.toLowerCase().replaceAll(/[_ ]/g, '-').slice(0, 64);
    return [{ id: text, name, kind: RESOURCE_KINDS.get(type) ?? type }];
  },
};

const PAIR_KINDS: ReadonlyMap<string, string> = new Map([
  ['users', 'user'],
  ['groups', 'role'],
  ['rules', 'profile'],
]);

const RESOURCE_KINDS: ReadonlyMap<string, string> = new Map([
  ['keypair', 'key'],
  ['gpg-keypair', 'key'],
  ['client-auth-certificate', 'certificate'],
  ['keypair-profile', 'profile'],
  ['certificate-profile', 'profile'],
]);

function word(value: Json): string | null {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && !ABSENT.has(text) ? text : null;
}

function scoped(alias: string, { within, system }: Context): string {
  return `${within ?? system}/${alias}`;
}

function digest(text: string | null): string | null {
  const hex = text?.replaceAll(':', '').toLowerCase() ?? '';
  return DIGEST.test(hex) && hex.length % 2 === 0 ? hex : null;
}

/** Hex digits without leading zeros; null when the text is no number of at most 64 digits. */
function number(text: string | null): string | null {
  if (text === null || text.length > 66) return null;
  if (/^0[xX][0-9a-fA-F]+$/.test(text))
    return text
      .slice(2)
      .toLowerCase()
      .replace(/^0+(?=.)/, '');
  return /^\d+$/.test(text) ? BigInt(text).toString(16) : null;
}

function serial(
  hex: string | null,
  issuer: string | undefined,
  name: string | undefined,
): readonly Identity[] {
  if (hex === null) return NOTHING;
  // Systems differ in blanks after the commas of a name, and in nothing else that is safe to even out.
  const dn = issuer === undefined || ABSENT.has(issuer) ? '' : issuer.replaceAll(/ *, */g, ',');
  return [{ id: `${dn}#${hex}`, name }];
}

function also(identities: readonly Identity[]): readonly Identity[] {
  return identities.map((identity) => ({ ...identity, same: true }));
}

const PEM_START = '-----BEGIN CERTIFICATE-----';
const PEM_END = '-----END CERTIFICATE-----';

function pemBlocks(text: string): readonly Identity[] {
  const out: Identity[] = [];
  for (let at = 0; out.length < MAX_IDENTITIES; ) {
    const start = text.indexOf(PEM_START, at);
    const end = start === -1 ? -1 : text.indexOf(PEM_END, start);
    if (end === -1) break;
    const der = fromBase64(text.slice(start + PEM_START.length, end).replaceAll(/\s/g, ''));
    if (der !== null && der.length > 0) out.push(...certificate(der));
    at = end + PEM_END.length;
  }
  return out;
}

/** By its digest, by issuer and serial number as others name it, and the key in it. */
function certificate(der: Uint8Array): readonly Identity[] {
  const read = readCertificate(der);
  if (read === null) return [{ id: toHex(sha256(der)) }];
  const name = read.subject ?? undefined;
  return [
    { id: read.digest, name },
    ...(read.issuer === null ? [] : also(serial(read.serial, read.issuer, name))),
    { id: read.key, name, kind: 'key' },
  ];
}

/** Longest text that is taken for a certificate, in UTF-16 units. */
const MAX_BASE64 = 128 * 1024;

function derOf(value: Json): Uint8Array | null {
  if (typeof value !== 'string' || value.length > MAX_BASE64) return null;
  return fromBase64(value.replaceAll(/-----[A-Z ]{1,40}-----|\s/g, ''));
}

const KEY_TEST =
  /KeyTestResult\{alias=([^{}]{1,1024}?), success=[^{},]{0,16}, status=[^{}]{0,1024}?, publicKeyHash=([0-9a-fA-F]{40,128})\}/g;

/**
 * The alias within its token, and the digest that is the key itself: the record says that they are the same.
 */
function keyTests(text: string, context: Context): readonly Identity[] {
  const out: Identity[] = [];
  for (const [, alias, hash] of text.matchAll(KEY_TEST)) {
    out.push(
      { id: scoped(alias!, context), name: alias! },
      { id: hash!.toLowerCase(), name: alias!, same: true },
    );
    if (out.length >= MAX_IDENTITIES) break;
  }
  return out;
}

/** `SUBSYSTEM:DEV/ORG/111/SUB` or `DEV:ORG:111:SUB`, both to `DEV/ORG/111/SUB`. */
function memberText(text: string): string | null {
  if (ABSENT.has(text)) return null;
  const typed = /^[A-Z_]{1,32}:([^:]*\/.*)$/.exec(text);
  return typed === null ? text.replaceAll(':', '/') : typed[1]!;
}

function memberObject(value: Json): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const of = value as { readonly [name: string]: Json };
  const parts = [of.xroadInstance ?? of.xRoadInstance, of.memberClass, of.memberCode, of.subsystemCode];
  const named = parts.filter((part) => typeof part === 'string' && part !== '');
  return named.length < 3 ? null : named.join('/');
}
