import { Malformed } from '../certificates/asn1.ts';
import { TimestampError } from '../errors.ts';
import type { Authority } from './authority.ts';
import { newNonce, readAnswer, type TimestampAnswer, timestampRequest } from './request.ts';
import { MAX_TOKEN_BYTES } from './token.ts';
import { type TimestampReport, verifyTimestamp } from './verify.ts';

export interface AskOptions {
  readonly fetch?: typeof fetch;
  /** For the whole exchange, ms; 15,000 when not given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A token that was verified with what is known of the authority. */
export interface Answered {
  readonly token: Uint8Array;
  /** `verified`, or `unanchored` where no root is set. */
  readonly report: TimestampReport;
}

const TIMEOUT_MS = 15_000;
/** The token and the status around it. */
const MAX_ANSWER_BYTES = MAX_TOKEN_BYTES + 4_096;
const QUERY = 'application/timestamp-query';
const REPLY = 'application/timestamp-reply';

/**
 * Has an authority date bytes (RFC 3161 over HTTP, section 3.4), and verifies what it answers: with the nonce, and the
 * policy and roots that are set. Redirects are not followed: where bytes of the log are sent to is for its owner to say.
 *
 * Throws `TimestampError`: TIMESTAMP_UNAVAILABLE when it can't be reached, is too slow or says it is out of order;
 * TIMESTAMP_ANSWER when what comes is no reply, or too large; TIMESTAMP_REFUSED when it says no; TIMESTAMP_INVALID when
 * its token does not verify, with the report in `context.report`. The signal's reason when aborted.
 */
export async function askAuthority(
  { url, roots, policy }: Authority,
  stamped: Uint8Array,
  options: AskOptions = {},
): Promise<Answered> {
  const nonce = newNonce();
  const answer = await exchange(url, await timestampRequest(stamped, nonce, policy), options);
  const { granted } = answer;
  if (!granted) throw refused(url, answer);
  const { token } = answer;
  const policies = policy === null ? {} : { policies: [policy] };
  const report = await verifyTimestamp(token, stamped, { roots, nonce, ...policies });
  if (report.verdict !== 'bad') return { token, report };
  const why = report.findings.map(({ message }) => message).join('; ');
  throw new TimestampError('TIMESTAMP_INVALID', `the time stamp of ${url} does not hold: ${why}`, {
    context: { report },
  });
}

async function exchange(url: string, request: Uint8Array, options: AskOptions): Promise<TimestampAnswer> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  try {
    const response = await (options.fetch ?? fetch)(url, {
      method: 'POST',
      headers: { 'content-type': QUERY, accept: REPLY },
      body: new Uint8Array(request),
      redirect: 'manual',
      signal,
    });
    checkResponse(url, response);
    return readAnswer(await bodyOf(url, response));
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof TimestampError) throw error;
    if (error instanceof Malformed) throw noReply(url, error.message, error);
    throw unavailable(url, timeout.aborted ? 'it did not answer in time' : reasonOf(error), error);
  }
}

function checkResponse(url: string, { status, headers, body }: Response): void {
  const give = (error: TimestampError): never => {
    // What is not read would hold the connection.
    body?.cancel().catch(() => {});
    throw error;
  };
  if (status >= 300 && status < 400) {
    give(noReply(url, 'it sends elsewhere, which is not followed: set the address it sends to'));
  }
  if (status >= 500 || status === 429 || status === 408)
    give(unavailable(url, `it answered with status ${status}`));
  if (status !== 200) give(noReply(url, `it answered with status ${status}`));
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== REPLY) give(noReply(url, `its answer is not of the type ${REPLY}`));
}

async function bodyOf(url: string, { body }: Response): Promise<Uint8Array> {
  if (body === null) throw noReply(url, 'its answer is empty');
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw noReply(url, `its answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? (error as Error).message;
}

function refused(
  url: string,
  { status, failures, text }: Extract<TimestampAnswer, { granted: false }>,
): TimestampError {
  const why = failures.length > 0 ? failures.join(', ') : `status ${status}`;
  const said = text === '' ? '' : ` (it says: ${JSON.stringify(text)})`;
  return new TimestampError('TIMESTAMP_REFUSED', `${url} refused to give a time stamp: ${why}${said}`, {
    context: { url, status, failures },
  });
}

function noReply(url: string, why: string, cause?: unknown): TimestampError {
  const options = cause === undefined ? {} : { cause };
  return new TimestampError('TIMESTAMP_ANSWER', `${url} is no time stamp authority: ${why}`, options);
}

function unavailable(url: string, why: string, cause?: unknown): TimestampError {
  const options = cause === undefined ? {} : { cause };
  return new TimestampError(
    'TIMESTAMP_UNAVAILABLE',
    `${url} can't be asked for a time stamp: ${why}`,
    options,
  );
}
