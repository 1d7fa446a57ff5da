/**
 * The record: one audit event. Its canonical bytes (`canonical.ts`) are what the tree seals, so this shape is a
 * format: members are only ever added, and readers ignore members they do not know.
 */

export type Outcome = 'success' | 'failure' | 'void';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * Stands in a record for a member kept beside the log: `payload` = lower-case hex SHA-256(salt ‖ bytes), `bytes` =
 * how many bytes were sealed, the salt (16 bytes) not counted. The sealed bytes are the canonical JSON (UTF-8) of the member's
 * value, so that the type comes back with it.
 */
export interface PayloadRef {
  readonly payload: string;
  readonly bytes: number;
}

/** `T`, or the hash that seals it. */
export type Sealable<T> = T | PayloadRef;

export interface Actor {
  /** Subject DN, user name or service name. */
  readonly name?: string;
  readonly serial?: string;
  readonly issuer?: string;
  readonly ip?: string;
  readonly auth?: string;
  readonly role?: string;
}

/** Identity of something acted upon. `id` is what makes it the same thing elsewhere; `name` is for people. */
export interface ObjectRef {
  readonly kind: string;
  readonly id: string;
  readonly name?: string;
}

export interface SignatureMetadata {
  readonly key: string;
  readonly value: string;
  readonly primary?: boolean;
  readonly source?: string;
}

/** Of signing events: what was signed, by which key. `hash` is lower-case hex, `value` as the system wrote it. */
export interface SignatureInfo {
  readonly algorithm?: string;
  readonly hashAlgorithm?: string;
  readonly hash?: string;
  readonly value?: string;
  readonly keyAlias?: string;
  readonly keyId?: string;
  readonly keyType?: string;
  /** Whether the key is for production or for tests, where the system says so. */
  readonly use?: 'production' | 'test';
  readonly metadata?: readonly SignatureMetadata[];
}

export interface RecordLink {
  readonly node: string;
  readonly seq: number;
  readonly why: string;
}

/** The original bytes of a line or row: text when they are valid UTF-8 without NUL, else base64. */
export type Raw = { readonly text: string } | { readonly base64: string };

/** What a producer says. All times are ms since 1970-01-01T00:00:00Z. */
export interface RecordDraft {
  /** Idempotency id, 1 to 256 characters, scoped by source. */
  readonly id?: string;
  /** When it happened, as the source claims. */
  readonly time: number;
  /** Catalog, `[a-z0-9][a-z0-9-]{0,31}`. */
  readonly system: string;
  readonly event: string;
  readonly module?: string;
  readonly service?: string;
  readonly component?: string;
  readonly outcome: Outcome;
  readonly reason?: Sealable<string>;
  readonly actor?: Actor;
  readonly correlation?: string;
  readonly details?: Sealable<{ readonly [field: string]: Json }>;
  readonly signature?: Sealable<SignatureInfo>;
  readonly objects?: readonly ObjectRef[];
  readonly refs?: readonly RecordLink[];
  /** Which parser made this of a line, as `xroad/1`. */
  readonly dialect?: string;
  readonly raw?: Sealable<Raw>;
  /** What checking the source's own signature said. */
  readonly upstream?: { readonly [field: string]: Json };
  readonly flags?: readonly string[];
}

/** What the log adds. No producer may set these. */
export interface LogMembers {
  readonly v: 1;
  readonly node: string;
  readonly seq: number;
  /** When the log took it. Never decreases within a node's log. */
  readonly logged: number;
  /** Which configured source or API identity delivered it. */
  readonly source: string;
  readonly phase?: 'attempt' | 'outcome';
}

export interface AuditRecord extends RecordDraft, LogMembers {}

type Present = 'node' | 'seq' | 'logged' | 'time' | 'system' | 'source' | 'event' | 'outcome';
type Possible = 'module' | 'component' | 'correlation' | 'flags' | 'objects' | 'details';
type Possibly<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

/** Of a record what it is about: all that an index's row is made of. */
export type RecordSubject = Pick<AuditRecord, Present> &
  Possibly<Pick<AuditRecord, Possible>> & {
    readonly actor?: Possibly<Pick<Actor, 'name' | 'ip'>> | undefined;
    readonly signature?: Sealable<Possibly<SignatureInfo>> | undefined;
  };

/** What catalogs draw conclusions from. */
export type Described = Pick<
  RecordSubject,
  'system' | 'event' | 'module' | 'component' | 'objects' | 'details' | 'signature'
>;

/** A sealed member's bytes and salt: what the store keeps beside the log. */
export interface Payload {
  /** Lower-case hex SHA-256(salt ‖ bytes). */
  readonly digest: string;
  /** 16 random bytes. */
  readonly salt: Uint8Array;
  /** Canonical JSON of the member's value. */
  readonly bytes: Uint8Array;
}

/** An entry is at most what a C2SP tlog-tiles bundle can hold. */
export const MAX_ENTRY_BYTES = 65_535;
/** A member whose canonical JSON is longer than this is sealed by its hash. */
export const MAX_INLINE_BYTES = 8_192;
export const MAX_PAYLOAD_BYTES: number = 16 * 1024 * 1024;
/** Of an entry and its payloads together. */
export const MAX_RECORD_BYTES: number = 4 * MAX_PAYLOAD_BYTES;
/** Nesting beyond this is refused wherever JSON is read or written. */
export const MAX_DEPTH = 32;
