import type { Call } from './command.ts';

/** Records [from, to) of a log, as `--from` and `--to` name the first and the last. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/**
 * The part asked for of a log of `size` records; null when neither option is given. Throws `UsageError` USAGE for
 * numbers that the log does not have.
 */
export function partOf(call: Call, size: number): Part | null {
  const first = call.number('from', 0, Number.MAX_SAFE_INTEGER);
  const last = call.number('to', 0, Number.MAX_SAFE_INTEGER);
  if (first === undefined && last === undefined) return null;
  const part = { from: first ?? 0, to: (last ?? size - 1) + 1 };
  if (part.from < part.to && part.to <= size) return part;
  throw call.usage(
    `--from ${part.from} --to ${part.to - 1} is no part of a log with records 0 to ${size - 1}`,
  );
}
