/** First bytes of compressed files, by the program that decompresses them. */
const MAGIC: readonly (readonly [program: string, bytes: readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['unzip', [0x50, 0x4b, 0x03, 0x04]],
];

/** By which program a file is decompressed that begins with these bytes; null when it is not compressed. */
export function compressedBy(head: Uint8Array): string | null {
  const found = MAGIC.find(([, bytes]) => bytes.every((byte, i) => head[i] === byte));
  return found?.[0] ?? null;
}
