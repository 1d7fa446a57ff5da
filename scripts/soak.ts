/**
 * Runs a server under load for as long as it is told to, kills it every so often (SIGKILL), and holds it to its promises:
 * what was acknowledged is there, once, in the order in which each client sent it; a search finds it; the log continues
 * what was pinned before, and verifies deeply at the end; and the server's memory stays bounded.
 *
 *     npm run soak -- [--seconds N] [--rate N]
 *
 * A promise that is broken is an error that names it, exit code 1; the log is then kept.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BenchRecords } from '../bench/records.ts';
import { TallystickClient } from '../src/client/mod.ts';
import type { RecordDraft } from '../src/record/mod.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '3600' }, rate: { type: 'string', default: '2000' } },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);
if (!(seconds > 0) || !(rate > 0)) {
  console.error('usage: soak.ts [--seconds N] [--rate records/s, 2000 when not given]');
  process.exit(2);
}

const CLIENTS = 4;
const MAX_BATCH = 200;
/** A server lives that long at the most, ms; some are killed while they start. */
const MAX_LIFE_MS = 20_000;
const TOLD_EVERY_MS = 10_000;
/** MiB that a server may take at any time. */
const MAX_MEMORY = 1_024;

const LAUNCHER = fileURLToPath(new URL('../bin/tallystick.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'tallystick-soak-'));
const data = join(dir, 'data');
const pin = join(dir, 'log.pin');
const env = { ...process.env, TALLYSTICK_STATE: join(dir, 'state') };
const end = performance.now() + seconds * 1_000;
const isOver = (): boolean => performance.now() >= end;

/** The server that runs now, and where it listens; null while there is none. */
let server: { readonly child: ChildProcess; readonly url: string } | null = null;
const totals = { kills: 0, searches: 0, refusals: 0, memory: 0 };
/** Of each client, how many records were acknowledged. */
const acknowledged = new Array<number>(CLIENTS).fill(0);

/** Runs the program; gives its exit code and what it printed. */
async function run(...argv: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [LAUNCHER, ...argv, '--data', data], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

function serve(): ChildProcess {
  const argv = [LAUNCHER, 'serve', '--json', '--port', '0', '--log-level', 'silent', '--data', data];
  const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).once('line', (line) => {
    const { url } = JSON.parse(line) as { url: string };
    server = { child, url };
  });
  return child;
}

/** Starts servers and kills them, until time is up; the last is asked to stop. */
async function lives(): Promise<void> {
  while (!isOver()) {
    const child = serve();
    const exited = once(child, 'exit');
    const life = Math.min(Math.random() * MAX_LIFE_MS, Math.max(0, end - performance.now()));
    const ended = await Promise.race([exited.then(() => true), delay(life, false)]);
    assert.ok(!ended, `a server ended by itself, exit code ${child.exitCode}`);
    totals.memory = Math.max(totals.memory, memoryOf(child));
    server = null;
    child.kill('SIGKILL');
    await exited;
    totals.kills++;
  }
  const last = serve();
  while (server === null) await delay(50);
  const exited = once(last, 'exit');
  totals.memory = Math.max(totals.memory, memoryOf(last));
  last.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null], 'a server that is asked to stop ends in order');
  server = null;
}

/** MiB at its most; 0 where the system does not tell. */
function memoryOf({ pid }: ChildProcess): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
  } catch {
    // Not Linux, or the process is gone: then nothing is known of it.
    return 0;
  }
}

/**
 * One client: sends its records, numbered by their ids, one batch after another. What was not answered is sent again as it
 * was, which adds it once.
 */
async function client(number: number): Promise<void> {
  const records = new BenchRecords({ seed: number + 1 });
  for (let sent = 0; !isOver(); ) {
    const size = 1 + Math.floor(Math.random() * MAX_BATCH);
    const batch = records.batch(size).map((record, i) => ({ ...record, id: `${number}-${sent + i}` }));
    const start = performance.now();
    if (!(await deliver(batch))) return;
    sent += size;
    acknowledged[number] = sent;
    await delay(Math.max(0, (size * 1_000 * CLIENTS) / rate - (performance.now() - start)));
  }
}

