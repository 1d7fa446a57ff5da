import type { OpenKeys } from '../../src/keys/open-keys.ts';
import { Tokens } from '../../src/keys/tokens.ts';

/** For logs whose keys a test brings along itself: none of theirs is administered. */
export function noKeys(data: string): OpenKeys {
  const inForce = { sealing: [], standBy: [], isSelected: false };
  return { tokens: Tokens.load(new Map(), { data, env: {} }), inForce, signers: [] };
}
