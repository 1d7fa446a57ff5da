/**
 * Everything Tallystick throws on purpose. One class per kind of trouble, one code per rule, and one table that
 * says what each code means to an HTTP client and to a shell. Codes are never re-used. A verifier's findings are
 * results, not errors, and live in `verify/`.
 */

interface CodeInfo {
  /** What went wrong, in a line for documentation. */
  readonly summary: string;
  /** HTTP status the server answers with. */
  readonly status: number;
  /** Whether the same call may succeed later without being changed. */
  readonly retry: boolean;
}

export const ERROR_CODES = {
  RECORD_INVALID: { summary: 'a record breaks a rule of its format', status: 400, retry: false },
  RECORD_TOO_LARGE: { summary: 'a record or payload exceeds its size limit', status: 413, retry: false },
  RECORD_NOT_CANONICAL: {
    summary: 'stored bytes are not the canonical form of a record',
    status: 500,
    retry: false,
  },
  JSON_INVALID: { summary: 'text is not strict JSON', status: 400, retry: false },
  SYSTEM_RESERVED: {
    summary: 'a producer named a system, or itself, as only the log may',
    status: 403,
    retry: false,
  },
  ID_REUSED: { summary: 'an idempotency id came again with other content', status: 409, retry: false },

  PROOF_INVALID: { summary: 'a Merkle proof does not hold', status: 422, retry: false },
  TILE_INVALID: { summary: 'a hash tile or an entry bundle is malformed', status: 422, retry: false },
  NOTE_INVALID: { summary: 'a signed note or checkpoint is malformed', status: 422, retry: false },
  NOTE_UNTRUSTED: { summary: 'no acceptable signature by a known key', status: 422, retry: false },
  KEY_INVALID: { summary: 'a key or vkey is malformed', status: 422, retry: false },

  POLICY_INVALID: { summary: 'a policy of logs and witnesses breaks a rule', status: 422, retry: false },

  WITNESS_UNAVAILABLE: { summary: 'a witness cannot be reached, or is late', status: 503, retry: true },
  WITNESS_REFUSED: { summary: 'a witness refuses to cosign', status: 502, retry: false },
  WITNESS_WRONG: { summary: 'what a witness answered is no good cosignature', status: 502, retry: false },
  WITNESS_CONFIG: { summary: 'a witness cannot be set so, or is not set', status: 422, retry: false },

  TOKEN_UNAVAILABLE: { summary: 'the signing key cannot be used', status: 503, retry: true },
  TOKEN_PASSPHRASE: {
    summary: 'a token or key file needs its PIN or passphrase, or the one given is wrong',
    status: 503,
    retry: false,
  },
  TOKEN_LOCKED: { summary: 'a token takes no PIN any more', status: 503, retry: false },
  TOKEN_NOT_FOUND: { summary: 'no token of that name is configured', status: 404, retry: false },
  TOKEN_EXISTS: {
    summary: 'a token of that name, or at that place, is configured already',
    status: 409,
    retry: false,
  },
  TOKEN_IN_USE: { summary: 'a token holds a key that seals the log or stands by', status: 409, retry: false },
  TOKEN_UNSUPPORTED: { summary: 'a token cannot do what was asked of it', status: 422, retry: false },
  KEY_NOT_FOUND: { summary: 'a token has no key of that alias', status: 404, retry: false },
  KEY_EXISTS: { summary: 'a token already has a key of that alias', status: 409, retry: false },
  KEY_IN_USE: { summary: 'a key seals the log or stands by', status: 409, retry: false },
  KEY_NOT_STANDBY: {
    summary: 'a key may not take over, for it was not announced as a stand-by',
    status: 409,
    retry: false,
  },
  KEY_UNSUITABLE: { summary: 'a key is of a kind that cannot seal a log', status: 422, retry: false },
  CERTIFICATE_INVALID: {
    summary: 'a certificate is malformed, or does not fit its key or chain',
    status: 422,
    retry: false,
  },
  CERTIFICATE_NOT_FOUND: {
    summary: 'a key has no certificate, or no certificate signing request',
    status: 404,
    retry: false,
  },

  STORE_UNAVAILABLE: { summary: 'the store could not be opened, read or written', status: 503, retry: true },
  STORE_FULL: { summary: 'no space left for the store', status: 507, retry: true },
  STORE_READ_ONLY: { summary: 'the store may not be written', status: 503, retry: false },
  STORE_DAMAGED: { summary: 'the store holds bytes that do not decode', status: 500, retry: false },
  STORE_SCHEMA: { summary: 'the store has a layout this version does not read', status: 500, retry: false },
  STORE_CONFLICT: { summary: 'another writer moved the head', status: 409, retry: false },
  STORE_OUTCOME_UNKNOWN: {
    summary: 'it is not known whether a commit was applied',
    status: 503,
    retry: true,
  },
  STORE_SYNC_FAILED: { summary: 'the disk refused to make a write durable', status: 503, retry: false },

  LOG_HELD: { summary: 'another process writes this log', status: 409, retry: true },
  LOG_CLOSED: { summary: 'the log is closed or has stopped', status: 503, retry: false },
  LOG_BUSY: { summary: 'the queue of waiting appends is full', status: 429, retry: true },
  LOG_NOT_FOUND: { summary: 'there is no log, node or record of that name', status: 404, retry: false },
  LOG_DAMAGED: {
    summary: 'the stored head does not agree with its signature or tree',
    status: 500,
    retry: false,
  },
  LOG_KEY_MISMATCH: { summary: 'the sealing key is not the key of this log', status: 500, retry: false },
  SELF_TEST_FAILED: { summary: 'a self-test failed; the log takes no records', status: 503, retry: true },
  CLOCK_BEHIND: { summary: 'the clock is behind the newest record', status: 503, retry: true },
  CLOCK_JUMPED: { summary: 'the clock jumped ahead; appends are held', status: 503, retry: true },
  ROLLED_BACK: {
    summary: 'the store is older than the head remembered outside it',
    status: 500,
    retry: false,
  },
  SPLIT_VIEW: { summary: 'the store contradicts the head remembered outside it', status: 500, retry: false },

  TIMESTAMP_AUTHORITY: {
    summary: 'what was set of a time stamp authority is unfit',
    status: 422,
    retry: false,
  },
  TIMESTAMP_UNAVAILABLE: { summary: 'a time stamp authority cannot be reached', status: 503, retry: true },
  TIMESTAMP_ANSWER: {
    summary: 'what stands at the address of a time stamp authority does not answer as one',
    status: 502,
    retry: true,
  },
  TIMESTAMP_REFUSED: { summary: 'a time stamp authority refused', status: 502, retry: false },
  TIMESTAMP_INVALID: { summary: 'a time stamp does not hold', status: 502, retry: false },

  EVIDENCE_INVALID: { summary: 'an evidence file is not of its form', status: 422, retry: false },
  EVIDENCE_REFUSED: { summary: 'evidence that would not hold is not made', status: 409, retry: false },
  EVIDENCE_TOO_LARGE: { summary: 'evidence would hold more than it may', status: 413, retry: false },

  AUDIT_UNAVAILABLE: {
    summary: 'the attempt could not be sealed, so the operation was not started',
    status: 503,
    retry: true,
  },
  OUTCOME_UNSEALED: {
    summary: 'the operation was carried out, but its outcome was not sealed in time',
    status: 503,
    retry: false,
  },

  QUERY_INVALID: { summary: 'a query does not follow the grammar', status: 400, retry: false },
  INDEX_UNAVAILABLE: { summary: 'the search index cannot be used', status: 503, retry: true },

  DIALECT_UNKNOWN: { summary: 'no dialect recognises the input', status: 415, retry: false },
  DIALECT_MISMATCH: { summary: 'the input is of another dialect than stated', status: 415, retry: false },

  XML_REFUSED: {
    summary: 'XML of audit details is malformed, or holds more than such details may',
    status: 422,
    retry: false,
  },

  CATALOG_UNKNOWN: { summary: 'no catalog has a system or an event of that name', status: 404, retry: false },

  COPY_MISMATCH: {
    summary: 'a directory holds another published log, or something else',
    status: 409,
    retry: false,
  },

  PIN_CONTRADICTED: {
    summary: 'a log does not continue what was remembered of it',
    status: 409,
    retry: false,
  },
  PIN_EXISTS: { summary: 'a log is pinned there already', status: 409, retry: false },
  PIN_INVALID: { summary: 'a pin file is malformed or of another log', status: 422, retry: false },
  USAGE: { summary: 'a command or option is wrong', status: 400, retry: false },
  FILE_UNREADABLE: { summary: 'a file cannot be read', status: 400, retry: false },
  SERVER_UNAVAILABLE: { summary: 'the server cannot be reached or started', status: 503, retry: true },
  SERVER_BUSY: {
    summary: 'the server is already doing as much of this as it does at once',
    status: 429,
    retry: true,
  },

  REQUEST_INVALID: { summary: 'a request is malformed or has a wrong parameter', status: 400, retry: false },
  REQUEST_REFUSED: {
    summary: 'a request came under a foreign host name or from a page of another site',
    status: 403,
    retry: false,
  },
  ENTRIES_PRIVATE: {
    summary: 'records and their payloads were asked for where only hashes are public',
    status: 403,
    retry: false,
  },
  REQUEST_TOO_LARGE: { summary: 'a request is larger than the server takes', status: 413, retry: false },
  REQUEST_TIMEOUT: { summary: 'a request did not arrive in time', status: 408, retry: true },
  ROUTE_NOT_FOUND: { summary: 'the server has nothing at that path', status: 404, retry: false },
  METHOD_NOT_ALLOWED: { summary: 'the path takes other methods', status: 405, retry: false },
  MEDIA_TYPE_UNSUPPORTED: {
    summary: 'the server does not read a body of that type',
    status: 415,
    retry: false,
  },

  INTERNAL: { summary: 'a defect in Tallystick', status: 500, retry: false },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * Base of all errors. `message` names the thing, the rule and the way out; it never holds a secret or the content
 * of a record. `context` holds the same facts for programs.
 */
export class TallystickError extends Error {
  readonly code: ErrorCode;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; context?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.context = options.context ?? {};
  }

  get status(): number {
    return info(this.code).status;
  }

  get retry(): boolean {
    return info(this.code).retry;
  }
}

