import type { Socket } from 'node:net';
import { type TallystickError, UsageError } from '../errors.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

/** Answers what is not HTTP, too long or too slow, before there is a request, and hangs up. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(meaning(error.code));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.code}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function meaning(code: string | undefined): TallystickError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new UsageError('REQUEST_TIMEOUT', 'the request did not arrive in time');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new UsageError('REQUEST_TOO_LARGE', 'the headers, the path included, are too long');
  }
  return new UsageError('REQUEST_INVALID', 'this is not HTTP/1.1');
}
