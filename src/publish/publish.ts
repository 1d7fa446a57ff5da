import { readdir } from 'node:fs/promises';
import { MAX_NOTE_BYTES } from '../checkpoint/mod.ts';
import { concatBytes, equalBytes, fromUtf8, toHex, utf8 } from '../crypto/bytes.ts';
import { LogError, TallystickError, UsageError } from '../errors.ts';
import {
  HASH,
  leafHashes,
  partialWidth,
  TILE_WIDTH,
  type TileId,
  Tree,
  tileCount,
  tilePath,
  tileWidth,
} from '../merkle/mod.ts';
import {
  CHECKPOINT,
  formatKeyChanges,
  formatTimestamps,
  KEY_CHANGES,
  MAX_BUNDLE_BYTES,
  type PublishedTimestamp,
  payloadPath,
  type ReadCheckpoint,
  readCheckpoint,
  TIMESTAMPS,
} from '../published/mod.ts';
import { payloadDigest } from '../record/mod.ts';
import { tileReader } from '../store/tile-reader.ts';
import type { LogSource, SourceCheckpoint } from '../verify/mod.ts';
import { DirectoryFiles } from './directory.ts';
import { isAbsent, trouble } from './errors.ts';
import { Writer } from './writer.ts';

/** The sealed state to publish. Whoever gives it has checked its signature. */
export interface PublishableHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** The signed checkpoint. */
  readonly note: string;
}

export interface PublishOptions {
  /** Whether records and their payloads are published too, or only what proves them. */
  readonly entries: boolean;
  /** Time stamps that are kept of the log: those under the head are published. What is there stays when not given. */
  readonly timestamps?: readonly Pick<PublishedTimestamp, 'size' | 'note' | 'token'>[];
  readonly signal?: AbortSignal;
  /** Called now and then with how many of how many records have been published. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Published {
  /** Records that were published before. */
  readonly from: number;
  /** Records that are published now. */
  readonly size: number;
  /** Files written. */
  readonly files: number;
}

/** Names a published log has in its directory. */
const OURS: readonly string[] = [CHECKPOINT, KEY_CHANGES, TIMESTAMPS, 'tile', 'payload'].flatMap((n) => [
  n,
  `${n}.new`,
]);

/**
 * Writes a log to a directory as C2SP tlog-tiles, for a static host; a directory that holds an earlier state of it is
 * brought up to date. Tiles are made from the entries and must lead to the head's root; the checkpoint comes last, when
 * everything it covers is on the disk. So whatever interrupts this, the directory holds the state before or the one
 * after, and the next call goes on. Two calls into one directory at a time are for the caller to keep apart.
 *
 * Throws `UsageError` COPY_MISMATCH when the directory holds another log or something else; `LogError` ROLLED_BACK when
 * it holds a newer state than the log, SPLIT_VIEW when it holds one that the log contradicts, LOG_DAMAGED when the log
 * is not as sealed; `StoreError` when files can't be read or written; and the signal's reason.
 */
export async function publish(
  source: LogSource,
  head: PublishableHead,
  directory: string,
  options: PublishOptions,
): Promise<Published> {
  const writer = new Writer(directory, options.signal);
  const before = await readCopy(directory, head);
  const from = before?.size ?? 0;
  if (before !== null) {
    await checkContinued(source, before, head, directory);
    await checkKind(directory, from, options.entries);
  }
  const tree = await writeBundles(source, head, from, writer, options);
  if (!equalBytes(tree.root(), head.root)) {
    throw damaged(`its ${head.size} records do not lead to the signed root`);
  }
  await writeEdges(tree, from, writer);
  if (options.entries) await writePayloads(source, from, head.size, writer);
  await replaceText(writer, directory, KEY_CHANGES, await keyChangesOf(source, head));
  if (options.timestamps !== undefined) {
    const covered = options.timestamps.filter(({ size }) => size <= head.size);
    await replaceText(writer, directory, TIMESTAMPS, formatTimestamps(covered));
  }
  await replaceText(writer, directory, CHECKPOINT, head.note);
  await removeOutgrown(from, head.size, writer);
  return { from, size: head.size, files: writer.files };
}

