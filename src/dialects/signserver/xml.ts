import { DialectError } from '../../errors.ts';
import type { Json } from '../../record/types.ts';
import type { Flag } from '../flags.ts';
import { clean } from '../text.ts';
import { decodeText, ENCODED, encodeText } from './encoding.ts';

/**
 * `additionalDetails` of AuditRecordData: a map of fields as `java.beans.XMLEncoder` writes it. Java reads
 * such XML by making and calling whatever classes it names; here the few tags and classes below are read, and
 * all else is refused: there is no document type, no entity besides the five of XML and character references,
 * no comment, no attribute without a use, and nothing is ever made.
 */
export interface AuditDetails {
  /** In the order of the map; a name stands twice when the XML puts it twice. */
  readonly fields: readonly (readonly [name: string, value: Json])[];
  readonly flags: readonly Flag[];
}

const MAX_LENGTH = 16 * 1024 * 1024;
const MAX_FIELDS = 10_000;
const MAX_DEPTH = 8;

const MAPS: ReadonlySet<string> = new Set([
  'org.cesecore.util.Base64PutHashMap',
  'org.ejbca.util.Base64PutHashMap',
  'java.util.LinkedHashMap',
  'java.util.HashMap',
]);
const LIST = 'java.util.ArrayList';
const DATE = 'java.util.Date';

const SPACE = /[ \t\r\n]*/y;
const DECLARATION = /<\?xml version="1\.0" encoding="(?:UTF|utf)-8"\?>/y;
const JAVA = /<java version="[\w.+-]{1,64}" class="java\.beans\.XMLDecoder">/y;
const JAVA_END = /<\/java>/y;
const OBJECT = /<object class="([\w.$]{1,256})"(\/?)>/y;
const OBJECT_END = /<\/object>/y;
const PUT = /<void method="put">/y;
const ADD = /<void method="add">/y;
const VOID_END = /<\/void>/y;
const STRING = /<string(\/?)>/y;
const STRING_END = /<\/string>/y;
const NULL = /<null\/>/y;
const LITERAL = /<(boolean|int|long|double)>([-+.\w]{1,400})<\/\1>/y;
/** For what XML 1.0 has no reference: a UTF-16 unit. */
const CHAR = /<char code="(?:(?:#|0x)([0-9a-fA-F]{1,4})|(\d{1,5}))"\/>/y;
const REFERENCE = /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/y;
/** What may stand in a text as it is: no markup, and of the control characters only those of XML 1.0. */
const TEXT = /[\t\n\r\x20-\x25\x27-\x3b\x3d-\ufffd]+/y;

const PREDEFINED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const FORMS: Readonly<Record<string, RegExp>> = {
  boolean: /^(?:true|false)$/,
  int: /^-?\d{1,10}$/,
  long: /^-?\d{1,19}$/,
  double: /^-?(?:\d+(?:\.\d+)?(?:E-?\d{1,3})?|Infinity)$|^NaN$/,
};

/**
 * Strings that begin with `B64:` are decoded (invalid ones stay, flagged); `boolean`, `int`, `long`, `double`
 * and `null` become JSON's own, a number that JSON cannot hold exactly its text (flagged), a date its ms
 * since 1970, a list a list.
 *
 * @param xml at most 16 Mi UTF-16 units, 10,000 fields or values of a list, lists nested to depth 8.
 * @throws DialectError XML_REFUSED naming the rule and, in `context.at`, the offset in UTF-16 units.
 */
export function readAdditionalDetails(xml: string): AuditDetails {
  if (xml.length > MAX_LENGTH) throw refused(0, `at most ${MAX_LENGTH} characters are read`);
  return new Reader(xml).read();
}

class Reader {
  readonly #xml: string;
  readonly #flags = new Set<Flag>();
  #at = 0;

  constructor(xml: string) {
    this.#xml = xml;
  }

