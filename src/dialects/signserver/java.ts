/**
 * The order in which Java's `HashMap` gives these keys, each of which stands once: by the buckets of a table
 * that doubles when it is three quarters full, from 16 on. Keys of one bucket keep the order they have here.
 */
export function hashOrder(names: readonly string[]): string[] {
  let buckets = 16;
  while (names.length > buckets * 0.75) buckets *= 2;
  const placed = names.map((name) => ({ name, bucket: spread(hashCode(name)) & (buckets - 1) }));
  return placed.sort((a, b) => a.bucket - b.bucket).map(({ name }) => name);
}

/** `String.hashCode` of the Java language. */
function hashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

function spread(hash: number): number {
  return hash ^ (hash >>> 16);
}
