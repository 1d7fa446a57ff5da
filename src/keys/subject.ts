import * as asn1 from 'asn1js';
import { UsageError } from '../errors.ts';

/** Names of RFC 4514 section 3 and those that certificate authorities use besides: OID, and which string holds the value. */
const TYPES: Readonly<Record<string, readonly [oid: string, kind: 'utf8' | 'printable' | 'ia5']>> = {
  CN: ['2.5.4.3', 'utf8'],
  SERIALNUMBER: ['2.5.4.5', 'printable'],
  C: ['2.5.4.6', 'printable'],
  L: ['2.5.4.7', 'utf8'],
  ST: ['2.5.4.8', 'utf8'],
  STREET: ['2.5.4.9', 'utf8'],
  O: ['2.5.4.10', 'utf8'],
  OU: ['2.5.4.11', 'utf8'],
  UID: ['0.9.2342.19200300.100.1.1', 'utf8'],
  DC: ['0.9.2342.19200300.100.1.25', 'ia5'],
  E: ['1.2.840.113549.1.9.1', 'ia5'],
};
const MAX_CHARACTERS = 1_000;
const MAX_VALUE = 128;
const PRINTABLE = /^[A-Za-z0-9 '()+,./:=?-]*$/;
const ASCII = /^[\x20-\x7e]*$/;

/**
 * A distinguished name (RFC 4514 text, so the most specific part first: `CN=log,O=Example,C=SE`) as the Name of
 * RFC 5280. Throws `UsageError` USAGE saying which part is wrong.
 */
export function nameOf(subject: string): asn1.Sequence {
  if (subject.length > MAX_CHARACTERS) throw wrong(`it is longer than ${MAX_CHARACTERS} characters`);
  const parts = split(subject, ',').map((part) => split(part, '+').map(attribute));
  // In DER the most general part comes first.
  return new asn1.Sequence({ value: parts.reverse().map((value) => new asn1.Set({ value })) });
}

function attribute(text: string): asn1.Sequence {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(0, at)).trim().toUpperCase();
  const known = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (known === undefined) {
    throw wrong(
      `${JSON.stringify(text.slice(0, 64))} is not NAME=value with one of ${Object.keys(TYPES).join(', ')}`,
    );
  }
  const value = unescaped(text.slice(at + 1));
  if (value === '' || value.length > MAX_VALUE)
    throw wrong(`${name} has to have 1 to ${MAX_VALUE} characters`);
  if (/\p{Cc}/u.test(value) || !value.isWellFormed()) throw wrong(`${name} holds a control character`);
  if (name === 'C' && !/^[A-Za-z]{2}$/.test(value)) throw wrong('C is a country, in two letters');
  const [oid, kind] = known;
  return new asn1.Sequence({ value: [new asn1.ObjectIdentifier({ value: oid }), string(name, kind, value)] });
}

function string(name: string, kind: 'utf8' | 'printable' | 'ia5', value: string): asn1.AsnType {
  if (kind === 'utf8') return new asn1.Utf8String({ value });
  const isPrintable = kind === 'printable';
  if (!(isPrintable ? PRINTABLE : ASCII).test(value)) throw wrong(`${name} holds a character that it cannot`);
  return isPrintable ? new asn1.PrintableString({ value }) : new asn1.IA5String({ value });
}

/** At separators that are not escaped. */
function split(text: string, separator: string): string[] {
  const parts = [''];
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character === separator) parts.push('');
    else {
      const escaped = character === '\\' ? text.slice(i, i + 2) : character;
      parts[parts.length - 1] += escaped;
      i += escaped.length - 1;
    }
  }
  return parts;
}

/** RFC 4514 section 2.4: a backslash before a special character, or before two hex digits of UTF-8. */
function unescaped(text: string): string {
  const trimmed = text.replace(/^ +/, '').replace(/(?<!\\) +$/, '');
  if (trimmed.startsWith('#')) throw wrong('values in hexadecimal form are not taken');
  if (/(?<!\\)[;<>"]/.test(trimmed)) throw wrong('; < > and " need a backslash before them');
  return trimmed.replace(/(?:\\[0-9A-Fa-f]{2})+|\\(.)|\\$/gs, (found, special: string | undefined) => {
    if (special !== undefined) return special;
    if (found === '\\') throw wrong('a backslash stands at its end');
    return utf8(found);
  });
}

function utf8(hex: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(hex.replaceAll('\\', ''), 'hex'));
  } catch {
    throw wrong('what it holds in hexadecimal digits is not UTF-8');
  }
}

function wrong(why: string): UsageError {
  return new UsageError(
    'USAGE',
    `the subject is not a distinguished name as "CN=log,O=Example,C=SE": ${why}`,
  );
}
