import { LogError } from '../errors.ts';
import { DirectoryFiles } from '../publish/mod.ts';
import { HttpFiles, type PublishedFiles, PublishedLog, type PublishedTimestamps } from '../published/mod.ts';
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

/** A published log that stays at one head. */
export interface PublishedSource extends FixedSource {
  /** The time stamps that came with it, as far as they are under that head. */
  timestamps(): Promise<PublishedTimestamps>;
}

/** The log there, at its head. Throws `LogError` LOG_NOT_FOUND when there is none and none was expected. */
export async function publishedSource(
  { files, place }: PublishedPlace,
  isExpected: boolean,
): Promise<PublishedSource> {
  const log = new PublishedLog(files);
  const source = await fixedAtHead(log);
  if (source.fixed === null && source.damage === null && !isExpected) {
    throw new LogError('LOG_NOT_FOUND', `${place} holds no published log: there is no checkpoint`);
  }
  return { ...source, timestamps: () => log.timestamps() };
}