  read(): AuditDetails {
    this.#take(DECLARATION);
    this.#need(JAVA, '<java version="…" class="java.beans.XMLDecoder">');
    const fields = this.#map();
    this.#need(JAVA_END, '</java>');
    this.#take(SPACE);
    if (this.#at < this.#xml.length) throw this.#refused('nothing may stand behind </java>');
    return { fields, flags: [...this.#flags] };
  }

  #map(): AuditDetails['fields'] {
    const [, name, empty] = this.#need(OBJECT, 'an <object> of a class');
    if (!MAPS.has(name!)) throw this.#refused(`the class must be one of ${[...MAPS].join(', ')}`);
    const fields: (readonly [string, Json])[] = [];
    while (empty === '' && this.#next(OBJECT_END) === null) {
      if (fields.length === MAX_FIELDS) throw this.#refused(`at most ${MAX_FIELDS} fields are read`);
      this.#need(PUT, '<void method="put">');
      const key = this.#need(STRING, 'a <string> with the name of a field')[1] === '' ? this.#text() : '';
      fields.push([clean(key, this.#flags), this.#value(0)]);
      this.#need(VOID_END, '</void>');
    }
    return fields;
  }

  #value(depth: number): Json {
    if (this.#next(NULL) !== null) return null;
    const string = this.#next(STRING);
    if (string !== null) return this.#string(string[1] === '' ? this.#text() : '');
    const literal = this.#next(LITERAL);
    if (literal !== null) return this.#literal(literal[1]!, literal[2]!);
    const [, name, empty] = this.#need(OBJECT, 'a value of a known type');
    if (name === LIST) return empty === '' ? this.#list(depth + 1) : [];
    if (name !== DATE || empty !== '')
      throw this.#refused(`a value may be of the classes ${LIST} and ${DATE} only`);
    const [, type, text] = this.#need(LITERAL, '<long> with the ms of a date');
    if (type !== 'long') throw this.#refused('a date must be of ms, a <long>');
    this.#need(OBJECT_END, '</object>');
    return this.#literal(type, text!);
  }

  #list(depth: number): Json {
    if (depth > MAX_DEPTH) throw this.#refused(`lists are read to depth ${MAX_DEPTH}`);
    const list: Json[] = [];
    while (this.#next(OBJECT_END) === null) {
      if (list.length === MAX_FIELDS) throw this.#refused(`at most ${MAX_FIELDS} values of a list are read`);
      this.#need(ADD, '<void method="add">');
      list.push(this.#value(depth));
      this.#need(VOID_END, '</void>');
    }
    return list;
  }

  #string(text: string): string {
    if (!ENCODED.test(text)) return clean(text, this.#flags);
    const decoded = text.length > 'B64:'.length ? decodeText(text) : null;
    if (decoded === null) this.#flags.add('malformed-value');
    return clean(decoded ?? text, this.#flags);
  }

  #literal(type: string, text: string): Json {
    if (!FORMS[type]!.test(text)) throw this.#refused(`this is no value of the type ${type}`);
    if (type === 'boolean') return text === 'true';
    const number = Number(text);
    const exact = type === 'double' ? Number.isFinite(number) : Number.isSafeInteger(number);
    if (exact && !Object.is(number, -0)) return number;
    this.#flags.add('number-as-text');
    return text;
  }

  /** The text up to the end of the string whose start was read. */
  #text(): string {
    const parts: string[] = [];
    while (this.#take(STRING_END) === null) {
      const text = this.#take(TEXT);
      const char = text === null ? this.#take(CHAR) : null;
      if (text !== null) parts.push(text[0].replaceAll(/\r\n?/g, '\n'));
      else if (char !== null) parts.push(this.#unit(char));
      else parts.push(this.#reference());
    }
    return parts.join('');
  }

  #unit([, hex, decimal]: RegExpExecArray): string {
    const code = hex === undefined ? Number.parseInt(decimal!, 10) : Number.parseInt(hex, 16);
    if (code > 0xffff) throw this.#refused('a <char> must be one of 65,536');
    return String.fromCharCode(code);
  }

  #reference(): string {
    const match = this.#take(REFERENCE);
    if (match === null)
      throw this.#refused(
        'a text may hold no tag but <char>, no control character and no entity but those of XML',
      );
    const [, name, decimal, hex] = match;
    if (name !== undefined) return PREDEFINED[name]!;
    const code = hex === undefined ? Number.parseInt(decimal!, 10) : Number.parseInt(hex, 16);
    if (!isXmlCharacter(code)) throw this.#refused('a reference must be to a character of XML 1.0');
    return String.fromCodePoint(code);
  }

  /** What stands here, white space passed over; null when it is something else. */
  #next(what: RegExp): RegExpExecArray | null {
    this.#take(SPACE);
    return this.#take(what);
  }

  #need(what: RegExp, name: string): RegExpExecArray {
    const match = this.#next(what);
    if (match === null) throw this.#refused(`${name} must stand here`);
    return match;
  }

  #take(what: RegExp): RegExpExecArray | null {
    what.lastIndex = this.#at;
    const match = what.exec(this.#xml);
    if (match !== null) this.#at = what.lastIndex;
    return match;
  }

  #refused(rule: string): DialectError {
    return refused(this.#at, rule);
  }
}

/** XML 1.0, section 2.2. */
function isXmlCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code <= 0x10ffff);
}

