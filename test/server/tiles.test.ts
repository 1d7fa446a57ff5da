import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { leafHashes, tilePath, tilesOf, tileWidth } from '../../src/merkle/mod.ts';
import { HttpFiles, PublishedLog } from '../../src/published/mod.ts';
import { TamperedStore } from '../../src/store/sqlite/tamper.ts';
import { verifyLog } from '../../src/verify/mod.ts';
import { runs } from '../runs.ts';
import { assertProblem, atEnd, draft, NODE, serverFor, tempDir, tempLog } from './support.ts';

const log = await tempLog();
const app = serverFor(log);
await log.append(Array.from({ length: 500 }, () => draft()));
await log.append([draft({ details: { long: 'x'.repeat(10_000) } })]);
await log.append(Array.from({ length: 98 }, () => draft()));
const SIZE = log.head.size;
const get = (path: string, headers: Record<string, string> = {}) =>
  app.inject({ method: 'GET', url: `/log/${NODE}/${path}`, headers });

describe('the log over HTTP', () => {
  test(`has ${SIZE} records: two bundles and a part`, () => assert.equal(SIZE, 600));

  test('checkpoint: the signed note, kept for seconds', async () => {
    const answer = await get('checkpoint');
    assert.equal(answer.body, log.head.note);
    assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(answer.headers['cache-control'], 'public, max-age=5');
  });

  test('hash tiles: full, partial of every width, kept for ever', async () => {
    for (const tile of tilesOf(SIZE)) {
      const answer = await get(tilePath(tile));
      assert.equal(answer.statusCode, 200, tilePath(tile));
      assert.equal(answer.headers['content-type'], 'application/octet-stream');
      assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
      for (let width = 1; width < tile.width; width += 17) {
        const part = await get(tilePath({ ...tile, width }));
        assert.deepEqual(part.rawPayload, answer.rawPayload.subarray(0, 32 * width));
      }
    }
  });

  test('bundles hash to their tiles, in full and in every width', async () => {
    for (const index of [0, 1, 2]) {
      for (const width of [1, 44, 88, 255, 256]) {
        if (width > tileWidth(0, index, SIZE)) continue;
        const bundle = await get(tilePath({ level: 'entries', index, width }));
        const tile = await get(tilePath({ level: 0, index, width }));
        assert.deepEqual(Buffer.from(leafHashes(new Uint8Array(bundle.rawPayload))), tile.rawPayload);
        assert.equal(bundle.headers['cache-control'], 'private, max-age=31536000, immutable');
        assert.equal(bundle.headers.vary, 'accept-encoding');
      }
    }
  });

  test('entries are zipped for whoever takes that, hashes are not', async () => {
    const plain = await get('tile/entries/000');
    for (const accept of ['gzip', 'br, gzip;q=0.5', 'GZIP']) {
      const zipped = await get('tile/entries/000', { 'accept-encoding': accept });
      assert.equal(zipped.headers['content-encoding'], 'gzip', accept);
      assert.deepEqual(gunzipSync(zipped.rawPayload), plain.rawPayload);
      assert.notEqual(zipped.headers.etag, plain.headers.etag);
    }
    for (const accept of ['br', 'gzip;q=0', 'gzip;q=0.0', 'xgzip', '']) {
      const answer = await get('tile/entries/000', { 'accept-encoding': accept });
      assert.equal(answer.headers['content-encoding'], undefined, accept);
    }
    const tile = await get('tile/0/000', { 'accept-encoding': 'gzip' });
    assert.equal(tile.headers['content-encoding'], undefined);
  });

  test('HEAD and If-None-Match spare the bytes', async () => {
    for (const path of ['checkpoint', 'tile/0/000', 'tile/entries/002.p/88']) {
      const whole = await get(path);
      const head = await app.inject({ method: 'HEAD', url: `/log/${NODE}/${path}` });
      assert.deepEqual([head.statusCode, head.body, head.headers.etag], [200, '', whole.headers.etag]);
      const known = await get(path, { 'if-none-match': `"x", ${whole.headers.etag}` });
      assert.deepEqual([known.statusCode, known.body], [304, '']);
      assert.equal(known.headers['cache-control'], whole.headers['cache-control']);
      assert.equal((await get(path, { 'if-none-match': '"x"' })).statusCode, 200);
    }
  });

  test('is verified over HTTP as from the store, payloads included', async () => {
    const files = new HttpFiles(`http://127.0.0.1/log/${NODE}`, async (url) => {
      const { pathname } = new URL(url);
      const { statusCode, rawPayload } = await app.inject(pathname);
      return new Response(new Uint8Array(rawPayload), { status: statusCode });
    });
    const report = await verifyLog(new PublishedLog(files), { keys: [log.vkey], deep: true });
    assert.equal(report.verdict, 'intact', JSON.stringify(report.findings));
    const { records, payloads } = report.checked;
    assert.deepEqual([report.size, records, payloads, report.trust], [SIZE, SIZE, 1, 'given-key']);
  });
});

