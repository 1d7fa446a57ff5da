import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { draft, NODE } from '../../src/cli/demo/scene.ts';
import { openLog } from '../../src/open.ts';
import type { Sandbox } from '../cli/harness.ts';

/** An organisation: a log, and a witness for the log of the other. */
export interface Organisation {
  readonly data: string;
  readonly vkey: string;
  readonly origin: string;
}

export async function begin(box: Sandbox, name: string, records = 300): Promise<Organisation> {
  const data = box.at(name, 'data');
  const log = await openLog({ data, node: NODE, name, index: false, state: box.at('state') });
  await log.append(Array.from({ length: records }, (_, i) => draft(i)));
  const { vkey } = log;
  const { origin } = log.head;
  await log.close();
  return { data, vkey, origin };
}

/** Seals more records; resolves with the size after them. */
export async function goOn(
  box: Sandbox,
  { data }: Pick<Organisation, 'data'>,
  records: number,
  state = 'state',
): Promise<number> {
  const log = await openLog({ data, index: false, state: box.at(state) });
  await log.append(Array.from({ length: records }, (_, i) => draft(1_000 + i)));
  const { size } = log.head;
  await log.close();
  return size;
}

/** `witness serve` as a user calls it, until the test ends or `stop` is called. */
export async function serveWitness(
  t: TestContext,
  box: Sandbox,
  argv: readonly string[],
): Promise<{ url: string; name: string; keys: string[]; logs: string[]; stop(): Promise<void> }> {
  const stop = new AbortController();
  let out = '';
  const began = Promise.withResolvers<void>();
  const running = box.run(['witness', 'serve', '--listen', '127.0.0.1:0', '--json', ...argv], {
    signal: stop.signal,
    onOut: (text) => {
      out += text;
      if (out.includes('\n')) began.resolve();
    },
  });
  const end = async (): Promise<void> => {
    stop.abort('SIGTERM');
    assert.equal((await running).code, 0);
  };
  t.after(end);
  const ended = running.then(({ err }) => assert.fail(err));
  await Promise.race([began.promise, ended]);
  ended.catch(() => {});
  return { ...JSON.parse(out), stop: end };
}
