import { test } from 'node:test';
import { PinSource } from '../../src/tokens/pin.ts';
import { Pkcs11Token } from '../../src/tokens/pkcs11.ts';
import { tokenContract } from './contract.ts';
import { LIBRARY, missing, PIN, SoftHsm } from './softhsm.ts';

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
        dispose: async () => undefined,
      };
    },
  });
}
