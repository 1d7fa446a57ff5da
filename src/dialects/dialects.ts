import type { Dialect } from './dialect.ts';
import { DIGICERT_CSV } from './digicert/dialect.ts';
import { DIGICERT_JSON } from './digicert/json-dialect.ts';
import { DOGTAG_AUDIT } from './dogtag/dialect.ts';
import { HEAD_BYTES } from './score.ts';
import { SIGNSERVER_TEXT } from './signserver/dialect.ts';
import { SIGNSERVER_WORKER } from './signserver/worker.ts';
import { XROAD_AUDIT } from './xroad/dialect.ts';

/**
 * All dialects. Of several for one system, the one that the system's name stands for comes first; those of
 * SignServer come before all others (`detectDialect`).
 */
export const DIALECTS: readonly Dialect[] = [
  SIGNSERVER_TEXT,
  SIGNSERVER_WORKER,
  DOGTAG_AUDIT,
  XROAD_AUDIT,
  DIGICERT_CSV,
  DIGICERT_JSON,
];

export interface Detected {
  readonly dialect: Dialect;
  /** Above 0.5, to 1. */
  readonly score: number;
}

/**
 * The dialect that understands most of `head`, the first bytes of a file; null when none understands half of
 * it. Of two that understand as much, the one further down the list: lines of SignServer are known by words
 * that may stand anywhere in a line, so that a value in another system's line can hold one, while all others
 * are known by how a line, or the file, begins.
 */
export function detectDialect(head: Uint8Array): Detected | null {
  const bytes = head.subarray(0, HEAD_BYTES);
  let best: Detected | null = null;
  for (const dialect of DIALECTS) {
    const score = dialect.detect(bytes);
    if (score > 0.5 && score >= (best?.score ?? 0)) best = { dialect, score };
  }
  return best;
}

/**
 * The dialect called `xroad/1` or `xroad`, or the first one of the system of that name; null when there is
 * none.
 */
export function dialectByName(name: string): Dialect | null {
  return (
    DIALECTS.find((dialect) => dialect.name === name || dialect.name.startsWith(`${name}/`)) ??
    DIALECTS.find((dialect) => dialect.system === name) ??
    null
  );
}
