import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenError } from '../../src/errors.ts';
import type { TokenSettings } from '../../src/keys/settings.ts';
import { openLog } from '../../src/open.ts';
import { SoftwareToken } from '../../src/tokens/software.ts';
import { ndjson, Sandbox } from '../cli/harness.ts';
import { exitCode, firstLine, start } from '../cli/spawn.ts';
import { isCi } from '../runs.ts';
import { FaultyToken } from '../tokens/faulty.ts';
import { LIBRARY, missing, PIN, SoftHsm } from '../tokens/softhsm.ts';
import { pinFile } from './kinds.ts';

const hsm = missing === undefined ? new SoftHsm() : null;

function temp(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-away-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** Appends while the token goes and comes: what was answered is there, what was refused is not, and nothing is missing. */
async function underLoad(
  dir: string,
  token: { name: string; mine?: FaultyToken; settings?: TokenSettings; away: () => void; back: () => void },
): Promise<void> {
  const { name, mine, settings, away, back } = token;
  const log = await openLog({
    ...{ data: join(dir, 'data'), state: join(dir, 'state'), index: false },
    ...(mine === undefined ? {} : { tokens: [mine] }),
  });
  try {
    if (settings !== undefined) await log.tokens.init({ name, settings });
    await log.keys.generate({ token: name, alias: 'k', spec: 'ecdsa-p256' });
    await log.keys.select({ keys: [{ token: name, alias: 'k' }] });
    const first = log.head.size;
    const sealed = new Map<number, number>();
    let refused = 0;
    let isOver = false;
    let n = 0;
    const producer = async (): Promise<void> => {
      while (!isOver) {
        const time = ++n;
        try {
          const { seq } = await log.append({ system: 'load', event: 'E', outcome: 'void', time });
          sealed.set(seq, time);
        } catch (error) {
          assert.ok(error instanceof TokenError && error.code === 'TOKEN_UNAVAILABLE', String(error));
          refused += 1;
          await sleep(5);
        }
      }
    };
    const producers = Array.from({ length: 8 }, producer);
    // Each waits until appends that hope for the token are refused.
    for (let times = isCi ? 3 : 1; times > 0; times--) {
      const before = sealed.size;
      await until(() => sealed.size > before + 20);
      const refusedBefore = refused;
      away();
      await until(() => refused > refusedBefore + 8);
      back();
    }
    const before = sealed.size;
    await until(() => sealed.size > before + 20);
    isOver = true;
    await Promise.all(producers);
    assert.equal(log.head.size, first + sealed.size, 'no gap, and nothing that was refused');
    for (const [seq, time] of sealed) assert.equal((await log.get(seq)).record?.time, time);
    assert.equal((await log.verify({ deep: true })).verdict, 'intact');
  } finally {
    await log.close();
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !isSo(); ) {
    assert.ok(Date.now() < end, 'it takes too long');
    await sleep(5);
  }
}

describe('a token that is pulled away under load and given back', { timeout: 180_000 }, () => {
  test('one that a program brought along', async (t) => {
    const dir = temp(t);
    const mine = new FaultyToken(new SoftwareToken({ name: 'mine', path: join(dir, 'keys') }));
    await underLoad(dir, { name: 'mine', mine, away: () => mine.goAway(), back: () => mine.comeBack() });
  });

  test('a device', { skip: missing ?? false }, async (t) => {
    const dir = temp(t);
    const { make, takeAway, giveBack } = hsm as SoftHsm;
    const label = make.call(hsm);
    const settings = { kind: 'pkcs11', library: LIBRARY, slot: { label }, pin: pinFile(dir, PIN) } as const;
    await underLoad(dir, {
      ...{ name: 'hsm', settings },
      away: () => takeAway.call(hsm),
      back: () => giveBack.call(hsm),
    });
  });
});

describe('a PIN that somebody types', () => {
  /** A terminal on which this is typed when it is asked. */
  function terminal(...answers: string[]): PassThrough {
    const stdin = new PassThrough();
    return Object.assign(stdin, {
      isTTY: true,
      setRawMode: (raw: boolean) => {
        if (raw) stdin.write(answers.shift() ?? '\x04');
        return stdin;
      },
    });
  }

  const init = ['tokens', 'init', 'vault', '--kind', 'software', '--path', 'keys', '--pin', 'prompt'];

  test('is asked for without echo, wherever it is needed', { timeout: 60_000 }, async (t) => {
    const box = new Sandbox(t);
    const { out, err } = await box.ok(init, { stdin: terminal('open sesamX\x7fe\r') });
    assert.equal(err, 'PIN of token vault: \n');
    assert.ok(!`${out}${err}`.includes('sesam'));
    await box.ok(['keys', 'generate', 'vault', 'k'], { stdin: terminal('open sesame\r') });
    assert.equal(await box.refused(['keys', 'list', 'vault'], 2), 'TOKEN_PASSPHRASE');
    const wrong = await box.run(['tokens', 'login', 'vault'], { stdin: terminal('wrong-4711\r') });
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /passphrase opens no key of token vault/);
    assert.ok(!wrong.err.includes('wrong-4711'));
    for (const stdin of [terminal('\x03'), terminal('\r'), terminal('\x04')]) {
      assert.equal((await box.run(['tokens', 'login', 'vault'], { stdin })).code, 2);
    }
    const { out: said } = await box.ok(['tokens', 'login', 'vault'], { stdin: 'open sesame\n' });
    assert.match(said, /No server runs here/);
    const text = (await box.ok(['export'])).out;
    for (const secret of ['open sesam', 'wrong-4711']) assert.ok(!text.includes(secret));
  });

  test('reaches the server that needs it, and the log goes on', { timeout: 60_000 }, async (t) => {
    const box = new Sandbox(t);
    const pin = { stdin: 'open sesame\n' };
    await box.ok(init, pin);
    await box.ok(['keys', 'generate', 'vault', 'k'], { stdin: terminal('open sesame\r') });
    await box.ok(['keys', 'select', 'vault', 'k'], { stdin: terminal('open sesame\r') });
    const server = start(box, ['serve', '--port', '0', '--json', '--log-level', 'silent']);
    t.after(() => server.kill('SIGKILL'));
    await firstLine(server);
    const refused = await box.run(['append', '--json'], { stdin: ndjson(1) });
    assert.notEqual(refused.code, 0, refused.out);
    const { tokens } = (await box.ok(['tokens', 'list', '--json'])).json;
    const [vault] = tokens.filter(({ name }: { name: string }) => name === 'vault');
    assert.deepEqual([vault.state, vault.code, vault.seals], ['offline', 'TOKEN_PASSPHRASE', true]);
    await box.ok(['tokens', 'login', 'vault'], pin);
    await box.ok(['append'], { stdin: ndjson(1) });
    await box.ok(['tokens', 'logout', 'vault']);
    assert.notEqual((await box.run(['append'], { stdin: ndjson(1) })).code, 0);
    await box.ok(['tokens', 'login', 'vault'], pin);
    server.kill('SIGTERM');
    assert.equal(await exitCode(server), 0);
    const events = (await box.ok(['export'])).lines.flatMap(({ entry }) => (entry ? [entry.event] : []));
    assert.deepEqual(events.slice(-6), [
      'Log in to token',
      'SELFTESTS_EXECUTION',
      'EVENT_0',
      'Log out from token',
      'Log in to token',
      'AUDIT_LOG_SHUTDOWN',
    ]);
    assert.ok(events.includes('AUDIT_LOG_STARTUP'));
    assert.equal((await box.ok(['verify', '--deep', '--json'])).json.verdict, 'intact');
  });
});
