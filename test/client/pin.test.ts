import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPin, parsePin } from '../../src/checkpoint/mod.ts';
import { type Fetch, TallystickClient } from '../../src/client/mod.ts';
import { LogError, UsageError } from '../../src/errors.ts';
import { draft, serverFor, tempLog } from '../server/support.ts';
import { injected } from './support.ts';

const ADDRESS = 'http://127.0.0.1:4780';
const log = await tempLog({ index: true });
const serving = injected(serverFor(log));

/** A pin in memory, and how often it was written. */
class Memory {
  text: string | null = null;
  writes = 0;
  read(): string | null {
    return this.text;
  }
  async write(text: string): Promise<void> {
    this.text = text;
    this.writes++;
  }
}

const reads = (client: TallystickClient): (() => Promise<unknown>)[] => [
  () => client.search({ query: 'event:X' }),
  () => client.get('ca1', 0),
  () => client.count(),
  () => client.facets('', 'event'),
  () => client.histogram('', { from: 0, to: 1_000, bucketMs: 1_000 }),
  () => client.checkpoint(),
];

const contradicted = (error: unknown): boolean =>
  error instanceof LogError && error.code === 'PIN_CONTRADICTED';

test('the first read begins the pin, later ones hold the log against it, and it goes on with the log', async () => {
  const pin = new Memory();
  const client = new TallystickClient({ url: ADDRESS, fetch: serving, pin });
  await client.append(draft());
  assert.equal(pin.text, null, 'what is written is not read');
  for (const read of reads(client)) await read();
  assert.equal(pin.writes, 1);
  assert.equal(parsePin(pin.text as unknown as string).size, log.head.size);
  for (let i = 0; i < 3; i++) {
    await client.append(draft());
    await Promise.all(reads(client).map((read) => read()));
    assert.equal(parsePin(pin.text as unknown as string).size, log.head.size);
  }
  assert.equal(pin.writes, 4);
});

test('a log that is behind, or another, is not read', async () => {
  const other = await tempLog({ index: true });
  const pin = new Memory();
  const there = new TallystickClient({ url: ADDRESS, fetch: injected(serverFor(other)), pin });
  await there.count();
  const before = pin.text;
  const client = new TallystickClient({ url: ADDRESS, fetch: serving, pin });
  for (const read of reads(client)) await assert.rejects(read, contradicted);
  assert.equal(pin.text, before);
});

test('an answer from another state than the newest checkpoint tells is found out', async () => {
  const pin = new Memory();
  const old = log.head.note;
  const client = new TallystickClient({ url: ADDRESS, fetch: serving, pin });
  await client.append(draft());
  await client.count();
  const lying: Fetch = async (url, init) => {
    const response = await serving(url, init);
    if (!url.includes('/v1/records/') && !url.includes('/v1/checkpoint')) return response;
    const text = await response.text();
    if (url.includes('/v1/checkpoint')) return new Response(old);
    const answer = JSON.parse(text);
    return Response.json({ ...answer, proof: { ...answer.proof, checkpoint: old } });
  };
  const deceived = new TallystickClient({ url: ADDRESS, fetch: lying, pin });
  await deceived.count();
  await assert.rejects(deceived.get('ca1', 0), contradicted);
  await assert.rejects(deceived.checkpoint(), contradicted);
});

test('why a log is not read names the records, in the words of the command line', async () => {
  const pin = new Memory();
  const honest = new TallystickClient({ url: ADDRESS, fetch: serving, pin });
  await honest.count();
  await honest.append(draft());
  const { size } = log.head;
  const damaged: Fetch = async (url, init) => {
    const response = await serving(url, init);
    if (!url.includes('/tile/0/')) return response;
    return new Response(new Uint8Array((await response.arrayBuffer()).byteLength));
  };
  await assert.rejects(
    new TallystickClient({ url: ADDRESS, fetch: damaged, pin }).count(),
    (error) =>
      contradicted(error) &&
      (error as LogError).message.includes(
        `(coverage-ends: records 0 to ${size - 1}: the hash tiles do not lead`,
      ),
  );
});

test('what is no pin is refused, and a pin that cannot be kept is told', async () => {
  const bad = { read: () => '{}', write: () => {} };
  const client = new TallystickClient({ url: ADDRESS, fetch: serving, pin: bad });
  await assert.rejects(
    client.count(),
    (error) => error instanceof UsageError && error.code === 'PIN_INVALID',
  );
  const full = {
    read: () => null,
    write: () => {
      throw new Error('no space');
    },
  };
  await assert.rejects(new TallystickClient({ url: ADDRESS, fetch: serving, pin: full }).count(), /no space/);
});

test('a pin of the command line is one for a client', async () => {
  const pin = new Memory();
  const client = new TallystickClient({ url: ADDRESS, fetch: serving, pin });
  await client.count();
  const made = parsePin(pin.text as unknown as string);
  pin.text = JSON.stringify(JSON.parse(formatPin(made)));
  await client.count();
  assert.equal(pin.writes, 1);
});
