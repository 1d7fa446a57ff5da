import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { answerClientError } from '../../src/server/client-error.ts';

const fault = (code: string): Error => Object.assign(new Error('detail of the parser'), { code });

const CASES = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'REQUEST_TIMEOUT'],
  HPE_HEADER_OVERFLOW: [413, 'REQUEST_TOO_LARGE'],
  HPE_INVALID_METHOD: [400, 'REQUEST_INVALID'],
} as const;

for (const [code, [status, problem]] of Object.entries(CASES)) {
  test(`${code} is answered ${status}`, async () => {
    const socket = new PassThrough();
    answerClientError(fault(code), socket as unknown as Socket);
    const [head, body] = (await text(socket)).split('\r\n\r\n') as [string, string];
    assert.match(head, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(head, new RegExp(`\r\ncontent-length: ${body.length}\r\n`));
    assert.equal(JSON.parse(body).code, problem);
    assert.equal(body.includes('parser'), false);
  });
}

test('a connection that is gone is answered nothing', () => {
  const socket = new PassThrough();
  answerClientError(fault('ECONNRESET'), socket as unknown as Socket);
  assert.equal(socket.destroyed, true);
  assert.equal(socket.read(), null);
});
