import { draft, tallystick } from '../catalog/mod.ts';
import { LogError, TallystickError } from '../errors.ts';
import { bundleEntries } from '../merkle/mod.ts';
import { type AuditRecord, decodeEntry, type RecordDraft } from '../record/mod.ts';
import type { LogSource } from '../verify/source.ts';
import { namesOf } from './key-set.ts';

const LOG_NAME: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/**
 * Origin of a new log: `<name>-<8 random hex>/<node>`. The random part makes a log that is created again another
 * log, whatever it is called. Throws `LogError` USAGE for a name that a signed note could not carry.
 */
export function newOrigin(name: string, node: string, random: Uint8Array): string {
  if (!LOG_NAME.test(name)) {
    throw new LogError(
      'USAGE',
      `the log name ${JSON.stringify(name)} must be letters, digits, dot, underscore and hyphen, 1 to 63`,
    );
  }
  const suffix = [...random.subarray(0, 4)].map((b) => b.toString(16).padStart(2, '0')).join('');
  return `${name}-${suffix}/${node}`;
}

/** Record 0: which log this is and which keys seal it first. */
export function genesisDraft(
  origin: string,
  vkeys: readonly string[],
  software: string,
  time: number,
): RecordDraft {
  const details = { origin, ...namesOf(vkeys), key: vkeys[0] as string, software };
  return draft(tallystick.GENESIS, details, { time, actor: { name: 'tallystick' } });
}

/** The origin that record 0 names. Throws `LogError` LOG_DAMAGED when it is not a genesis record. */
export function originOf(record: AuditRecord): string {
  const details = record.details as { origin?: unknown; key?: unknown } | undefined;
  const { system, event } = tallystick.GENESIS;
  const isGenesis = record.seq === 0 && record.system === system && record.event === event;
  if (!isGenesis || typeof details?.origin !== 'string' || typeof details.key !== 'string') {
    throw new LogError(
      'LOG_DAMAGED',
      `record 0 of ${record.node} does not say which log this is; restore the store from its backup`,
    );
  }
  return details.origin;
}

/** One record from a source, decoded but not verified. Throws `LogError` LOG_DAMAGED when it can't be had. */
export async function readEntry(source: LogSource, seq: number, node: string): Promise<AuditRecord> {
  const bytes = await readEntryBytes(source, seq, node);
  return intact(node, `record ${seq} does not decode`, () => decodeEntry(bytes));
}

/** As `readEntry`, but as it is stored. */
export async function readEntryBytes(source: LogSource, seq: number, node: string): Promise<Uint8Array> {
  for await (const bundle of source.bundles(seq, seq + 1)) {
    const { entries, damage = 'it does not decode' } = bundle;
    if (entries === null) throw damaged(node, `record ${seq} can't be read: ${damage}`);
    const [entry] = await intact(node, `record ${seq} can't be read`, () => bundleEntries(entries));
    if (entry !== undefined) return entry;
  }
  throw damaged(node, `record ${seq} is missing`);
}

/**
 * What an act on stored bytes gives. When the bytes are at fault, the error is LOG_DAMAGED; a store that can't be read
 * keeps its own.
 */
export async function intact<T>(node: string, what: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof TallystickError) || cause.retry) throw cause;
    throw damaged(node, `${what} (${cause.message})`, cause);
  }
}

/** The error for a log that can't be opened as it stands. */
export function damaged(node: string, what: string, cause?: unknown): LogError {
  return new LogError(
    'LOG_DAMAGED',
    `the log ${node} is damaged: ${what}. Run verify; then restore the store from its backup`,
    {
      ...(cause === undefined ? {} : { cause }),
      context: { node },
    },
  );
}
