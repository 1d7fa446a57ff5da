/** What a verified time stamp says of a log: its first `size` records, under `root`, existed by then. */
export interface TimeBound {
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
  /** ms since 1970: `StampedTime.notLaterThan`. */
  readonly notLaterThan: number;
  /** Who says so: subject of the authority's certificate. */
  readonly by: string;
  /** Whether that stands on a root certificate that was given. If not, anybody may have made it. */
  readonly trust: 'given-root' | 'none';
}

/**
 * The earliest bound of a record; null when none covers it. Bounds on a given root go before those on nobody's word.
 *
 * @param bounds of verified tokens over checkpoints that the log has.
 */
export function boundOf(bounds: readonly TimeBound[], seq: number): TimeBound | null {
  const covering = bounds.filter(({ size }) => seq < size);
  const trusted = covering.filter(({ trust }) => trust === 'given-root');
  const [first = null, ...others] = trusted.length > 0 ? trusted : covering;
  return others.reduce(
    (best, each) => (best !== null && each.notLaterThan < best.notLaterThan ? each : best),
    first,
  );
}
