import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ErrorCode, TallystickError } from '../../src/errors.ts';
import { HttpFiles } from '../../src/published/mod.ts';

const fails = (code: ErrorCode) => (error: unknown) =>
  error instanceof TallystickError && error.code === code;

async function host(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`;
}

describe('files at an address', () => {
  test('are read by their path below it, zipped or not', async (t) => {
    const asked: string[] = [];
    const url = await host(t, ({ url: path = '' }, response) => {
      asked.push(path);
      if (path.endsWith('0')) response.end('bytes');
      else response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('bytes'));
    });
    for (const prefix of [url, `${url}/`]) {
      const files = new HttpFiles(prefix);
      assert.equal(Buffer.from((await files.read('tile/0/000', 5)) ?? []).toString(), 'bytes');
      assert.equal(Buffer.from((await files.read('tile/0/001', 5)) ?? []).toString(), 'bytes');
    }
    assert.deepEqual(asked, ['/log/tile/0/000', '/log/tile/0/001', '/log/tile/0/000', '/log/tile/0/001']);
  });

  test('that are not there are null, whatever else is answered is trouble', async (t) => {
    let status = 404;
    const url = await host(t, (_request, response) => {
      response.writeHead(status, { location: '/elsewhere' }).end('<html>');
    });
    const files = new HttpFiles(url);
    for (status of [404, 410]) assert.equal(await files.read('checkpoint', 100), null);
    for (status of [301, 302, 401, 403, 429, 500, 503]) {
      await assert.rejects(files.read('checkpoint', 100), fails('STORE_UNAVAILABLE'), `${status}`);
    }
  });

  test('are not read further than they may be long, zipped or not', async (t) => {
    let written = 0;
    const url = await host(t, ({ url: path = '' }, response) => {
      if (path.endsWith('bomb')) {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000)));
        return;
      }
      const more = (): void => {
        while (!response.destroyed && written < 100_000_000) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536))) {
            response.once('drain', more);
            return;
          }
        }
      };
      more();
    });
    const files = new HttpFiles(url);
    await assert.rejects(files.read('endless', 1_000), fails('STORE_DAMAGED'));
    assert.ok(written < 50_000_000, `${written} bytes`);
    await assert.rejects(files.read('bomb', 1_000), fails('STORE_DAMAGED'));
  });

  test('cut off in the middle are trouble with the medium, no damage', async (t) => {
    const url = await host(t, (_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    });
    await assert.rejects(new HttpFiles(url).read('checkpoint', 100), fails('STORE_UNAVAILABLE'));
  });

  test('an address is one of a folder', () => {
    for (const url of [
      ...['', 'x', 'ftp://x/y', 'http://', 'http:///x', 'http://x/y?z', 'http://x/#y', 'http://u:p@x/'],
      ...['http://x y/', 'file:///tmp', 'http://x/\n'],
    ]) {
      assert.throws(() => new HttpFiles(url), fails('USAGE'), url);
    }
  });
});
