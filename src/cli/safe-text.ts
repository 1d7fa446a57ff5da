export * from '../crypto/safe-text.ts';
