const UNITS: readonly (readonly [string, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** A time that has passed, in the largest unit of which it holds a whole one: `3 minutes`. @param ms below 0 counts as 0. */
export function ageText(ms: number): string {
  const past = Math.max(0, ms);
  const [unit, length] = UNITS.find(([, each]) => past >= each) ?? ['second', 1_000];
  const count = Math.floor(past / length);
  return `${count.toLocaleString('en-US')} ${unit}${count === 1 ? '' : 's'}`;
}
