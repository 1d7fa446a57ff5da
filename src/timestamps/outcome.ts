import type { Stamping } from './timestamps.ts';

/** What became of one request, as it is shown and sent: times in ms since 1970. */
export type StampOutcome = { readonly url: string } & (
  | {
      /** Records that the dated checkpoint covers. */
      readonly size: number;
      readonly genTime: number;
      readonly notLaterThan: number;
      /** Subject of the authority's certificate. */
      readonly by: string;
      readonly trust: 'given-root' | 'none';
    }
  | { readonly error: { readonly code: string; readonly message: string } }
);

export function outcomeOf(stamping: Stamping): StampOutcome {
  const { url } = stamping;
  if ('error' in stamping) {
    const { code, message } = stamping.error;
    return { url, error: { code, message } };
  }
  const { size, report } = stamping;
  const { genTime = 0, notLaterThan = 0 } = report.time ?? {};
  return { url, size, genTime, notLaterThan, by: report.authority ?? '', trust: report.trust };
}
