import {
  closeSync,
  cpSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { draft, tallystick } from './catalog/mod.ts';
import { checkpointBody, type Pin } from './checkpoint/mod.ts';
import { makeDirectories } from './directories.ts';
import { LogError, TallystickError, UsageError } from './errors.ts';
import { openLog } from './open.ts';
import { headDirectory, LAYOUT } from './places.ts';
import { SqliteStore } from './store/sqlite/mod.ts';
import type { LogStore, StateWrite } from './store/store.ts';
import { type Report, verifyLog } from './verify/mod.ts';

export interface ContinueOptions {
  /** Data directory of the log that cannot go on. It is read and never changed; nobody may write it meanwhile. */
  readonly previous: string;
  /** Which of its logs, when it has several. */
  readonly node?: string;
  /** Data directory of the new log: not there yet, or empty. */
  readonly data: string;
  /** Why: 1 to 1,000 characters, sealed for good. */
  readonly reason: string;
  /** Whom the record names as who did it; `library` when not given. */
  readonly by?: string;
  /** Goes on also from a log that does not verify, which the new one then says. */
  readonly damaged?: boolean;
  /** What is remembered of the log: its keys are believed, and records that it shows to be lost are declared so. */
  readonly pin?: Pin;
  /** As `OpenLogOptions.keyFile`: by default the new log has a key of its own. */
  readonly keyFile?: string;
  readonly passphrase?: string;
  /** As `OpenLogOptions.state`. */
  readonly state?: string;
}

/** A new log that continues another. */
export interface Continued {
  readonly data: string;
  readonly node: string;
  readonly origin: string;
  readonly vkey: string;
  /** The head that is quoted: its signed checkpoint. */
  readonly quoted: Quoted;
  /** What verifying the previous log came to; null when nothing of it could be read. */
  readonly report: Report | null;
}

export interface Quoted {
  readonly origin: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
  readonly checkpoint: string;
  /** The newest checkpoint that was remembered, when it is beyond: what lies between is lost. */
  readonly newer: string | null;
}

const MAX_REASON = 1_000;
/** Records are read from their entries: checkpoints that would make this one too long are left out, their root stays. */
const MAX_NOTES = 6_000;
/** How far files were imported: so that what the previous log has is not taken in again, and what it lost is. */
const POSITIONS = 'source/file/';

/**
 * Begins a new log that continues one which cannot go on: its key is lost, its store is an older copy, or damaged. The new
 * log has an origin and a key of its own; its first record after the genesis, sealed before anything else is taken,
 * quotes the head of the other, and says why. Interrupted anywhere there is either no new log or all of it.
 *
 * Throws `UsageError` USAGE for a bad reason or a directory in use, LOG_NOT_FOUND; `LogError` LOG_DAMAGED when the
 * previous log does not verify and `damaged` is not set, or nothing of it is signed, LOG_HELD when somebody writes it; and
 * what `openLog` throws.
 */
export async function continueLog(options: ContinueOptions): Promise<Continued> {
  const reason = options.reason.trim();
  if (reason === '' || reason.length > MAX_REASON) {
    throw new UsageError(
      'USAGE',
      `the reason has 1 to ${MAX_REASON} characters: what happened, for whoever verifies`,
    );
  }
  const data = resolve(options.data);
  if (onDisk(data, () => existsSync(data) && readdirSync(data).length > 0)) {
    throw new UsageError('USAGE', `${data} is not empty; the new log needs a directory of its own`);
  }
  const { quoted, report, positions } = await readPrevious(options);
  const making = onDisk(data, () => {
    makeDirectories(dirname(data));
    return mkdtempSync(`${data}.new-`);
  });
  try {
    const catalogs = join(options.previous, LAYOUT.catalogs);
    if (existsSync(catalogs)) cpSync(catalogs, join(making, LAYOUT.catalogs), { recursive: true });
    const made = await make(making, options, { quoted, report, reason, positions });
    onDisk(data, () => {
      renameSync(making, data);
      syncDirectory(dirname(data));
    });
    return { data, ...made, quoted, report };
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
}

interface Previous {
  readonly quoted: Quoted;
  readonly report: Report | null;
  readonly positions: readonly StateWrite[];
}

async function readPrevious(options: ContinueOptions): Promise<Previous> {
  const { previous, pin, damaged = false } = options;
  let store: LogStore;
  try {
    store = await SqliteStore.open({ dir: previous, readOnly: true });
  } catch (error) {
    // When all is lost, what is remembered of it can still be quoted.
    if (!(error instanceof TallystickError) || !damaged || pin === undefined) throw error;
    return { quoted: ofPin(pin), report: null, positions: [] };
  }
  try {
    const node = await nodeOf(store, options);
    const { report, remembered, quoted } = await judge(store, node, options);
    const failures = report.findings.filter((finding) => finding.class === 'fail');
    // That newer records are lost is what a new log is for.
    const wrong = failures.find(({ code }) => code !== 'rolled-back');
    if (wrong !== undefined && !damaged) {
      throw new LogError(
        'LOG_DAMAGED',
        `the log ${node} in ${previous} does not verify (${wrong.code}: ${wrong.message}). If this is all there is, go on with --damaged: the new log says so`,
      );
    }
    const newest = quoted ?? (remembered === null ? null : ofPin(remembered));
    if (newest === null) {
      throw new LogError(
        'LOG_DAMAGED',
        `nothing of the log ${node} in ${previous} is signed by a known key, so there is nothing to go on from`,
      );
    }
    const positions = [...(await store.state(POSITIONS))].map(([key, value]) => ({ key, value }));
    return { quoted: newest, report, positions };
  } finally {
    await store.close();
  }
}

async function nodeOf(store: LogStore, { node, previous }: ContinueOptions): Promise<string> {
  const nodes = await store.nodes();
  const [only] = nodes;
  if (node !== undefined && nodes.includes(node)) return node;
  if (node === undefined && only !== undefined && nodes.length === 1) return only;
  const there = nodes.length === 0 ? 'it has none' : `it has those of ${nodes.join(', ')}; name one`;
  throw new UsageError('LOG_NOT_FOUND', `which log of ${previous}? ${there}`);
}

/** The previous log as far as it can be verified, held against everything that is remembered of it here. */
async function judge(
  store: LogStore,
  node: string,
  { pin, state }: ContinueOptions,
): Promise<{ report: Report; remembered: Pin | null; quoted: Quoted | null }> {
  const source = store.source(node);
  const before = await headOf(store, node);
  const memory = before === null ? null : headDirectory(state).recall(before.origin);
  const remembered = newer(pin ?? null, memory);
  // A log that can't go on is quoted as it is, whether its witnesses have seen the end of it or not.
  const cosigned = { notes: [], policy: null };
  const report = await verifyLog(source, remembered === null ? {} : { pin: remembered, cosigned });
  const after = await headOf(store, node);
  if (before?.size !== after?.size) {
    throw new LogError('LOG_HELD', `the log ${node} is being written; stop that first`);
  }
  const { origin, size, root } = report;
  if (before === null || origin === null || root === null || report.trust === 'none') {
    return { report, remembered, quoted: null };
  }
  const checkpoint = `${checkpointBody(origin, size, before.root)}\n${before.signatures}`;
  const isLost = remembered !== null && remembered.origin === origin && remembered.size > size;
  const quoted = { origin, size, root, checkpoint, newer: isLost ? remembered.checkpoint : null };
  return { report, remembered, quoted };
}

/** null when there is none that can be read: what is wrong with it, verifying says. */
async function headOf(store: LogStore, node: string): ReturnType<LogStore['head']> {
  try {
    return await store.head(node);
  } catch (error) {
    if (error instanceof TallystickError && error.code === 'STORE_DAMAGED') return null;
    throw error;
  }
}

function newer(a: Pin | null, b: Pin | null): Pin | null {
  if (a === null || b === null) return a ?? b;
  return a.origin === b.origin && b.size > a.size ? b : a;
}

function ofPin({ origin, size, root, checkpoint }: Pin): Quoted {
  return { origin, size, root, checkpoint, newer: null };
}

async function make(
  data: string,
  { keyFile, passphrase, state, by = 'library' }: ContinueOptions,
  { quoted, report, reason, positions }: Previous & { readonly reason: string },
): Promise<Pick<Continued, 'node' | 'origin' | 'vkey'>> {
  const { origin, size, root, checkpoint, newer: lost } = quoted;
  const [name = 'tallystick', node = ''] = origin.split('/');
  const log = await openLog({
    ...{ data, node, name: name.replace(/-[0-9a-f]{8}$/, ''), index: false, selfTests: false },
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(state === undefined ? {} : { state }),
  });
  try {
    const notes = [checkpoint, lost ?? ''].join('').length <= MAX_NOTES;
    const codes = [...new Set(report?.findings.filter((f) => f.class === 'fail').map((f) => f.code))];
    const details = {
      ...{ previousOrigin: origin, size, root, cause: reason },
      ...(notes ? { checkpoint, ...(lost === null ? {} : { newerCheckpoint: lost }) } : {}),
      verdict: report?.verdict ?? 'not-intact',
      ...(codes.length === 0 ? {} : { findings: codes }),
    };
    const record = draft(tallystick.RESTORE, details, { actor: { name: by } });
    await log.appendOwn(record, { state: positions });
    return { node: log.node, origin: log.head.origin, vkey: log.vkey };
  } finally {
    await log.close();
  }
}

function onDisk<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new UsageError('FILE_UNREADABLE', `${path} cannot be made: ${(cause as Error).message}`, { cause });
  }
}

function syncDirectory(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
