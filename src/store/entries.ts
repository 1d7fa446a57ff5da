/**
 * Where each entry of `data` starts, and at last where the data ends: one offset (bytes) more than there are
 * entries. `data` is in bundle form (C2SP tlog-tiles): for each entry a big-endian u16 length and that many bytes.
 * Null when an entry is empty or the data ends within one.
 */
export function entryOffsets(data: Uint8Array): number[] | null {
  const offsets = [0];
  let at = 0;
  while (at < data.length) {
    const length = at + 2 > data.length ? 0 : data[at]! * 256 + data[at + 1]!;
    at += 2 + length;
    if (length === 0 || at > data.length) return null;
    offsets.push(at);
  }
  return offsets;
}
