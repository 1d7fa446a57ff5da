// SHA-256 outside Node: synchronous, audited, no dependencies.
import { sha256 as noble } from '@noble/hashes/sha2.js';

export function digestText(data) {
  return String.fromCharCode(...noble(data));
}

export function putDigests(text, out, offset) {
  for (let i = 0; i < text.length; i++) out[offset + i] = text.charCodeAt(i);
}

export function sha256(data) {
  return noble(data);
}

export function sha256Into(data, out, offset) {
  out.set(noble(data), offset);
}

export function startSha256() {
  return noble.create();
}
