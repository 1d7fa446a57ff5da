import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { signedRecords } from '../reader/signed-records.ts';
import type { TrustedHead } from '../reader/trusted-tiles.ts';
import {
  type CertificateFile,
  Certificates,
  SignatureCheck,
  type SignatureReport,
} from '../signatures/mod.ts';
import { unreadable } from '../sources/unreadable.ts';
import type { LogStore } from '../store/store.ts';
import type { Call } from './command.ts';
import type { Part } from './part.ts';
import { Progress } from './progress.ts';

/** A file of certificates is not larger. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * The certificates to check signatures with; null when that was not asked for. Throws `UsageError` USAGE,
 * FILE_UNREADABLE.
 */
export async function certificatesOf(call: Call): Promise<Certificates | null> {
  const named = call.text('certificates');
  if (!call.isSet('signatures')) {
    if (named !== undefined) throw call.usage('--certificates is for --signatures');
    return null;
  }
  if (named === undefined) return Certificates.none;
  const dir = call.path(named);
  const names = await readNames(dir);
  if (names.length === 0) throw new UsageError('FILE_UNREADABLE', `${dir} holds no file *.pem`);
  const files: CertificateFile[] = [];
  for (const name of names) files.push({ name, text: await readText(join(dir, name)) });
  return Certificates.read(files);
}

async function readNames(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).filter((name) => /^[^.].*\.pem$/.test(name)).sort();
  } catch (error) {
    throw unreadable(dir, error);
  }
}

async function readText(path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (found.isFile() && found.size <= MAX_FILE_BYTES) return await readFile(path, 'latin1');
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new UsageError('FILE_UNREADABLE', `${path} is no file of at most ${MAX_FILE_BYTES} bytes`);
}

/** Checks the signatures that the records of a log hold, up to a head whose own signature has been looked at. */
export async function checkSignatures(
  call: Call,
  store: LogStore,
  node: string,
  head: TrustedHead,
  { from, to }: Part,
  certificates: Certificates,
): Promise<SignatureReport> {
  const progress = new Progress(call.io, 'checking signatures');
  const check = new SignatureCheck(certificates);
  try {
    const { signal } = call.io;
    for await (const view of signedRecords(store, node, {
      ...{ head, from, to, signal },
      onProgress: progress.update,
    })) {
      check.add(view);
    }
  } finally {
    progress.clear();
  }
  return check.report();
}
