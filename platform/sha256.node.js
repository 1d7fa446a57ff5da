// SHA-256 in Node. `crypto.hash` into a latin1 string is the fastest synchronous form measured: no
// Hash object and no Buffer per call; the 32 characters are then stored as bytes.
import { Buffer } from 'node:buffer';
import { createHash, hash } from 'node:crypto';

const latin1Write = Buffer.prototype.latin1Write;

export function digestText(data) {
  return hash('sha256', data, 'latin1');
}

export function putDigests(text, out, offset) {
  latin1Write.call(out, text, offset, text.length);
}

export function sha256Into(data, out, offset) {
  latin1Write.call(out, hash('sha256', data, 'latin1'), offset, 32);
}

export function sha256(data) {
  const out = new Uint8Array(32);
  sha256Into(data, out, 0);
  return out;
}

export function startSha256() {
  return createHash('sha256');
}