/** The checkpoint that the directory holds, null when it holds nothing yet. */
async function readCopy(directory: string, head: PublishableHead): Promise<ReadCheckpoint | null> {
  const bytes = await new DirectoryFiles(directory).read(CHECKPOINT, MAX_NOTE_BYTES);
  if (bytes === null) {
    const foreign = (await namesIn(directory)).find((name) => !OURS.includes(name));
    if (foreign === undefined) return null;
    throw mismatch(`${directory} holds ${foreign} and no published log; name an empty directory`);
  }
  let copy: ReadCheckpoint;
  try {
    copy = readCheckpoint(fromUtf8(bytes));
  } catch (cause) {
    throw mismatch(`the checkpoint in ${directory} does not read; name an empty directory`, cause);
  }
  if (copy.origin === head.origin) return copy;
  throw mismatch(`${directory} holds the log ${copy.origin}, not ${head.origin}; name another directory`);
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw trouble(directory, error);
  }
}

/** The log must be a continuation of what was published: nothing is written over a statement it contradicts. */
async function checkContinued(
  source: LogSource,
  copy: ReadCheckpoint,
  head: PublishableHead,
  directory: string,
): Promise<void> {
  if (copy.size > head.size) {
    throw new LogError(
      'ROLLED_BACK',
      `${directory} shows that ${copy.size} records were sealed; the log now has ${head.size}. Nothing was written`,
      { context: { published: copy.size, size: head.size } },
    );
  }
  const root = (await Tree.read(copy.size, tileReader(source))).root();
  if (equalBytes(root, copy.root)) return;
  throw new LogError(
    'SPLIT_VIEW',
    `${directory} holds a checkpoint at ${copy.size} records with root ${toHex(copy.root)}; the log had ${toHex(root)} there. Nothing was written: keep both, and run verify`,
  );
}

/** A directory has the entries of all records or of none. */
async function checkKind(directory: string, size: number, wanted: boolean): Promise<void> {
  if (size === 0) return;
  const index = tileCount(0, size) - 1;
  const files = new DirectoryFiles(directory);
  const path = tilePath({ level: 'entries', index, width: tileWidth(0, index, size) });
  const has = (await files.read(path, MAX_BUNDLE_BYTES)) !== null;
  if (has === wanted) return;
  throw mismatch(
    has
      ? `${directory} was published with entries; leave out --no-entries, or name an empty directory`
      : `${directory} was published without entries; give --no-entries, or name an empty directory`,
  );
}

/** Writes what is new of level 0, of the entries and of full tiles above. Resolves with the tree at the head. */
async function writeBundles(
  source: LogSource,
  { size }: PublishableHead,
  from: number,
  writer: Writer,
  { entries, onProgress }: PublishOptions,
): Promise<Tree> {
  // From the start of the bundle that was partial: it is written anew.
  const start = from === size ? size : from - partialWidth(0, from);
  const tree = await Tree.read(start, tileReader(source));
  for await (const bundle of wholeBundles(source, start, size)) {
    const index = Math.floor(tree.size / TILE_WIDTH);
    const width = tileWidth(0, index, size);
    const leaves = leafHashes(bundle);
    if (leaves.length !== width * HASH) throw damaged(`bundle ${index} does not hold ${width} records`);
    tree.appendAll(leaves);
    await writer.add(tilePath({ level: 0, index, width }), leaves);
    if (entries) await writer.add(tilePath({ level: 'entries', index, width }), bundle);
    // The tree keeps the tiles it completes until they are taken.
    if (index % TILE_WIDTH !== TILE_WIDTH - 1 && tree.size !== size) continue;
    await writeFull(tree, writer);
    onProgress?.(tree.size - start, size - start);
  }
  return tree;
}

