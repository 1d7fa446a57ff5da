import { type Dialect, detectDialect, dialectByName } from '../dialects/mod.ts';
import { DialectError } from '../errors.ts';
import { compressedBy } from './compressed.ts';

/** How the user wants a file's dialect chosen. */
export interface Chosen {
  /** What was named, a system or a dialect; null leaves it to detection. */
  readonly dialect: Dialect | null;
  /** Take the named one even where the file clearly is of another. */
  readonly force: boolean;
}

/**
 * The dialect to read a file with, by its first bytes. Throws `DialectError` DIALECT_UNKNOWN when nothing was named
 * and none recognises it, or it is compressed, DIALECT_MISMATCH when another than the named one does.
 */
export function chooseDialect(path: string, head: Uint8Array, { dialect, force }: Chosen): Dialect {
  if (dialect !== null && force) return dialect;
  const detected = detectDialect(head)?.dialect ?? null;
  if (detected === null) {
    const program = compressedBy(head);
    if (program !== null) {
      throw new DialectError(
        'DIALECT_UNKNOWN',
        `${path} is compressed; it was left alone. Decompress it first (${program}), and import what comes out`,
        { context: { path } },
      );
    }
    if (dialect !== null) return dialect;
    throw new DialectError(
      'DIALECT_UNKNOWN',
      `${path} is not a log of a known system; it was left alone (--system says which it is)`,
      { context: { path } },
    );
  }
  if (dialect === null || dialect === detected) return detected;
  throw new DialectError(
    'DIALECT_MISMATCH',
    `${path} is ${detected.name}, not ${dialect.name}; it was left alone. Leave --system out, or add --force`,
    { context: { path, stated: dialect.name, detected: detected.name } },
  );
}

/** The dialect of that name as of today: a file that version 1 of it began is continued by version 2. */
export function currentDialect(name: string): Dialect | null {
  return dialectByName(name) ?? dialectByName(name.split('/', 1)[0] as string);
}
