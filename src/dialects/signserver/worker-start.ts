/** How lines of a worker's log start that tells all fields; the name is that of an older release's logger. */
export const ALL_FIELDS = 'AllVariablesLogger; ';

/** How those start that follow the server's own pattern. */
export const BY_PATTERN = 'AUDIT; DefaultTimeStampLogger; ';

/** Whether a line that begins so is of a worker's log. */
export function startsWorkerLine(text: string): boolean {
  return text.includes(ALL_FIELDS) || text.includes(BY_PATTERN);
}
