import type { Described, Json, ObjectRef, SignatureInfo } from '../record/types.ts';
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
  /**
   * The record is about one thing of this kind, and this rule names it, as do others marked so: a key's alias
   * in its token, and the key in its request.
   */
  readonly sole?: true;
}

/** More are not listed: a hostile list must not make a row without bounds. */
const MAX_OBJECTS = 256;

/** What the fields of a record tell of the things it acted upon, each once, in the order of the rules. */
export function readObjects(record: Described, rules: readonly ObjectRule[]): ObjectRef[] {
  const out: ObjectRef[] = [];
  for (const { rule, identities } of readRules(record, rules)) {
    for (const identity of identities) keep(out, rule.kind, identity);
    if (out.length >= MAX_OBJECTS) break;
  }
  return out;
}

/**
 * Which of a record's objects it tells to be one and the same: groups of two or more of one kind. A rule that
 * finds several things (a list, a report on many keys) says nothing about which of them another rule means.
 */
export function readSame(record: Described, rules: readonly ObjectRule[]): ObjectRef[][] {
  const groups: ObjectRef[][] = [];
  const sole = new Map<string, Map<ObjectRule, ObjectRef[][]>>();
  for (const { rule, identities } of readRules(record, rules)) {
    const told: ObjectRef[][] = [];
    for (const identity of identities.slice(0, MAX_OBJECTS)) {
      if (identity.same !== true || told.length === 0) told.push([]);
      keep(told.at(-1)!, rule.kind, identity);
    }
    groups.push(...told);
    if (rule.sole !== true) continue;
    for (const group of told) {
      const { kind } = group[0]!;
      const byRule = sole.get(kind) ?? new Map<ObjectRule, ObjectRef[][]>();
      sole.set(kind, byRule.set(rule, [...(byRule.get(rule) ?? []), group]));
    }
  }
  for (const byRule of sole.values()) {
    const told = [...byRule.values()];
    if (told.every((ofRule) => ofRule.length === 1)) groups.push(told.flat(2));
  }
  return groups.filter((group) => new Set(group.map(({ id }) => id)).size > 1);
}

interface Applied {
  readonly rule: ObjectRule;
  /** What one value of the field tells. */
  readonly identities: readonly Identity[];
}

function* readRules(record: Described, rules: readonly ObjectRule[]): Generator<Applied> {
  const fields = new Fields(record);
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
      yield { rule, identities: FORMS[rule.as](one, context) };
    }
  }
}

/**
 * The fields of a record by the names that rules use. What is sealed beside the record tells nothing here.
 */
class Fields {
  readonly #details: Readonly<Record<string, Json>>;
  readonly #signature: SignatureInfo | null;

  constructor(record: Described) {
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
