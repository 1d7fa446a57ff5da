import {
  DialectError,
  ERROR_CODES,
  type ErrorCode,
  IndexError,
  LogError,
  ProofError,
  QueryError,
  RecordError,
  StoreError,
  TallystickError,
  TimestampError,
  TokenError,
  UsageError,
} from '../errors.ts';

/** The class of a code by the word it begins with; a server's own codes are a user's affair. */
const CLASSES: Readonly<Record<string, typeof TallystickError>> = {
  ...{ RECORD: RecordError, JSON: RecordError, SYSTEM: RecordError, ID: RecordError },
  ...{ PROOF: ProofError, TILE: ProofError, NOTE: ProofError, KEY: ProofError },
  ...{ LOG: LogError, CLOCK: LogError, ROLLED: LogError, SPLIT: LogError },
  ...{ TOKEN: TokenError, STORE: StoreError, QUERY: QueryError, INDEX: IndexError, DIALECT: DialectError },
  TIMESTAMP: TimestampError,
  INTERNAL: TallystickError,
};

/** Members of a problem document that say where; they become the error's context. */
const POINTERS = ['path', 'at', 'index', 'instance'] as const;

/** The error a server meant by a problem document (RFC 9457); SERVER_UNAVAILABLE when it is none of ours. */
export function errorOf(problem: unknown, status?: number): TallystickError {
  const { code, detail, ...rest } = (problem ?? {}) as Record<string, unknown>;
  if (!isCode(code) || typeof detail !== 'string') return notOurs(status);
  const context: Record<string, unknown> = {};
  for (const name of POINTERS) if (rest[name] !== undefined) context[name] = rest[name];
  const ErrorClass = CLASSES[code.split('_', 1)[0] as string] ?? UsageError;
  return new ErrorClass(code, detail, { context });
}

/** The error for an answer that Tallystick does not give. */
export function notOurs(status?: number): UsageError {
  const what = status === undefined ? 'something' : `status ${status}`;
  return new UsageError(
    'SERVER_UNAVAILABLE',
    `the server answered ${what} that is not Tallystick's; check the address, and what stands in between`,
    { context: { status } },
  );
}

function isCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}
