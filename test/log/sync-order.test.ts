import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('append-forever.ts', import.meta.url));
const ANSWERS = 12;

type Event = 'write' | 'sync' | 'answer';

/**
 * What a trace (`strace -f -y`) tells of the store's write-ahead log and of the answers, in order; a sync counts when
 * it has ended well. A call that another thread interrupted stands in two lines, the second without its file.
 */
function* events(trace: string): Generator<Event> {
  const syncing = new Set<string>();
  for (const line of trace.split('\n')) {
    const thread = /^\d+/.exec(line)?.[0] ?? '';
    const isLog = line.includes('/log.db-wal>');
    if (/ write\(1</.test(line)) yield 'answer';
    else if (isLog && / pwrite64\(/.test(line)) yield 'write';
    else if (isLog && / f(data)?sync\(/.test(line)) {
      if (/ = 0$/.test(line)) yield 'sync';
      else syncing.add(thread);
    } else if (/ f(data)?sync resumed/.test(line) && syncing.delete(thread) && / = 0$/.test(line))
      yield 'sync';
  }
}

async function trace(directory: string): Promise<string> {
  const file = join(directory, 'trace');
  const calls = ['-f', '-y', '-o', file, '-e', 'trace=write,pwrite64,fsync,fdatasync'];
  const program = [process.execPath, SCRIPT, join(directory, 'data'), 'traced'];
  // In a group of its own: killing strace alone would leave the program running.
  const child = spawn('strace', [...calls, ...program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  for (let i = 0; i < ANSWERS; i++) await once(lines, 'line');
  process.kill(-(child.pid as number), 'SIGKILL');
  await exited;
  return readFileSync(file, 'utf8');
}

test('an append is answered after its batch was written and synced, as the system calls show', async (t) => {
  if (spawnSync('strace', ['-V']).error !== undefined) {
    assert.equal(process.env.CI, undefined, 'strace must be installed here');
    return t.skip('strace is not installed');
  }
  const directory = mkdtempSync(join(tmpdir(), 'tallystick-trace-'));
  const seen = [...events(await trace(directory))];
  rmSync(directory, { recursive: true });
  const answers = seen.flatMap((event, at) => (event === 'answer' ? [at] : []));
  assert.ok(answers.length >= ANSWERS);
  for (const [i, at] of answers.entries()) {
    const since = seen.slice(i === 0 ? 0 : (answers[i - 1] as number) + 1, at);
    assert.ok(since.includes('write'), `answer ${i}: written`);
    assert.equal(since.at(-1), 'sync', `answer ${i}: synced after the last write`);
  }
});
