import { createReadStream, statSync } from 'node:fs';
import { nodeOf } from '../checkpoint/mod.ts';
import { UsageError } from '../errors.ts';
import { type ExportHeader, headerOf, verifyExport } from '../exported/mod.ts';
import type { Call } from './command.ts';
import { VERDICT } from './exit.ts';
import { existingPin } from './pins.ts';
import { Progress } from './progress.ts';
import { sayItMayLag, showReport } from './verify-text.ts';
import { cosignedOf, demandedPolicy, policyKeys, policyOf } from './verify-witnessed.ts';

/** What is about a log where it lies, not about records that were taken out of it. */
const NOT_EXPORTED = [
  ...[
    'data',
    'node',
    'from',
    'to',
    'published',
    'no-entries',
    'no-pin',
    'previous',
    'signatures',
    'certificates',
  ],
  ...['timestamp-root', 'trust-anchor'],
];

const CHUNK_BYTES = 1024 * 1024;

/**
 * Verifies an export by itself. Exit code 0: it holds; 1: it does not; 2, and what is thrown: it can't be told, be it only whether
 * it is of the log that was pinned, or witnesses vouch for it.
 */
export async function verifyExported(call: Call, named: string): Promise<number> {
  const other = NOT_EXPORTED.find((name) => call.isSet(name) || call.text(name) !== undefined);
  if (other !== undefined) throw call.usage(`--export and --${other} exclude each other`);
  const file = call.path(named);
  const pinFile = call.text('pin');
  const pin = pinFile === undefined ? null : existingPin(call.path(pinFile));
  // null when it does not begin as an export does: verifying says so.
  const header: ExportHeader | null = await headerOf(read(file));
  const origin = header?.origin ?? null;
  const node = origin === null ? '' : nodeOf(origin);
  const asked = policyOf(call);
  const policy = demandedPolicy(call, asked, pin);
  const key = call.text('key');
  const logKeys = policyKeys(call, asked, origin);
  const progress = new Progress(call.io, 'verifying');
  try {
    const report = await verifyExport(read(file), {
      deep: call.isSet('deep'),
      onProgress: progress.update,
      signal: call.io.signal,
      cosigned: await cosignedOf(call, policy, { node, store: null, origin }),
      ...(key === undefined ? {} : { keys: [key] }),
      logKeys,
      ...(pin === null ? {} : { pin }),
    });
    progress.clear();
    await showReport(call, {
      ...{ node, report, signatures: null, timestamps: null, previous: null, remembered: null },
      pin: pin === null ? null : { file: call.path(pinFile as string), status: 'kept', before: pin },
    });
    await sayItMayLag(call, report, 'An export that was made before that');
    return VERDICT[report.verdict];
  } finally {
    progress.clear();
  }
}

/** Throws `UsageError` FILE_UNREADABLE. */
async function* read(file: string): AsyncGenerator<Uint8Array> {
  try {
    if (!statSync(file).isFile()) throw new TypeError('it is no file');
    yield* createReadStream(file, { highWaterMark: CHUNK_BYTES });
  } catch (cause) {
    throw new UsageError('FILE_UNREADABLE', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
