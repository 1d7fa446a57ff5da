import type {
  Actor,
  Json,
  Outcome,
  Raw,
  RecordDraft,
  SignatureInfo,
  SignatureMetadata,
} from '../record/types.ts';
import type { Dialect, ParserOptions } from './dialect.ts';
import type { Entry } from './entries.ts';
import type { Flag } from './flags.ts';
import { cutText } from './text.ts';
import type { ReadTime } from './time.ts';

/** A record's time: 1970 to the end of the year 9999. */
export const LAST_TIME = 253_402_300_799_999;

/** Longest text a record's members take, in UTF-16 units (`record/validate.ts`). */
const NAME = 1024;
const DN = 4096;
const WORD = 256;

export interface ActorText {
  readonly name?: string | undefined;
  readonly issuer?: string | undefined;
  readonly serial?: string | undefined;
  readonly ip?: string | undefined;
  readonly auth?: string | undefined;
  readonly role?: string | undefined;
}

const ACTOR_LIMITS: Readonly<Record<keyof ActorText, number>> = {
  name: DN,
  issuer: DN,
  serial: NAME,
  ip: WORD,
  auth: NAME,
  role: NAME,
};

export interface SignatureText {
  readonly algorithm?: string | undefined;
  readonly hashAlgorithm?: string | undefined;
  readonly hash?: string | undefined;
  readonly value?: string | undefined;
  readonly keyAlias?: string | undefined;
  readonly keyId?: string | undefined;
  readonly keyType?: string | undefined;
  readonly use?: 'production' | 'test' | undefined;
  readonly metadata?: readonly SignatureMetadata[] | undefined;
}

const SIGNATURE_LIMITS = {
  algorithm: WORD,
  hashAlgorithm: WORD,
  hash: NAME,
  value: Number.POSITIVE_INFINITY,
  keyAlias: NAME,
  keyId: NAME,
  keyType: WORD,
} as const;

export interface Members {
  readonly time: number | null;
  readonly event: string;
  readonly outcome: Outcome;
  readonly module?: string | undefined;
  readonly service?: string | undefined;
  readonly component?: string | undefined;
  readonly reason?: string | undefined;
  readonly correlation?: string | undefined;
  readonly actor?: ActorText;
  readonly signature?: SignatureText | undefined;
}

/**
 * Where drafts come from: the sealed name of the dialect, its system, and the time for entries that tell
 * none.
 */
export interface Origin {
  readonly dialect: string;
  readonly system: string;
  readonly fallbackTime: number;
}

/**
 * Gathers the fields of one entry and makes of them a draft that obeys every rule of a record, however
 * hostile the text: names that are too long are cut with the whole kept in details, fields that repeat become
 * lists, shapes that a record cannot hold become JSON text, and each of these leaves a flag.
 */
export class DraftBuilder {
  readonly flags: Set<Flag>;
  readonly #details: Record<string, Json> = {};
  readonly #repeated: Map<string, Json[]> = new Map();
  readonly #origin: Origin;
  readonly #raw: Raw;

  constructor(origin: Origin, entry: Entry) {
    this.#origin = origin;
    this.#raw = entry.raw;
    this.flags = new Set(entry.flags);
  }

  flag(flag: Flag): void {
    this.flags.add(flag);
  }

