import type { Attempts } from '../verify/mod.ts';
import { counted, utc } from './format.ts';
import type { Output } from './io.ts';

/** Attempts shown to people; `--json` has a thousand. */
const MAX_SHOWN = 10;

/** Guarded operations of which it is not known how they ended. */
export function attemptLines(attempts: Attempts | null, out: Output): string[] {
  if (attempts === null || attempts.open === 0) return [];
  const { open, listed } = attempts;
  const of = counted(open, 'guarded operation');
  const mark = out.style('yellow', 'no outcome');
  const lines = [`  ${mark}: ${of} cut off, or still under way; "get" shows what was attempted`];
  for (const { seq, logged } of listed.slice(0, MAX_SHOWN)) lines.push(`         ${seq}  ${utc(logged)}`);
  return open > MAX_SHOWN ? [...lines, `         … and ${open - MAX_SHOWN} more`] : lines;
}
