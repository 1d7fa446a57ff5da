/** Records `from` to `to` of a node, both included. */
export interface SeqRange {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}

/** Adds a record that comes after all in `ranges`, in place. */
export function extend(ranges: SeqRange[], node: string, seq: number): void {
  const last = ranges.at(-1);
  if (last?.node === node && last.to + 1 === seq) ranges[ranges.length - 1] = { ...last, to: seq };
  else ranges.push({ node, from: seq, to: seq });
}
