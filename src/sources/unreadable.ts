import { UsageError } from '../errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read it',
  EPERM: 'you may not read it',
};

/** `UsageError` FILE_UNREADABLE for what the file system threw; any other error as it is. */
export function unreadable(path: string, cause: unknown): unknown {
  const { code, syscall, message } = cause as Partial<NodeJS.ErrnoException>;
  if (syscall === undefined) return cause;
  const options = { cause, context: { path } };
  return new UsageError(
    'FILE_UNREADABLE',
    `${path} cannot be read: ${REASONS[code ?? ''] ?? message}`,
    options,
  );
}