/** False when time was up before it was acknowledged. */
async function deliver(batch: readonly RecordDraft[]): Promise<boolean> {
  while (!isOver()) {
    if (server === null) await delay(20);
    else {
      try {
        const results = await new TallystickClient({ url: server.url }).append(batch);
        for (const result of results) if ('error' in result) throw result.error;
        return true;
      } catch {
        // The server was killed, or can't take more at the moment: the same is sent again.
        totals.refusals++;
        await delay(50);
      }
    }
  }
  return false;
}

/** Looks for records while they come in: what a search shows is verified. */
async function reader(): Promise<void> {
  const queries = ['event:KEYGEN outcome:failure', 'actor:"*Signer 12*"', '"no such words"', ''];
  for (let i = 0; !isOver(); i++) {
    await delay(200);
    if (server === null) continue;
    let answer: Awaited<ReturnType<TallystickClient['search']>>;
    try {
      answer = await new TallystickClient({ url: server.url }).search({
        query: queries[i % queries.length]!,
      });
    } catch {
      // The server was killed in between.
      continue;
    }
    for (const { seq, status } of answer.records)
      assert.equal(status, 'verified', `record ${seq} in a search`);
    totals.searches++;
  }
}

/** Verifies against the pin while the log grows and servers come and go. */
async function auditor(): Promise<void> {
  while (!isOver()) {
    await delay(Math.min(TOLD_EVERY_MS, Math.max(0, end - performance.now())));
    tell();
    const { code, output } = await run('verify', '--pin', pin);
    assert.equal(code, 0, output);
  }
}

function tell(): void {
  const records = acknowledged.reduce((a, b) => a + b, 0);
  const { kills, searches, refusals, memory } = totals;
  const left = Math.max(0, Math.round((end - performance.now()) / 1_000));
  console.log(
    `${left} s left: ${records} records acknowledged, ${kills} kills, ${refusals} batches sent again, ` +
      `${searches} searches, at most ${memory.toFixed(0)} MiB`,
  );
}

/** The records of each client are in the log from the first on, once and in order, as far as they were acknowledged at least. */
async function assertWhole(): Promise<void> {
  const child = spawn(process.execPath, [LAUNCHER, 'export', '--data', data], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const next = new Array<number>(CLIENTS).fill(0);
  for await (const line of createInterface({ input: child.stdout })) {
    const id = /\\?"id\\?":\\?"(\d)-(\d+)\\?"/.exec(line);
    if (id === null) continue;
    const [of, number] = [Number(id[1]), Number(id[2])];
    assert.equal(number, next[of], `of client ${of} record ${next[of]} should come next`);
    next[of]!++;
  }
  assert.deepEqual(await closed, [0, null]);
  for (const [of, count] of acknowledged.entries()) {
    assert.ok(
      next[of]! >= count,
      `of client ${of} ${count} records were acknowledged, ${next[of]} are in the log`,
    );
  }
}

try {
  const first = serve();
  while (server === null) await delay(50);
  const made = await run('pin', 'create', '-o', pin);
  assert.equal(made.code, 0, made.output);
  server = null;
  first.kill('SIGKILL');
  await once(first, 'exit');
  await Promise.all([lives(), reader(), auditor(), ...acknowledged.map((_, number) => client(number))]);
  await assertWhole();
  const deep = await run('verify', '--deep', '--pin', pin);
  assert.equal(deep.code, 0, deep.output);
  assert.ok(
    totals.memory < MAX_MEMORY,
    `a server took ${totals.memory.toFixed(0)} MiB, ${MAX_MEMORY} are allowed`,
  );
  tell();
  rmSync(dir, { recursive: true, force: true });
} catch (error) {
  console.error(`a promise is broken; the log is in ${dir}`);
  (server as { readonly child: ChildProcess } | null)?.child.kill('SIGKILL');
  console.error(error);
  process.exit(1);
}