async function writeFull(tree: Tree, writer: Writer): Promise<void> {
  for (const { level, index, hashes } of tree.changedTiles()) {
    const width = hashes.length / HASH;
    if (width === TILE_WIDTH) await writer.add(tilePath({ level, index, width }), hashes);
  }
}

/** Writes the partial tiles of level 1 and above that have not been published. */
async function writeEdges(tree: Tree, from: number, writer: Writer): Promise<void> {
  for (const tile of edgesOf(tree.size)) {
    if (tile.level === 0 || hasTile(tile, from)) continue;
    await writer.add(tilePath(tile), tree.edge(tile.level));
  }
}

function* edgesOf(size: number): Generator<TileId & { readonly level: number }> {
  for (let level = 0; tileCount(level, size) > 0; level++) {
    const width = partialWidth(level, size);
    if (width > 0) yield { level, index: tileCount(level, size) - 1, width };
  }
}

function hasTile({ level, index, width }: TileId & { readonly level: number }, size: number): boolean {
  return tileWidth(level, index, size) === width;
}

/** The entries of each bundle from `from`, which begins one, to `to`. */
async function* wholeBundles(source: LogSource, from: number, to: number): AsyncGenerator<Uint8Array> {
  if (from === to) return;
  let parts: Uint8Array[] = [];
  let at = from;
  for await (const part of source.bundles(from, to)) {
    if (part.entries === null || part.from !== at) break;
    at = part.to;
    parts.push(part.entries);
    if (at % TILE_WIDTH !== 0 && at !== to) continue;
    yield concatBytes(...parts);
    parts = [];
  }
  if (at < to) throw damaged(`record ${at} can't be read`);
}

/** Payloads of removed content are not there, and not missed. */
async function writePayloads(source: LogSource, from: number, to: number, writer: Writer): Promise<void> {
  for await (const { seq, digest, salt, bytes } of source.payloads(from, to)) {
    if (bytes === null || payloadDigest(salt, bytes) !== digest) {
      throw damaged(`a payload of record ${seq} is not as sealed`);
    }
    await writer.add(payloadPath(digest), concatBytes(salt, bytes));
  }
}

async function keyChangesOf(source: LogSource, { origin, size }: PublishableHead): Promise<string> {
  const checkpoints: SourceCheckpoint[] = [];
  for await (const checkpoint of source.keyChanges())
    if (checkpoint.size <= size) checkpoints.push(checkpoint);
  return formatKeyChanges(origin, checkpoints);
}

async function replaceText(writer: Writer, directory: string, path: string, text: string): Promise<void> {
  const bytes = utf8(text);
  if (!(await isThere(directory, path, bytes))) await writer.replace(path, bytes);
}

async function isThere(directory: string, path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    const found = await new DirectoryFiles(directory).read(path, bytes.length);
    return found === null ? bytes.length === 0 : equalBytes(found, bytes);
  } catch (error) {
    // Longer than what shall be there.
    if (error instanceof TallystickError && error.code === 'STORE_DAMAGED') return false;
    throw error;
  }
}

/** Removes the partial tiles in whose place full ones have come. */
async function removeOutgrown(from: number, to: number, writer: Writer): Promise<void> {
  for (const { level, index, width } of edgesOf(from)) {
    if (tileWidth(level, index, to) < TILE_WIDTH) continue;
    for (const kind of level === 0 ? [level, 'entries' as const] : [level]) {
      const path = tilePath({ level: kind, index, width });
      await writer.remove(path.slice(0, path.lastIndexOf('/')));
    }
  }
}

function mismatch(message: string, cause?: unknown): UsageError {
  return new UsageError('COPY_MISMATCH', message, cause === undefined ? {} : { cause });
}

function damaged(what: string): LogError {
  return new LogError('LOG_DAMAGED', `nothing was published: ${what}. Run verify`);
}
