import { type Pin, type Policy, parsePin, parsePolicy, parseVkey } from '../checkpoint/mod.ts';
import { fromBase64, fromUtf8 } from '../crypto/bytes.ts';
import { UsageError } from '../errors.ts';
import type { EvidenceOptions } from '../evidence/mod.ts';
import { counted } from '../verify/words.ts';

/** What a verifier stands on besides the file, told apart by its own form. */
export type TrustItem =
  | { readonly kind: 'pin'; readonly pin: Pin }
  | { readonly kind: 'keys'; readonly keys: readonly string[] }
  | { readonly kind: 'policy'; readonly policy: Policy }
  | { readonly kind: 'roots'; readonly roots: readonly Uint8Array[] };

const MAX_BYTES = 1024 * 1024;
const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/** A line of a policy, a key, or the beginning of a pin: beside certificates one of these would be passed over. */
const OTHER = /^[ \t]*(?:(?:log|witness|group|quorum)[ \t]|\{|[^+\s]+\+[0-9a-f]{8}\+)/m;

/**
 * Reads a pin, verifier keys (one a line), a policy of witnesses, or root certificates of time stamp authorities (PEM
 * or DER). Throws `UsageError` USAGE for anything else, also for several of these in one, and what the reader of each form
 * throws.
 */
export function readTrust(given: Uint8Array | string): TrustItem {
  if (given.length > MAX_BYTES) throw new UsageError('USAGE', `it is larger than ${MAX_BYTES} bytes`);
  // DER begins with a SEQUENCE, which no text does.
  if (typeof given !== 'string' && given[0] === 0x30 && given[1] !== undefined && given[1] >= 0x80) {
    return { kind: 'roots', roots: [given] };
  }
  const whole = textOf(given);
  if (whole.startsWith('\ufeff')) {
    throw new UsageError('USAGE', 'it begins with a byte order mark: save it as UTF-8 without one');
  }
  const text = whole.trim();
  if (text.startsWith('{')) return { kind: 'pin', pin: parsePin(text) };
  const roots = [...text.matchAll(PEM)].map(([, base64 = '']) => fromBase64(base64.replaceAll(/\s/g, '')));
  if (roots.length > 0) {
    if (roots.includes(null)) throw new UsageError('USAGE', 'a certificate in it is not base64');
    if (OTHER.test(text.replaceAll(PEM, ''))) {
      const rule = 'it holds certificates and something else to stand on: give each in a file of its own';
      throw new UsageError('USAGE', rule);
    }
    return { kind: 'roots', roots: roots as Uint8Array[] };
  }
  if (/^[ \t]*quorum[ \t]/m.test(text)) return { kind: 'policy', policy: parsePolicy(whole) };
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length > 0 && lines.every((line) => /^[^+\s]+\+[0-9a-f]{8}\+/.test(line))) {
    return { kind: 'keys', keys: lines.map((line) => parseVkey(line).vkey) };
  }
  throw new UsageError(
    'USAGE',
    'not a pin, a verifier key, a policy of witnesses, or a certificate of a time stamp authority',
  );
}

function textOf(given: Uint8Array | string): string {
  try {
    return typeof given === 'string' ? given : fromUtf8(given);
  } catch (cause) {
    throw new UsageError('USAGE', 'it is neither text nor a certificate', { cause });
  }
}

/** Everything given, together. Throws `UsageError` USAGE for two policies: one is demanded, and may name several logs. */
export function trustOptions(items: readonly TrustItem[]): EvidenceOptions {
  const [policy, another] = items.flatMap((item) => (item.kind === 'policy' ? [item.policy] : []));
  if (another !== undefined) {
    const rule = 'two policies were given: which one counts? Give one; it may name several logs';
    throw new UsageError('USAGE', rule);
  }
  return {
    pins: items.flatMap((item) => (item.kind === 'pin' ? [item.pin] : [])),
    keys: items.flatMap((item) => (item.kind === 'keys' ? item.keys : [])),
    tsaRoots: items.flatMap((item) => (item.kind === 'roots' ? item.roots : [])),
    ...(policy === undefined ? {} : { policy }),
  };
}

/** What an item is, in a few words. */
export function trustName(item: TrustItem): string {
  switch (item.kind) {
    case 'pin':
      return `pin of ${item.pin.origin} at ${counted(item.pin.size, 'record')}`;
    case 'keys':
      return item.keys.map((key) => `key ${key.split('+', 2).join('+')}`).join(', ');
    case 'policy':
      return `policy of ${counted(item.policy.witnesses.length, 'witness', 'witnesses')}`;
    case 'roots':
      return `${counted(item.roots.length, 'root certificate')} of time stamp authorities`;
  }
}
