import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Log } from '../../src/log/log.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { PinSource } from '../../src/tokens/pin.ts';
import { Pkcs11Token } from '../../src/tokens/pkcs11.ts';
import { SoftwareToken } from '../../src/tokens/software.ts';
import { type CryptoToken, KEY_SPECS, type KeySpec } from '../../src/tokens/token.ts';
import { checkLog } from '../log/check.ts';
import { draftOf } from '../log/numbered-log.ts';
import { assertSigns, refused } from './contract.ts';
import { FaultyToken } from './faulty.ts';
import { LIBRARY, missing, PIN, SoftHsm } from './softhsm.ts';

const SOURCE = { source: 'test' };

let directory: string;
let token: FaultyToken;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tallystick-faulty-'));
  token = new FaultyToken(new SoftwareToken({ name: 'soft', path: directory }));
});
afterEach(async () => {
  await token.close();
  rmSync(directory, { recursive: true });
});

/** A new log sealed by a new key of the token; tries for no longer than it takes to say that the token is away. */
async function openLog(from: CryptoToken, store: MemoryStore, spec: KeySpec = 'ecdsa-p256'): Promise<Log> {
  await from.generate('seal', spec);
  return Log.open({ store, signers: [await from.signer('seal')], node: 'ca1', limits: { retryMs: 0 } });
}

test('the delaying, disappearing token does both, and nothing else', async () => {
  await token.generate('seal', 'ed25519');
  const signer = await token.signer('seal');
  await assertSigns(signer);
  token.delayMs = 30;
  const start = performance.now();
  await signer.sign(new Uint8Array(1));
  assert.ok(performance.now() - start >= 29);
  const late = signer.sign(new Uint8Array(1));
  token.goAway('TOKEN_LOCKED');
  await refused(late, 'TOKEN_LOCKED');
  await refused(token.list(), 'TOKEN_LOCKED');
  const status = await token.status();
  assert.equal(status.state === 'offline' && status.code, 'TOKEN_LOCKED');
  token.comeBack();
  await assertSigns(signer);
  assert.deepEqual(await token.status(), { state: 'active' });
});

test('every kind of key seals a log, and goes on sealing it when it is opened again', async () => {
  for (const spec of KEY_SPECS.filter((each) => !['rsa-3072', 'rsa-4096'].includes(each))) {
    const disk = new MemoryDisk();
    const log = await openLog(token, new MemoryStore(disk), spec);
    await log.append([draftOf('first', 1)], SOURCE);
    await log.close();
    const store = new MemoryStore(disk);
    const again = await Log.open({ store, signers: [await token.signer('seal')] });
    await again.append([draftOf('second', 1)], SOURCE);
    const { records } = await checkLog(store, 'ca1', again.vkey);
    assert.equal(records.filter((record) => record.system === 'test').length, 2);
    await again.close();
    await token.remove('seal');
  }
});

test('a log whose token is away is opened and read; it takes records as soon as the token is back', async () => {
  const disk = new MemoryDisk();
  const first = await openLog(token, new MemoryStore(disk));
  await first.append([draftOf('first', 1)], SOURCE);
  await first.close();
  const signer = await token.signer('seal');
  for (const code of ['TOKEN_UNAVAILABLE', 'TOKEN_LOCKED'] as const) {
    token.goAway(code);
    const store = new MemoryStore(disk);
    const log = await Log.open({ store, signers: [signer], limits: { retryMs: 0 } });
    const { size } = log.head;
    assert.equal((await checkLog(store, 'ca1', log.vkey)).records.length, size);
    for (let i = 0; i < 2; i++) await refused(log.append([draftOf('away', i)], SOURCE), code);
    token.comeBack();
    const [receipt] = await log.append([draftOf(code, 1)], SOURCE);
    assert.equal(receipt?.seq, size);
    await log.close();
  }
});

/** Appends from many callers while the token comes and goes; what was answered is in the log, once, and no more. */
async function pullAway(log: Log, store: MemoryStore, away: () => Promise<void>, back: () => Promise<void>) {
  const answered: string[] = [];
  const reasons = new Set<string>();
  let isOver = false;
  const caller = async (name: string): Promise<void> => {
    for (let i = 1; !isOver; i++) {
      const draft = draftOf(name, i);
      try {
        await log.append([draft], SOURCE);
        answered.push(draft.correlation as string);
      } catch (error) {
        reasons.add(String((error as { code?: string }).code));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  };
  const callers = Array.from({ length: 20 }, (_, i) => caller(`caller${i}`));
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  for (let i = 0; i < 3; i++) {
    await wait(60);
    await away();
    await wait(60);
    const before = answered.length;
    await back();
    for (let n = 0; n < 500 && answered.length < before + 20; n++) await wait(5);
    assert.ok(answered.length >= before + 20, 'it goes on by itself');
  }
  isOver = true;
  await Promise.all(callers);
  const { records } = await checkLog(store, 'ca1', log.vkey);
  const sealed = records.filter((record) => record.system === 'test').map((record) => record.correlation);
  assert.deepEqual(sealed.sort(), answered.sort());
  return reasons;
}

test('a token pulled away under load and given back loses nothing and leaves no gap', async () => {
  const store = new MemoryStore();
  const log = await openLog(token, store);
  token.delayMs = 2;
  const codes = ['TOKEN_UNAVAILABLE', 'TOKEN_LOCKED'] as const;
  let nth = 0;
  const reasons = await pullAway(
    log,
    store,
    async () => token.goAway(codes[nth++ % 2]),
    async () => token.comeBack(),
  );
  assert.deepEqual([...reasons].sort(), ['TOKEN_LOCKED', 'TOKEN_UNAVAILABLE']);
  await log.close();
});

if (missing !== undefined) {
  test('a PKCS#11 device pulled away under load', { skip: missing }, () => undefined);
} else {
  const hsm = new SoftHsm();
  test('so does a PKCS#11 device', async () => {
    const pin = PinSource.callback(() => PIN);
    const device = new Pkcs11Token({ name: 'hsm', library: LIBRARY, slot: { label: hsm.make() }, pin });
    const store = new MemoryStore();
    const log = await openLog(device, store);
    const reasons = await pullAway(
      log,
      store,
      async () => hsm.takeAway(),
      async () => hsm.giveBack(),
    );
    assert.deepEqual([...reasons], ['TOKEN_UNAVAILABLE']);
    await log.close();
    await device.close();
  });
}
