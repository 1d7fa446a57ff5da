import { type ErrorCode, StoreError } from '../errors.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'STORE_FULL',
  EDQUOT: 'STORE_FULL',
  EROFS: 'STORE_READ_ONLY',
  EACCES: 'STORE_READ_ONLY',
  EPERM: 'STORE_READ_ONLY',
};

/** What the file system refused, as our error. */
export function trouble(path: string, cause: unknown): StoreError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new StoreError(CODES[code] ?? 'STORE_UNAVAILABLE', `${path}: ${message}`, { cause });
}

/** The file is not there, nor could it be. */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