describe('what there is not', () => {
  test('tiles that the log has not come to', async () => {
    for (const path of [
      ...['tile/0/002', 'tile/0/002.p/89', 'tile/0/003', 'tile/0/003.p/1', 'tile/1/000', 'tile/1/000.p/3'],
      ...['tile/1/001.p/1', 'tile/2/000.p/1', 'tile/63/000.p/1', 'tile/entries/002', 'tile/entries/002.p/89'],
      ...['tile/0/x001/000', 'tile/0/x009/x007/x199/x254/x740/991', 'tile/entries/x234/567'],
      `payload/00/${'0'.repeat(64)}`,
    ]) {
      assertProblem(await get(path), 'LOG_NOT_FOUND', 404);
    }
    for (const url of ['/log/ca2/checkpoint', '/log/ca2/tile/0/000', '/log/ca2/key-changes']) {
      assertProblem(await app.inject(url), 'LOG_NOT_FOUND', 404);
    }
  });

  test('paths that are not exactly those of C2SP tlog-tiles', async () => {
    for (const path of [
      ...['tile/', 'tile/0', 'tile/0/', 'tile/0/0', 'tile/0/00', 'tile/0/0000', 'tile/00/000', 'tile/64/000'],
      ...['tile/0/000.p', 'tile/0/000.p/', 'tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/01'],
      ...['tile/0/000.p/1/', 'tile/0/000/', 'tile/0/000.p/-1', 'tile/0/000.p/1e1', 'tile/0/x000/000'],
      ...['tile/0/000/001', 'tile/0/x001/x002', 'tile/0/x01/000', 'tile/0/X001/000', 'tile/-1/000'],
      ...['tile/entries/0', 'tile/Entries/000', 'tile/data/000', 'tile/8/0/000', 'tile/0/%30%30%30'],
      ...['tile/0/..%2f0%2f000', 'tile/..%2f..%2fcheckpoint', 'tile/0//000'],
      ...['tile/0/000%00', 'tile/0/000%0a', 'tile/0/٠٠٠', 'tile/0/x999/x999/x999/x999/x999/999'],
      ...['payload/00/1', 'payload/ff/../ff', `payload/00/${'A'.repeat(64)}`, `payload/01/${'0'.repeat(64)}`],
      'tile/%ff',
      `tile/${'0'.repeat(99)}`,
    ]) {
      const answer = await get(path.replace('٠٠٠', encodeURIComponent('٠٠٠')));
      const { status, code } = answer.json();
      assert.ok(status === 404 || status === 400, `${path}: ${answer.body}`);
      assertProblem(answer, code, status);
    }
  });

  test('a path is not resolved: what climbs out of the tiles leads nowhere', async () => {
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const status = (path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const sent = request({ host: '127.0.0.1', port, path }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        sent.on('error', reject).end();
      });
    assert.equal(await status(`/log/${NODE}/tile/0/000`), 200);
    for (const path of ['tile/../checkpoint', 'tile/%2e%2e/checkpoint', 'tile/0/../0/000', 'tile/./0/000']) {
      assert.equal(await status(`/log/${NODE}/${path}`), 404, path);
    }
    assert.equal(await status(`/log/../log/${NODE}/checkpoint`), 404);
    assert.equal(await status(`/log/%63a1/tile/0/000`), 404, 'a node is not written otherwise either');
  });

  test('no path that is made up gets anything but a problem or its tile', async () => {
    const piece = fc.oneof(
      fc.constantFrom('tile', '0', '1', 'entries', '000', 'x001', '000.p', '1', '255', '...', ''),
      // What a client resolves before it asks never arrives.
      fc
        .string({ maxLength: 6 })
        .filter((text) => text !== '.' && text !== '..')
        .map(encodeURIComponent),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        const path = `tile/${pieces.join('/')}`;
        const answer = await get(path);
        if (answer.statusCode === 200) assert.match(path, /^tile\/([01]|entries)\/00[0-2](\.p\/\d+)?$/);
        else assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      }),
      { numRuns: runs(300) },
    );
  });

  test('a query string changes nothing, another method is refused', async () => {
    assert.equal((await get('tile/0/000?x=/../..')).statusCode, 200);
    const posted = await app.inject({ method: 'POST', url: `/log/${NODE}/tile/0/000` });
    assertProblem(posted, 'METHOD_NOT_ALLOWED', 405);
  });
});

test('while the log grows, tiles of every size that was published stay', async () => {
  const growing = await tempLog();
  const server = serverFor(growing);
  atEnd(() => server.close());
  const sizes: number[] = [];
  for (const count of [253, 1, 1, 1, 1]) {
    await growing.append(Array.from({ length: count }, () => draft()));
    sizes.push(growing.head.size);
  }
  assert.deepEqual(sizes, [254, 255, 256, 257, 258]);
  for (const size of sizes) {
    for (const tile of tilesOf(size)) {
      const answer = await server.inject(`/log/${NODE}/${tilePath(tile)}`);
      assert.deepEqual([answer.statusCode, answer.rawPayload.length], [200, 32 * tile.width], tilePath(tile));
    }
  }
});

test('what the store can not give as it was sealed is a problem, no tile', async () => {
  const data = tempDir();
  const damaged = await tempLog({ data });
  await damaged.append(Array.from({ length: 299 }, () => draft()));
  const server = serverFor(damaged);
  const store = new TamperedStore(data, NODE);
  const { entries, leaves } = store.read();
  store.write(entries.slice(0, 256), leaves.slice(0, 256));
  store.close();
  for (const path of ['tile/entries/001.p/44', 'tile/0/001.p/44', 'tile/0/001.p/1']) {
    assertProblem(await server.inject(`/log/${NODE}/${path}`), 'STORE_DAMAGED', 500);
  }
  assert.equal((await server.inject(`/log/${NODE}/tile/entries/000`)).statusCode, 200);
});
