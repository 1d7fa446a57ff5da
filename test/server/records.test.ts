import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LogError } from '../../src/errors.ts';
import { altered, assertProblem, draft, post, postLines, serverFor, tempLog } from './support.ts';

const log = await tempLog();
const app = serverFor(log);

describe('POST /v1/records, one record', () => {
  test('is sealed, and the receipt says where', async () => {
    const answer = await post(app, JSON.stringify(draft()));
    assert.equal(answer.statusCode, 201);
    const receipt = answer.json();
    assert.deepEqual(Object.keys(receipt).sort(), ['checkpoint', 'duplicate', 'leaf', 'node', 'seq']);
    assert.equal(receipt.seq, log.head.size - 1);
    assert.equal(receipt.checkpoint, log.head.note);
    assert.equal(answer.headers.location, `/v1/records/ca1/${receipt.seq}`);
    const { record, leaf } = await log.get(receipt.seq);
    assert.equal(leaf, receipt.leaf);
    assert.equal(record?.source, 'http');
  });

  test('with an id that came before adds nothing', async () => {
    const record = JSON.stringify(draft({ id: 'once' }));
    const first = (await post(app, record)).json();
    const again = await post(app, record);
    assert.equal(again.statusCode, 200);
    assert.deepEqual([again.json().seq, again.json().duplicate], [first.seq, true]);
  });

  test('with an id that came before and other content is refused', async () => {
    await post(app, JSON.stringify(draft({ id: 'taken' })));
    assertProblem(await post(app, JSON.stringify(draft({ id: 'taken' }))), 'ID_REUSED', 409);
  });

  test('takes its id from Idempotency-Key', async () => {
    const record = JSON.stringify(draft());
    const headers = { 'idempotency-key': 'from-header' };
    const first = (await post(app, record, { headers })).json();
    assert.equal((await log.get(first.seq)).record?.id, 'from-header');
    assert.equal((await post(app, record, { headers })).json().duplicate, true);
  });

  test('may repeat its id in Idempotency-Key, but not contradict it', async () => {
    const record = JSON.stringify(draft({ id: 'a' }));
    assert.equal((await post(app, record, { headers: { 'idempotency-key': 'a' } })).statusCode, 201);
    const other = await post(app, record, { headers: { 'idempotency-key': 'b' } });
    assert.equal(assertProblem(other, 'REQUEST_INVALID', 400).path, 'id');
  });

  test('with a key that no id could be is refused', async () => {
    for (const key of ['', 'two words', 'x'.repeat(257)]) {
      const answer = await post(app, JSON.stringify(draft()), { headers: { 'idempotency-key': key } });
      assertProblem(answer, 'REQUEST_INVALID', 400);
    }
  });

  test('may be the attempt or the outcome of a guarded operation, by a parameter', async () => {
    const [attempted, ended] = ['/v1/records?phase=attempt', '/v1/records?phase=outcome'];
    const attempt = JSON.stringify(draft({ outcome: 'void', correlation: 'op-1' }));
    const { node, seq } = (await post(app, attempt, { url: attempted })).json();
    const refs = [{ node, seq, why: 'attempt' }];
    const outcome = JSON.stringify(draft({ correlation: 'op-1', refs }));
    const after = (await post(app, outcome, { url: ended })).json();
    assert.equal((await log.get(seq)).record?.phase, 'attempt');
    assert.equal((await log.get(after.seq)).record?.phase, 'outcome');
    const bare = await post(app, JSON.stringify(draft({ correlation: 'op-1' })), { url: ended });
    assert.equal(assertProblem(bare, 'RECORD_INVALID', 400).path, 'refs');
    const member = await post(app, JSON.stringify({ ...draft(), phase: 'attempt' }));
    assert.equal(assertProblem(member, 'RECORD_INVALID', 400).path, 'phase');
    const several = await post(app, `[${attempt}]`, { url: attempted });
    assert.equal(assertProblem(several, 'REQUEST_INVALID', 400).path, 'phase');
    const middle = await post(app, attempt, { url: '/v1/records?phase=middle' });
    assert.equal(assertProblem(middle, 'REQUEST_INVALID', 400).path, 'phase');
  });

  test('keeps long members', async () => {
    const details = { PEM: 'x'.repeat(1_000_000), short: 'y' };
    const receipt = (await post(app, JSON.stringify(draft({ details })))).json();
    assert.deepEqual((await log.get(receipt.seq)).record?.details, details);
  });

  test('cannot name its source over TCP', async () => {
    const answer = await post(app, JSON.stringify(draft()), { url: '/v1/records?source=other' });
    assert.equal(assertProblem(answer, 'REQUEST_INVALID', 400).path, 'source');
  });
});