/** A record, or the text it came as, breaks a rule. `path` is where, as in `details.KEYALIAS[2]`. */
export class RecordError extends TallystickError {
  get path(): string {
    return String(this.context['path'] ?? '');
  }
}
/** Proofs, notes, checkpoints, verifier keys. */
export class ProofError extends TallystickError {}
/** Witnesses that cosign a log. */
export class WitnessError extends TallystickError {}
/** Tokens: where signing keys live, their PINs, their keys and certificates. */
export class TokenError extends TallystickError {}
/** The truth: opening, reading, committing. */
export class StoreError extends TallystickError {}
/** The sequencer and what it guards. */
export class LogError extends TallystickError {}
/** A guarded operation was not started, because the log could not seal its attempt; `cause` says why. */
export class AuditUnavailable extends TallystickError {}
/** How an operation ended. */
export type Done<T = unknown> = { readonly result: T } | { readonly error: unknown };
/**
 * A guarded operation was carried out, and the log could not seal its outcome in time. `context` has `node` and `seq`
 * of its attempt. What the operation gave is `done`, kept out of sight of whatever prints errors.
 */
export class OutcomeUnsealed<T = unknown> extends TallystickError {
  readonly #done: Done<T>;

  constructor(
    code: ErrorCode,
    message: string,
    options: ConstructorParameters<typeof TallystickError>[2],
    done: Done<T>,
  ) {
    super(code, message, options);
    this.#done = done;
  }

  get done(): Done<T> {
    return this.#done;
  }
}
/** Time stamps and the authorities that give them. */
export class TimestampError extends TallystickError {}
/** Records taken along with what proves them. */
export class EvidenceError extends TallystickError {}
/** Query text and filters. `context.at` is the offset in the text, in UTF-16 units. */
export class QueryError extends TallystickError {}
/** The derived search structure. */
export class IndexError extends TallystickError {}
/** Log files of other systems. */
export class DialectError extends TallystickError {}
/** Command line, files and connections of a user. */
export class UsageError extends TallystickError {}

function info(code: ErrorCode): CodeInfo {
  return ERROR_CODES[code];
}
