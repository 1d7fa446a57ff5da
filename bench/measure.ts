/** The value below which a share `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is to be compared with, and the ratio. */
  readonly ratio?: { readonly to: string; readonly value: number };
  /** What the project asks of itself. */
  readonly goal?: string;
  readonly met?: boolean;
}

/** Rounds of a measurement next to its baseline. */
const ROUNDS = 3;

/**
 * Measures a rate and its baseline by turns, since a shared machine is now faster, now slower, and takes the round
 * with the middle ratio. Rates in records/s.
 */
export async function byTurns(
  baseline: () => number | Promise<number>,
  measure: () => number | Promise<number>,
  { rounds: count = ROUNDS }: { readonly rounds?: number } = {},
): Promise<{ readonly base: number; readonly rate: number; readonly ratio: number }> {
  const rounds: { base: number; rate: number; ratio: number }[] = [];
  for (let i = 0; i < count; i++) {
    const base = await baseline();
    const rate = await measure();
    rounds.push({ base, rate, ratio: rate / base });
  }
  rounds.sort((a, b) => a.ratio - b.ratio);
  return rounds[Math.floor(count / 2)] as (typeof rounds)[number];
}

export function format(figure: Figure): string {
  const value =
    figure.value >= 100 ? Math.round(figure.value).toLocaleString('en-US') : figure.value.toPrecision(3);
  const ratio = figure.ratio ? `${figure.ratio.value.toFixed(2)} of ${figure.ratio.to}` : '';
  const goal = figure.goal ? `${figure.met ? 'met' : 'NOT MET'}: ${figure.goal}` : '';
  return `${figure.name.padEnd(58)} ${value.padStart(12)} ${figure.unit.padEnd(10)} ${ratio.padEnd(28)} ${goal}`.trimEnd();
}
