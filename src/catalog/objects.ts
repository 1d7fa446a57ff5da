import type { AuditRecord, Json, ObjectRef, SignatureInfo } from '../record/types.ts';
import { isReference } from '../record/validate.ts';
import { FORMS, type Form, type Identity } from './identity.ts';

/** How one field tells what a record acted upon. */
export interface ObjectRule {
  readonly kind: string;
  /**
   * The field: of details, or `signature.keyId` and its like, or `metadata.file-name` for an entry of the
   * signature's metadata. A list names one object by each of its items.
   */
  readonly from: string;
  /** How its value becomes an identity. */
  readonly as: Form;
  /** The field that scopes it: the token of an alias, the issuer of a serial number. */
  readonly within?: string;
  /** Fields with a name for people; the first that is there. */
  readonly name?: readonly string[];
  /** Values that name nothing. */
  readonly not?: readonly string[];
  /** The rule rests when this field is there, because that one tells the identity better. */
  readonly unless?: string;
}

/** More are not listed: a hostile list must not make a row without bounds. */
const MAX_OBJECTS = 256;

/** What the fields of a record tell of the things it acted upon, each once, in the order of the rules. */
export function readObjects(record: AuditRecord, rules: readonly ObjectRule[]): ObjectRef[] {
  const fields = new Fields(record);
  const out: ObjectRef[] = [];
  for (const rule of rules) {
    const value = fields.get(rule.from);
    if (value === undefined || value === null) continue;
    if (rule.unless !== undefined && fields.text(rule.unless) !== undefined) continue;
    const context = {
      kind: rule.kind,
      system: record.system,
      within: rule.within === undefined ? undefined : fields.text(rule.within),
      name: rule.name === undefined ? undefined : firstText(fields, rule.name),
    };
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'string' && rule.not?.includes(one)) continue;
      for (const identity of FORMS[rule.as](one, context)) keep(out, rule.kind, identity);
      if (out.length >= MAX_OBJECTS) return out;
    }
  }
  return out;
}

/** The fields of a record by the names that rules use. What is sealed beside the record tells nothing here. */
class Fields {
  readonly #details: Readonly<Record<string, Json>>;
  readonly #signature: SignatureInfo | null;

  constructor(record: AuditRecord) {
    const { details, signature } = record;
    this.#details = details === undefined || isReference(details) ? {} : (details as Record<string, Json>);
    this.#signature = signature === undefined || isReference(signature) ? null : (signature as SignatureInfo);
  }

  get(name: string): Json | undefined {
    if (Object.hasOwn(this.#details, name)) return this.#details[name];
    if (this.#signature === null) return undefined;
    if (name.startsWith('metadata.')) {
      const key = name.slice('metadata.'.length);
      return this.#signature.metadata?.find((entry) => entry.key.toLowerCase() === key)?.value;
    }
    if (!name.startsWith('signature.')) return undefined;
    const member = this.#signature[name.slice('signature.'.length) as keyof SignatureInfo];
    return typeof member === 'string' ? member : undefined;
  }

  text(name: string): string | undefined {
    const value = this.get(name);
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' && value !== '' && value !== 'null' ? value : undefined;
  }
}

function firstText(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = fields.text(name);
    if (text !== undefined) return text;
  }
  return undefined;
}

function keep(out: ObjectRef[], ruleKind: string, identity: Identity): void {
  if (out.length >= MAX_OBJECTS) return;
  const kind = identity.kind ?? ruleKind;
  if (out.some((other) => other.kind === kind && other.id === identity.id)) return;
  out.push(
    identity.name === undefined || identity.name === identity.id
      ? { kind, id: identity.id }
      : { kind, id: identity.id, name: identity.name },
  );
}
