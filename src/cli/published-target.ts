import { LogError } from '../errors.ts';
import { DirectoryFiles } from '../publish/mod.ts';
import { HttpFiles, type PublishedFiles, PublishedLog } from '../published/mod.ts';
import type { Call } from './command.ts';
import { type FixedSource, fixedAtHead } from './fixed-source.ts';

/** A place to read a published log from, as `--published` names it. */
export interface PublishedPlace {
  readonly files: PublishedFiles;
  /** Address, or full path of the directory. */
  readonly place: string;
}

/** Throws `UsageError` USAGE for a bad address. */
export function publishedPlace(call: Call, named: string): PublishedPlace {
  const files = /^https?:/i.test(named) ? new HttpFiles(named) : new DirectoryFiles(call.path(named));
  return { files, place: files.place };
}

/** The log there, at its head. Throws `LogError` LOG_NOT_FOUND when there is none and none was expected. */
export async function publishedSource(
  { files, place }: PublishedPlace,
  isExpected: boolean,
): Promise<FixedSource> {
  const source = await fixedAtHead(new PublishedLog(files));
  if (source.fixed === null && source.damage === null && !isExpected) {
    throw new LogError('LOG_NOT_FOUND', `${place} holds no published log: there is no checkpoint`);
  }
  return source;
}