function refused(at: number, rule: string): DialectError {
  return new DialectError('XML_REFUSED', `additionalDetails, at character ${at}: ${rule}`, {
    context: { at },
  });
}

/** Which JVM is said to have written it. Readers do not care. */
const JVM = '17.0.12';

/**
 * The XML of these fields, byte for byte as CESeCore stores it: strings with anything but printable ASCII as
 * `B64:`. So are here strings that begin so by themselves, which CESeCore cannot tell from encoded ones.
 * Objects, which no field of the system is, are written as strings of JSON.
 */
export function writeAdditionalDetails(fields: AuditDetails['fields']): string {
  const open = '<object class="org.cesecore.util.Base64PutHashMap"';
  const map =
    fields.length === 0
      ? [` ${open}/>`]
      : [` ${open}>`, ...fields.flatMap(([name, value]) => put(name, value)), ' </object>'];
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<java version="${JVM}" class="java.beans.XMLDecoder">`,
    ...map,
    '</java>',
    '',
  ];
  return lines.join('\n');
}

function put(name: string, value: Json): readonly string[] {
  return [
    '  <void method="put">',
    `   <string>${escapeXml(name)}</string>`,
    ...valueLines(value, 3),
    '  </void>',
  ];
}

function valueLines(value: Json, depth: number): readonly string[] {
  const indent = ' '.repeat(depth);
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${indent}<object class="${LIST}"/>`];
    const items = value.flatMap((one) => [
      `${indent} <void method="add">`,
      ...valueLines(one, depth + 2),
      `${indent} </void>`,
    ]);
    return [`${indent}<object class="${LIST}">`, ...items, `${indent}</object>`];
  }
  return [`${indent}${single(value)}`];
}

function single(value: Json): string {
  if (value === null) return '<null/>';
  if (typeof value === 'boolean') return `<boolean>${value}</boolean>`;
  if (typeof value === 'number') {
    const type = Number.isSafeInteger(value) ? 'long' : 'double';
    return `<${type}>${String(value).replace('e+', 'E').replace('e', 'E')}</${type}>`;
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const plain = /^[ -~]*$/.test(text) && !ENCODED.test(text);
  return `<string>${escapeXml(plain ? text : encodeText(text))}</string>`;
}

const MARKUP: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
};

function escapeXml(text: string): string {
  return text
    .replaceAll(/[<>&"'\r]/g, (character) => MARKUP[character]!)
    .replaceAll(/[^\t\n\r\x20-\ufffd]/g, (unit) => `<char code="#${unit.charCodeAt(0).toString(16)}"/>`);
}