  /**
   * Keeps a field of the event; the second and later values of one name make a list, in their order. That is
   * worth a flag unless the field is `meant` to have several.
   */
  add(name: string, value: Json, meant = false): void {
    if (!Object.hasOwn(this.#details, name)) {
      setMember(this.#details, name, value);
      return;
    }
    if (!meant) this.flag('duplicate-key');
    const list = this.#repeated.get(name);
    if (list !== undefined) {
      list.push(value);
      return;
    }
    const both = [this.#details[name]!, value];
    this.#repeated.set(name, both);
    setMember(this.#details, name, both);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#details, name);
  }

  /** All texts a field was given. */
  texts(name: string): readonly string[] {
    if (!this.has(name)) return [];
    const value = this.#details[name];
    return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
  }

  /** The text of a field that was given exactly once. */
  only(name: string): string | undefined {
    const all = this.texts(name);
    return all.length === 1 && !this.#repeated.has(name) ? all[0] : undefined;
  }

  build(members: Members): RecordDraft {
    const actor = this.#limited<Actor>(members.actor ?? {}, ACTOR_LIMITS, 'actor');
    const signature = this.#signature(members.signature);
    const event = this.#cut(members.event, 'event', NAME);
    const draft = {
      time: this.#time(members.time),
      system: this.#origin.system,
      event: event === '' ? UNPARSED : event,
      module: this.#cut(members.module, 'module', NAME),
      service: this.#cut(members.service, 'service', NAME),
      component: this.#cut(members.component, 'component', NAME),
      outcome: members.outcome,
      reason: members.reason,
      actor: isEmpty(actor) ? undefined : actor,
      correlation: this.#cut(members.correlation, 'correlation', NAME),
      details: this.#finalDetails(),
      signature: signature === null || isEmpty(signature) ? undefined : signature,
      dialect: this.#origin.dialect,
      raw: this.#raw,
      flags: this.flags.size === 0 ? undefined : [...this.flags],
    };
    return compact(draft) as unknown as RecordDraft;
  }

  #time(time: number | null): number {
    if (time !== null && Number.isSafeInteger(time) && time >= 0 && time <= LAST_TIME) return time;
    this.flag('time-uncertain');
    return this.#origin.fallbackTime;
  }

  #cut(text: string | undefined, name: string, max: number): string | undefined {
    if (text === undefined || text.length <= max) return text;
    this.flag('cut-member');
    if (!Object.values(this.#details).includes(text)) this.add(name, text);
    return cutText(text, max);
  }

  #limited<T>(texts: object, limits: Readonly<Record<string, number>>, prefix: string): T {
    const out: Record<string, string> = {};
    for (const [name, text] of Object.entries(texts)) {
      if (typeof text !== 'string' || text === '' || limits[name] === undefined) continue;
      out[name] = this.#cut(text, `${prefix}.${name}`, limits[name])!;
    }
    return out as T;
  }

  #signature(told: SignatureText | undefined): SignatureInfo | null {
    if (told === undefined) return null;
    const texts = this.#limited<SignatureInfo>(told, SIGNATURE_LIMITS, 'signature');
    return {
      ...texts,
      ...(told.use === undefined ? {} : { use: told.use }),
      ...(told.metadata === undefined || told.metadata.length === 0 ? {} : { metadata: told.metadata }),
    };
  }

  #finalDetails(): { readonly [field: string]: Json } | undefined {
    if (isEmpty(this.#details)) return undefined;
    if (!isSealShaped(this.#details)) return this.#details;
    this.flag('nested-as-text');
    return { text: JSON.stringify(this.#details) };
  }
}

/** The name of an event that could not be read. */
export const UNPARSED = 'UNPARSED';

/** What all drafts of one parser have in common. */
export function originOf(dialect: Pick<Dialect, 'name' | 'system'>, options: ParserOptions): Origin {
  return { dialect: dialect.name, system: dialect.system, fallbackTime: options.fallbackTime ?? 0 };
}

/** A record for text that is no event: nothing but the original, and its time when the text tells one. */
export function unparsedRecord(origin: Origin, entry: Entry, time: ReadTime | null): RecordDraft {
  const builder = new DraftBuilder(origin, entry);
  builder.flag('unparsed');
  if (time?.certain === false) builder.flag('time-uncertain');
  return builder.build({ time: time?.ms ?? null, event: UNPARSED, outcome: 'void' });
}

/** Sets a member of any name: `__proto__` too becomes an ordinary one, as with `JSON.parse`. */
export function setMember(object: Record<string, Json>, name: string, value: Json): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else object[name] = value;
}

/** Whether an object has exactly the members that mark a sealed payload, and so cannot stand in a record. */
export function isSealShaped(object: object): boolean {
  return (
    Object.hasOwn(object, 'payload') && Object.hasOwn(object, 'bytes') && Object.keys(object).length === 2
  );
}

function isEmpty(object: object): boolean {
  for (const name in object) if (Object.hasOwn(object, name)) return false;
  return true;
}

/** Without the members that are undefined. */
function compact(object: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const name in object) if (object[name] !== undefined) out[name] = object[name];
  return out;
}
