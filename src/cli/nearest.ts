/** The name that was probably meant, or null when none is near: two slips at most, or the beginning of one name only. */
export function nearest(word: string, names: readonly string[]): string | null {
  const begun = names.filter((name) => word.length >= 2 && name.startsWith(word));
  if (begun.length === 1) return begun[0] as string;
  const most = word.length <= 4 ? 1 : 2;
  let best: string | null = null;
  let fewest = most + 1;
  for (const name of names) {
    const count = slips(word.toLowerCase(), name);
    if (count < fewest) {
      best = name;
      fewest = count;
    }
  }
  return best;
}

/** Letters to add, drop, change or swap with their neighbour to make `a` into `b` (optimal string alignment). */
function slips(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let last: number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(change, (last[j] as number) + 1, (row[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (before[j - 2] as number) + 1);
      }
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}
