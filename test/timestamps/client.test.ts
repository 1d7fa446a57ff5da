import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { askAuthority } from '../../src/timestamps/client.ts';
import { forge, granted, refused } from './support/forge.ts';
import { OpensslAuthority } from './support/openssl.ts';
import { ca, type Holder, stamper } from './support/pki.ts';
import { answering, type Handler, serve, type TestServer } from './support/server.ts';

/** What authorities and what stands in their place may answer. */

const DATA = new TextEncoder().encode('log.example/ca1\n7\nkHw5nG1Gx7Vjq3p6hYvq7d3F0pQ1e0e5r8zv0Zl9Q0s=\n');
const REPLY = { 'content-type': 'application/timestamp-reply' };

let root: Holder;
let signer: Holder;
let authority: OpensslAuthority;
let server: TestServer;
let handler: Handler;

before(async () => {
  root = await ca('Root');
  signer = await stamper('Stamps', root);
  authority = new OpensslAuthority(signer, []);
  server = await serve((...given) => handler(...given));
});
after(async () => {
  authority.remove();
  await server.close();
});

function ask(policy: string | null = null, timeoutMs = 5_000): ReturnType<typeof askAuthority> {
  return askAuthority({ url: server.url, roots: [root.der], policy }, DATA, { timeoutMs });
}

async function fails(code: ErrorCode, message: RegExp, now: Handler, timeoutMs?: number): Promise<void> {
  handler = now;
  await assert.rejects(ask(null, timeoutMs), { code, message });
}

describe('asking an authority', () => {
  test('openssl ts, with its own policy and another that it knows', async () => {
    handler = answering({ current: authority });
    assert.equal((await ask()).report.policy, '1.2.3.4.1');
    assert.equal((await ask('1.2.3.4.5')).report.policy, '1.2.3.4.5');
    await assert.rejects(ask('1.2.3.4.6'), { code: 'TIMESTAMP_REFUSED', message: /unacceptedPolicy/ });
  });

  test('one that says no, in words that are shown as they are', () =>
    fails('TIMESTAMP_REFUSED', /systemFailure \(it says: "\\u001b\[2J no"\)/, (_body, answer) => {
      answer.writeHead(200, REPLY).end(refused(2, 25, '\u001b[2J no'));
    }));

  test('granted with changes is granted; a warning of revocation is not', async () => {
    const status = async (value: number): Promise<void> => {
      handler = async (body, answer) => {
        const nonce = body.subarray(body.length - 11, body.length - 3);
        const token = await forge({ signer, data: DATA, nonce });
        answer.writeHead(200, REPLY).end(granted(token, value));
      };
    };
    await status(1);
    assert.equal((await ask()).report.verdict, 'verified');
    await status(4);
    await assert.rejects(ask(), { code: 'TIMESTAMP_REFUSED' });
  });

  test('a token of yesterday, with its own nonce', async () => {
    const old = await authority.reply(await authority.query(DATA));
    await fails('TIMESTAMP_INVALID', /another nonce/, (_body, answer) => {
      answer.writeHead(200, REPLY).end(old);
    });
  });

  test('a token over other bytes', async () => {
    const other = await authority.query(new Uint8Array(3));
    await fails('TIMESTAMP_INVALID', /other bytes/, async (_body, answer) => {
      answer.writeHead(200, REPLY).end(await authority.reply(other));
    });
  });

  test('bytes behind the answer, an empty one, one that is no answer', async () => {
    const reply = await authority.reply(await authority.query(DATA));
    for (const bytes of [Buffer.concat([reply, Buffer.from([0])]), Buffer.alloc(0), Buffer.from('<html>')]) {
      await fails('TIMESTAMP_ANSWER', /is no time stamp authority/, (_body, answer) => {
        answer.writeHead(200, REPLY).end(bytes);
      });
    }
  });

  test('another type of answer', () =>
    fails('TIMESTAMP_ANSWER', /not of the type/, (_body, answer) => {
      answer.writeHead(200, { 'content-type': 'text/html' }).end('hello');
    }));

  test('one that sends elsewhere is not followed', async () => {
    const before = server.count;
    await fails('TIMESTAMP_ANSWER', /sends elsewhere/, (_body, answer) => {
      answer.writeHead(307, { location: server.url }).end();
    });
    assert.equal(server.count, before + 1);
  });

  test('an endless answer', () =>
    fails('TIMESTAMP_ANSWER', /larger than/, (_body, answer) => {
      answer.writeHead(200, REPLY);
      const more = (): void => {
        while (!answer.destroyed && answer.write(Buffer.alloc(16_384))) {}
      };
      answer.on('drain', more);
      more();
    }));

  test('a slow one, before its answer and within', async () => {
    await fails('TIMESTAMP_UNAVAILABLE', /in time/, () => new Promise(() => {}), 200);
    await fails(
      'TIMESTAMP_UNAVAILABLE',
      /in time/,
      (_body, answer) => {
        answer.writeHead(200, REPLY);
        answer.write(Buffer.from([0x30]));
      },
      200,
    );
  });

  test('one that breaks off, is out of order, or is not there', async () => {
    await fails('TIMESTAMP_UNAVAILABLE', /can't be asked/, (_body, answer) => void answer.destroy());
    await fails('TIMESTAMP_UNAVAILABLE', /status 503/, (_body, answer) => void answer.writeHead(503).end());
    await fails('TIMESTAMP_ANSWER', /status 404/, (_body, answer) => void answer.writeHead(404).end());
    const nowhere = { url: 'http://127.0.0.1:9/', roots: [], policy: null };
    await assert.rejects(askAuthority(nowhere, DATA), {
      code: 'TIMESTAMP_UNAVAILABLE',
      message: /ECONNREFUSED|bad port/,
    });
  });

  test('who asks may give up, with a reason of their own', async () => {
    handler = () => new Promise(() => {});
    const reason = new Error('enough');
    const options = { signal: AbortSignal.timeout(50) };
    await assert.rejects(askAuthority({ url: server.url, roots: [], policy: null }, DATA, options), {
      name: 'TimeoutError',
    });
    const stop = AbortSignal.abort(reason);
    await assert.rejects(
      askAuthority({ url: server.url, roots: [], policy: null }, DATA, { signal: stop }),
      reason,
    );
  });
});
