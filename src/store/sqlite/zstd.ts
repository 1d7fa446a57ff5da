import { Buffer } from 'node:buffer';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/**
 * Level 1: on bundles of audit records it came out smaller than levels 2 to 5 and twice as fast (most of them are hex
 * digits, coded as literals; higher levels waste effort on matching them). The checksum makes damage show as damage,
 * and not as another text.
 */
const params: Record<number, number> = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_checksumFlag]: 1,
};
const CHUNK_BYTES = 64 * 1024;
const MIN_CHUNK_BYTES = 64;

export function compress(data: Uint8Array): Uint8Array {
  return zstdCompressSync(data, { params, chunkSize: CHUNK_BYTES, pledgedSrcSize: data.length });
}

/**
 * In a buffer that holds nothing else, so that it can be given to another thread.
 *
 * @param maxBytes more output than this is refused, so that damaged or hostile data takes no more memory.
 * @throws Error of node:zlib when the data is not Zstandard, is cut off or fails its checksum.
 */
export function decompress(data: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  const expected = Math.min(contentSize(data) ?? CHUNK_BYTES, maxBytes);
  // One byte more, since a buffer that comes out full makes zlib ask for another.
  const chunkSize = Math.max(expected + 1, MIN_CHUNK_BYTES);
  const out = zstdDecompressSync(data, { chunkSize, maxOutputLength: maxBytes });
  // Smaller ones may lie in a buffer that Node shares out.
  if (out.length < Buffer.poolSize) return new Uint8Array(out);
  return new Uint8Array(out.buffer as ArrayBuffer, out.byteOffset, out.length);
}

/** Size of the content as a frame's header states it, null when it does not (RFC 8878 section 3.1.1.1). */
function contentSize(frame: Uint8Array): number | null {
  if (frame.length < 18) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const at = 5 + (singleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  switch (descriptor >> 6) {
    case 0:
      return singleSegment ? view.getUint8(at) : null;
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}