describe('POST /v1/records, several records', () => {
  test('a list is answered item by item', async () => {
    const answer = await post(app, JSON.stringify([draft(), draft(), draft()]));
    assert.equal(answer.statusCode, 200);
    const { results } = answer.json();
    assert.deepEqual(
      results.map((result: { index: number }) => result.index),
      [0, 1, 2],
    );
    const [first] = results;
    assert.deepEqual(
      results.map((result: { receipt: { seq: number } }) => result.receipt.seq),
      [first.receipt.seq, first.receipt.seq + 1, first.receipt.seq + 2],
    );
  });

  test('a bad item of a list harms no other', async () => {
    const list = [draft(), { ...draft(), outcome: 'maybe' }, draft()];
    const answer = await post(app, JSON.stringify(list));
    assert.equal(answer.statusCode, 207);
    const { results } = answer.json();
    assert.equal(results[0].receipt.seq + 1, results[2].receipt.seq);
    assert.equal(results[1].index, 1);
    assert.equal(results[1].error.code, 'RECORD_INVALID');
    assert.equal(results[1].error.path, 'outcome');
  });

  test('lines are answered by their number, blank ones passed over', async () => {
    const lines = [
      '',
      JSON.stringify(draft()),
      ' \t\r',
      `${JSON.stringify(draft())}\r`,
      JSON.stringify(draft()),
    ];
    const answer = await postLines(app, lines.join('\n'));
    assert.equal(answer.statusCode, 200);
    assert.deepEqual(
      answer.json().results.map((result: { line: number }) => result.line),
      [2, 4, 5],
    );
  });

  test('nothing in, nothing out', async () => {
    assert.deepEqual((await post(app, '[]')).json(), { results: [] });
    assert.deepEqual((await postLines(app, '')).json(), { results: [] });
    assert.deepEqual((await postLines(app, '\n\n')).json(), { results: [] });
  });

  test('more than one append takes keep their order', async () => {
    const lines = Array.from({ length: 2_500 }, (_, i) => JSON.stringify(draft({ details: { i } })));
    const before = log.head.size;
    const answer = await postLines(app, lines.join('\n'));
    const seqs = answer.json().results.map((result: { receipt: { seq: number } }) => result.receipt.seq);
    assert.deepEqual(
      seqs,
      Array.from({ length: 2_500 }, (_, i) => before + i),
    );
    assert.deepEqual((await log.get(before + 2_499)).record?.details, { i: 2_499 });
  });

  test('more bytes than one append takes go in', async () => {
    const lines = Array.from({ length: 5 }, () =>
      JSON.stringify(draft({ details: { x: 'é'.repeat(1_000_000) } })),
    );
    assert.equal((await postLines(app, lines.join('\n'))).statusCode, 200);
  });

  test('an id that came before is a duplicate, or refused, in its place alone', async () => {
    const known = draft({ id: 'batch-known' });
    await post(app, JSON.stringify(known));
    const list = [known, draft({ id: 'batch-known' }), draft({ id: 'batch-new' })];
    const { results } = (await post(app, JSON.stringify(list))).json();
    assert.equal(results[0].receipt.duplicate, true);
    assert.equal(results[1].error.code, 'ID_REUSED');
    assert.equal(results[2].receipt.duplicate, false);
  });

  test('a record too large once it is encoded is refused alone', async () => {
    const objects = Array.from({ length: 256 }, (_, i) => ({ kind: 'file', id: `${i}`.padEnd(1_000, 'x') }));
    const list = [draft(), draft({ objects }), draft(), draft({ objects })];
    const answer = await post(app, JSON.stringify(list));
    const { results } = answer.json();
    assert.equal(answer.statusCode, 207);
    assert.equal(results[0].receipt.seq + 1, results[2].receipt.seq);
    for (const i of [1, 3]) assert.equal(results[i].error.code, 'RECORD_TOO_LARGE');
    assert.equal('index' in results[3].error, false);
  });

  test('too many are refused before any is taken', async () => {
    const before = log.head.size;
    const line = JSON.stringify({ time: 1, system: 's', event: 'e', outcome: 'void' });
    const many = Array.from({ length: 10_001 }, () => line);
    assertProblem(await postLines(app, many.join('\n')), 'REQUEST_TOO_LARGE', 413);
    assertProblem(await post(app, `[${many.join(',')}]`), 'REQUEST_TOO_LARGE', 413);
    assert.equal(log.head.size, before);
  });

  test('do not take an Idempotency-Key', async () => {
    const answer = await post(app, JSON.stringify([draft()]), { headers: { 'idempotency-key': 'k' } });
    assertProblem(answer, 'REQUEST_INVALID', 400);
  });
});

describe('POST /v1/records, when the log refuses', () => {
  const busy = new LogError('LOG_BUSY', 'more appends wait than the log takes; send this one again later');

  test('a full queue is 429 with the time to wait', async () => {
    const full = serverFor(
      altered(log, {
        append: () => Promise.reject(busy),
        appendEach: () => Promise.reject(busy),
      }),
    );
    for (const body of [draft(), [draft(), draft()]]) {
      const answer = await post(full, JSON.stringify(body));
      assert.equal(assertProblem(answer, 'LOG_BUSY', 429).retry, true);
      assert.match(String(answer.headers['retry-after']), /^[1-9][0-9]*$/);
    }
  });

  test('the producer asks to be told, not to wait', async () => {
    const asked: unknown[] = [];
    const watched = serverFor(
      altered(log, {
        appendEach: (records, settings) => {
          asked.push(settings.whenFull);
          return log.appendEach(records, settings);
        },
      }),
    );
    await post(watched, JSON.stringify([draft()]));
    assert.deepEqual(asked, ['refuse']);
  });

  test('what went in before it did is answered with receipts', async () => {
    let calls = 0;
    const filling = serverFor(
      altered(log, {
        appendEach: (records, settings) =>
          ++calls === 1 ? log.appendEach(records, settings) : Promise.reject(busy),
      }),
    );
    const lines = Array.from({ length: 1_500 }, () => JSON.stringify(draft()));
    const answer = await postLines(filling, lines.join('\n'));
    assert.equal(answer.statusCode, 207);
    const { results } = answer.json();
    assert.equal(results.filter((result: object) => 'receipt' in result).length, 1_000);
    assert.equal(results[1_499].error.code, 'LOG_BUSY');
    assert.equal(results[1_499].error.retry, true);
  });
});
