import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { toHex } from '../../src/crypto/bytes.ts';
import { spkiOf } from '../../src/tokens/key-kind.ts';
import { PinSource } from '../../src/tokens/pin.ts';
import type { Cryptoki } from '../../src/tokens/pkcs11/cryptoki.ts';
import { Pkcs11Token, type SlotChoice } from '../../src/tokens/pkcs11.ts';
import { isUsable } from '../../src/tokens/token.ts';
import { root } from '../package/sources.ts';
import { assertSigns, refused, tokenContract } from './contract.ts';
import { LIBRARY, missing, PIN, SoftHsm } from './softhsm.ts';

const open: Pkcs11Token[] = [];
afterEach(() => Promise.all(open.splice(0).map((token) => token.close())));

function tokenOf(slot: SlotChoice, pin: string | (() => string) = PIN, library = LIBRARY): Pkcs11Token {
  const source = PinSource.callback(typeof pin === 'string' ? () => pin : pin);
  const token = new Pkcs11Token({ name: 'hsm', library, slot, pin: source });
  open.push(token);
  return token;
}

if (missing !== undefined) {
  test('PKCS#11 tokens', { skip: missing }, () => undefined);
} else {
  const hsm = new SoftHsm();
  tokenContract({
    kind: 'pkcs11',
    specs: ['ed25519', 'ecdsa-p256', 'rsa-2048'],
    make: async () => {
      const label = hsm.make();
      return {
        pin: PIN,
        open: async (pin = PIN) => {
          const source = pin === null ? {} : { pin: PinSource.callback(() => pin) };
          return new Pkcs11Token({ name: 'hsm', library: LIBRARY, slot: { label }, ...source });
        },
        takeAway: async () => hsm.takeAway(),
        giveBack: async () => hsm.giveBack(),
        dispose: async () => hsm.clear(),
      };
    },
  });

  describe('PKCS#11 devices', () => {
    test('a session that was lost, or a library that somebody finalised, is no matter', async () => {
      const token = tokenOf({ label: hsm.make() });
      await token.generate('seal', 'ecdsa-p256');
      const signer = await token.signer('seal');
      // The state of a library is the process's: what is done to it here is done to the token's thread.
      const { PKCS11 } = createRequire(import.meta.url)('pkcs11js') as { PKCS11: new () => Cryptoki };
      const library = new PKCS11();
      library.load(LIBRARY);
      const harm: (() => void)[] = [
        () => {
          for (const slot of library.C_GetSlotList(true)) closeAll(library, slot);
        },
        () => library.C_Finalize(),
      ];
      for (const act of [...harm, ...harm]) {
        act();
        await assertSigns(signer);
        act();
        assert.deepEqual(await token.status(), { state: 'active' });
      }
      library.close();
    });

    test('two tokens of one library do not disturb each other', async () => {
      const [one, other] = [hsm.make(), hsm.make()].map((label) => tokenOf({ label })) as [
        Pkcs11Token,
        Pkcs11Token,
      ];
      await one.generate('seal', 'ecdsa-p256');
      await refused(other.signer('seal'), 'KEY_NOT_FOUND');
      await other.generate('seal', 'ed25519');
      const signers = [await one.signer('seal'), await other.signer('seal')] as const;
      await other.logout();
      await refused(signers[1].sign(new Uint8Array(1)), 'TOKEN_UNAVAILABLE');
      await assertSigns(signers[0]);
      const absent = tokenOf({ label: 'not there' });
      await refused(absent.list(), 'TOKEN_UNAVAILABLE');
      await assertSigns(signers[0]);
      await one.close();
      await one.close();
      await refused(signers[0].sign(new Uint8Array(1)), 'TOKEN_UNAVAILABLE');
      await other.login();
      await assertSigns(signers[1]);
    });

    test('the token is found by label, by number and by index; what is not there is said', async () => {
      const label = hsm.make('the one');
      const { publicKey } = await tokenOf({ label }).generate('seal', 'ed25519');
      const shown = spawnSync('softhsm2-util', ['--show-slots']).stdout.toString();
      const slots = shown.split(/^Slot /m).slice(1);
      const at = slots.findIndex((slot) => /Label:\s+the one\s*$/m.test(slot));
      const number = Number.parseInt(slots[at] as string, 10);
      for (const slot of [{ number }, { index: at }]) {
        assert.equal(toHex((await tokenOf(slot).signer('seal')).publicKey), toHex(publicKey), inspect(slot));
      }
      const { message } = await refused(tokenOf({ label: 'the other' }).list(), 'TOKEN_UNAVAILABLE', PIN);
      assert.match(message, /"the other".*"the one"/);
      await refused(tokenOf({ number: 4_711 }).list(), 'TOKEN_UNAVAILABLE');
      await refused(tokenOf({ index: 4_711 }).list(), 'TOKEN_UNAVAILABLE');
    });

    test('of two tokens with one label neither is taken', async () => {
      hsm.make('twin');
      hsm.make('twin');
      const { message } = await refused(tokenOf({ label: 'twin' }).list(), 'TOKEN_UNAVAILABLE');
      assert.match(message, /slots \d+,\d+ .*"twin".*number/);
    });

    test('keys brought from elsewhere seal when their kind does; others are named with the reason', async () => {
      const label = hsm.make();
      const kinds: Readonly<Record<string, KeyObject>> = {
        p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
        rsa3072: generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey,
        rsa1024: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
        p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
      };
      const directory = mkdtempSync(join(tmpdir(), 'tallystick-import-'));
      for (const [i, [name, key]] of Object.entries(kinds).entries()) {
        const file = join(directory, name);
        writeFileSync(file, key.export({ type: 'pkcs8', format: 'pem' }));
        const options = ['--token', label, '--label', name, '--id', `0${i}`, '--pin', PIN];
        const { status, stderr } = spawnSync('softhsm2-util', ['--import', file, ...options]);
        assert.equal(status, 0, String(stderr));
      }
      rmSync(directory, { recursive: true });
      const token = tokenOf({ label });
      assert.deepEqual(
        (await token.list()).map((key) => [key.alias, isUsable(key) ? key.spec : null]),
        [
          ['p256', 'ecdsa-p256'],
          ['p384', null],
          ['rsa1024', null],
          ['rsa3072', 'rsa-3072'],
        ],
      );
      for (const alias of ['p256', 'rsa3072']) {
        const signer = await token.signer(alias);
        assert.equal(toHex(signer.publicKey), toHex(spkiOf(createPublicKey(kinds[alias] as KeyObject))));
        await assertSigns(signer);
      }
      await refused(token.signer('p384'), 'KEY_UNSUITABLE');
    });

    test('a wrong PIN is tried once, however many wait for it, and not again until it changes', async () => {
      const label = hsm.make();
      let pin = 'wrong-4711';
      const token = tokenOf({ label }, () => pin);
      const errors = await Promise.all(
        Array.from({ length: 5 }, () => refused(token.list(), 'TOKEN_PASSPHRASE', pin)),
      );
      for (const { message } of errors) assert.match(message, /CKR_PIN_INCORRECT/);
      assert.match((await refused(token.list(), 'TOKEN_PASSPHRASE', pin)).message, /not tried again/);
      pin = PIN;
      assert.deepEqual(await token.list(), []);
    });

    test('while the device works the event loop goes on', async () => {
      const token = tokenOf({ label: hsm.make() });
      await token.list();
      let longest = 0;
      let last = performance.now();
      const timer = setInterval(() => {
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }, 2);
      const start = performance.now();
      // Hundreds of milliseconds each, within the library.
      for (let i = 0; i < 3; i++) await token.generate(`rsa-${i}`, 'rsa-3072');
      const took = performance.now() - start;
      clearInterval(timer);
      assert.ok(longest < took / 3, `${took} ms of work held up the loop for ${longest} ms`);
    });

    test('a file that is no PKCS#11 library is said so', async () => {
      for (const library of ['/nowhere/libhsm.so', new URL(import.meta.url).pathname, process.execPath]) {
        const token = tokenOf({ index: 0 }, PIN, library);
        const { message } = await refused(token.list(), 'TOKEN_UNAVAILABLE');
        assert.ok(message.includes(library), message);
        assert.equal((await token.status()).state, 'offline');
      }
    });
  });
}

