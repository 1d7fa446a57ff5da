import { randomUUID } from 'node:crypto';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ERROR_CODES, type ErrorCode, TallystickError, UsageError } from '../errors.ts';
import { HungUp } from './hang-up.ts';

/** An error as HTTP answers carry it: RFC 9457 with our code. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly retry: boolean;
  readonly instance?: string;
  readonly path?: string;
  readonly at?: number;
  readonly index?: number;
}

export const PROBLEM_TYPE = 'application/problem+json';

/** What a client may do again, it should do after this many seconds. */
export const RETRY_AFTER_S = 1;

/** Of an error's context only what points into the request: the rest is for the log's own side. */
const POINTERS = ['path', 'at', 'index'] as const;

/**
 * The problem document of an error that was thrown on purpose: its message is written for callers. For anything else
 * see `answerError`.
 */
export function problemOf(error: TallystickError): Problem {
  const pointers: Record<string, unknown> = {};
  for (const name of POINTERS) if (error.context[name] !== undefined) pointers[name] = error.context[name];
  return { ...kindOf(error.code), detail: error.message, ...pointers };
}

function kindOf(code: ErrorCode): Omit<Problem, 'detail'> {
  const { summary, status, retry } = ERROR_CODES[code];
  return { type: `urn:tallystick:problem:${code}`, title: summary, status, code, retry };
}

/** Fastify's error handler. A defect is answered with an id alone; what happened stands under it in the operating log. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof HungUp) {
    reply.hijack();
    return;
  }
  const known = knownError(error, request);
  if (known === null) {
    const instance = `urn:uuid:${randomUUID()}`;
    request.log.error({ err: error, instance, route: request.routeOptions.url }, 'unexpected error');
    const detail = 'something went wrong here; the operating log says what, under this instance';
    send(reply, { ...kindOf('INTERNAL'), detail, instance });
    return;
  }
  // What a caller did wrong is the caller's affair; what the log or its disk can't do is the operator's.
  if (known.status >= 500) request.log.warn({ code: known.code }, known.message);
  else request.log.debug({ code: known.code }, 'request refused');
  send(reply, problemOf(known));
}

function send(reply: FastifyReply, problem: Problem): void {
  if (problem.retry) void reply.header('retry-after', RETRY_AFTER_S);
  void reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
}

const RECORDS_HINT =
  '; send several records in parts. Where the server runs, the command "tallystick append" takes a longer record';

/** What Fastify refuses, in our words: its own would quote the request. */
const FRAMEWORK: Readonly<Record<string, (request: FastifyRequest) => TallystickError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ({ routeOptions: { bodyLimit, url } }) =>
    new UsageError(
      'REQUEST_TOO_LARGE',
      `the body has more than the ${bodyLimit} bytes that this route takes${url === '/v1/records' ? RECORDS_HINT : ''}`,
    ),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new UsageError(
      'MEDIA_TYPE_UNSUPPORTED',
      'send JSON as application/json; records also as application/x-ndjson, one a line',
    ),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new UsageError('REQUEST_INVALID', 'the body is shorter or longer than its Content-Length says'),
  FST_ERR_BAD_URL: () => new UsageError('REQUEST_INVALID', 'the path is not a valid URL path'),
  FST_ERR_MAX_PARAM_LENGTH: () => new UsageError('REQUEST_INVALID', 'a part of the path is too long'),
};

/** The error on purpose behind what was thrown, or null for a defect. */
function knownError(error: unknown, request: FastifyRequest): TallystickError | null {
  if (error instanceof TallystickError) return error.code === 'INTERNAL' ? null : error;
  const { code, statusCode } = error as Partial<FastifyError>;
  const known = code === undefined ? undefined : FRAMEWORK[code];
  if (known !== undefined) return known(request);
  const isRequests = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  return isRequests ? new UsageError('REQUEST_INVALID', 'the request is malformed') : null;
}
