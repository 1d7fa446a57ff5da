export { type KeyTest, testKey } from './key-test.ts';
export { MASKED, PinSource } from './pin.ts';
export {
  type CryptoToken,
  isAlias,
  isUsable,
  KEY_SPECS,
  type KeySpec,
  type TokenKey,
  type TokenKind,
  type TokenStatus,
  type UnusableKey,
} from './token.ts';