test('without pkcs11js the token says what to install', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-bare-'));
  for (const part of ['src', 'platform', 'package.json']) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name === 'pkcs11js' || name.startsWith('.')) continue;
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  const script = `
    import { Pkcs11Token } from '${join(folder, 'src/tokens/pkcs11.ts')}';
    const token = new Pkcs11Token({ name: 'hsm', library: '/usr/lib/hsm.so', slot: { index: 0 } });
    for (let i = 0; i < 2; i++) await token.list().catch((error) => console.log(error.code, error.message));
    console.log((await token.status()).state);
    await token.close();`;
  const { stdout, stderr } = spawnSync(process.execPath, [
    '--input-type=module',
    '--no-warnings',
    '-e',
    script,
  ]);
  rmSync(folder, { recursive: true });
  const lines = stdout.toString().trim().split('\n');
  assert.equal(lines.length, 3, `${stdout}${stderr}`);
  for (const line of lines.slice(0, 2))
    assert.match(line, /^TOKEN_UNAVAILABLE .*pkcs11js.*make g\+\+.*npm install pkcs11js/);
  assert.equal(lines[2], 'offline');
});

function closeAll(library: Cryptoki, slot: Buffer): void {
  (library as unknown as { C_CloseAllSessions(slot: Buffer): void }).C_CloseAllSessions(slot);
}
