import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectories } from '../directories.ts';
import { LogError, StoreError, type TallystickError } from '../errors.ts';
import { checkDraft, type RecordDraft } from '../record/mod.ts';
import type { StateWrite } from '../store/store.ts';

/** An act's record that waits to be sealed. */
export interface LateAct {
  /** With its idempotency id, by which it is sealed once. */
  readonly draft: RecordDraft & { readonly id: string };
  /** Committed with it. */
  readonly state: readonly StateWrite[];
}

/** Bytes of each half of the file: more than a hundred acts. */
const HALF = 128 * 1024;
const HEAD = /^tallystick late acts 1 ([1-9][0-9]{0,14}) ([0-9]{1,6}) ([0-9a-f]{64})\n/;
const MAX_HEAD_BYTES = 128;

interface Half {
  readonly generation: number;
  readonly acts: readonly LateAct[];
}

/**
 * Records of acts that could not be sealed yet, in a file (mode 0600) that has its whole size from the start: so it can be
 * written on a full disk. It has two halves, written in turn and synced, and the newer one that is whole counts: what
 * stood there before a write that was cut off still stands. A half is `tallystick late acts 1 <generation> <bytes>
 * <SHA-256>` LF, then that many bytes of JSON: `[{draft, state}]`.
 *
 * The file is trusted as much as the data directory's owner is: nothing signs it. Only the owner of the log writes it.
 */
export class LateFile {
  readonly #file: string;
  #generation: number;
  #acts: readonly LateAct[];

  private constructor(file: string, { generation, acts }: Half) {
    this.#file = file;
    this.#generation = generation;
    this.#acts = acts;
  }

  /**
   * Opens it, made if it is not there: when that is impossible (a full disk), the next `write` tries again. Throws
   * `LogError` LOG_DAMAGED when what it holds can't be told.
   */
  static open(file: string): LateFile {
    const late = new LateFile(file, LateFile.read(file));
    try {
      late.#make();
    } catch {
      // Said by the first write that needs it.
    }
    return late;
  }

  /** What waits in a file, which another process may own. Throws as `open`. */
  static read(file: string): Half {
    let bytes: Buffer;
    try {
      bytes = readUpTo(file, 2 * HALF);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { generation: 0, acts: [] };
      throw unusable(file, (cause as Error).message, cause);
    }
    const halves = [bytes.subarray(0, HALF), bytes.subarray(HALF)].flatMap((half) => readHalf(half, file));
    const newest = halves.sort((a, b) => b.generation - a.generation)[0];
    if (newest !== undefined) return newest;
    if (bytes.every((byte) => byte === 0)) return { generation: 0, acts: [] };
    throw unusable(file, 'neither half of it is whole');
  }

  /** In the order they were done. */
  get acts(): readonly LateAct[] {
    return this.#acts;
  }

  /** Replaces what waits; durable when it returns. Throws `StoreError` STORE_FULL, STORE_UNAVAILABLE; what stood there still stands then. */
  write(acts: readonly LateAct[]): void {
    const body = Buffer.from(JSON.stringify(acts));
    if (body.length > HALF - MAX_HEAD_BYTES) {
      throw new StoreError(
        'STORE_FULL',
        `${this.#file} holds ${this.#acts.length} records of acts that wait to be sealed, and takes no more; bring the log back first`,
      );
    }
    try {
      this.#make();
      this.#put(body);
      // Nothing sealed is left behind to come again when the other half is damaged one day.
      if (acts.length === 0) this.#put(body);
    } catch (cause) {
      throw new StoreError(
        'STORE_UNAVAILABLE',
        `an act could not be recorded in ${this.#file}: ${(cause as Error).message}. Put that right first`,
        { cause },
      );
    }
    this.#acts = acts;
  }

  /**
   * As `write`, for what has happened: where the file can't be written it stays behind, and a restart seals what it says
   * (an act that was sealed already is not sealed again).
   */
  replace(acts: readonly LateAct[]): void {
    try {
      this.write(acts);
    } catch {
      this.#acts = acts;
    }
  }

  #put(body: Buffer): void {
    const generation = this.#generation + 1;
    const digest = createHash('sha256').update(`${generation} `).update(body).digest('hex');
    const head = Buffer.from(`tallystick late acts 1 ${generation} ${body.length} ${digest}\n`);
    const fd = openSync(this.#file, 'r+');
    try {
      writeAll(fd, Buffer.concat([head, body]), (generation % 2) * HALF);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    this.#generation = generation;
  }

  /** Makes the file at its full size, unless it is there. */
  #make(): void {
    if (sizeOf(this.#file) === 2 * HALF) return;
    const temporary = `${this.#file}.new`;
    makeDirectories(dirname(this.#file), 0o700);
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      // Written, not only extended: a hole would need room later.
      writeAll(fd, Buffer.alloc(2 * HALF), 0);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, this.#file);
    const directory = openSync(dirname(this.#file), 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }
}

function writeAll(fd: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, at + done);
}

function sizeOf(file: string): number | null {
  try {
    const fd = openSync(file, 'r');
    try {
      return fstatSync(fd).size;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function readUpTo(file: string, max: number): Buffer {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(max);
    let length = 0;
    for (let got = -1; got !== 0 && length < max; length += got)
      got = readSync(fd, bytes, length, max - length, length);
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

/** Empty when it is not whole. */
function readHalf(half: Buffer, file: string): Half[] {
  const [head, generation, length, digest] = HEAD.exec(half.toString('latin1', 0, MAX_HEAD_BYTES)) ?? [];
  if (head === undefined) return [];
  const body = half.subarray(head.length, head.length + Number(length));
  const isWhole =
    createHash('sha256').update(`${generation} `).update(body).digest('hex') === digest &&
    body.length === Number(length);
  if (!isWhole) return [];
  return [{ generation: Number(generation), acts: parse(body.toString('utf8'), file) }];
}

function parse(text: string, file: string): LateAct[] {
  try {
    const acts = JSON.parse(text) as LateAct[];
    for (const { draft, state } of acts) {
      checkDraft(draft, true);
      if (typeof draft.id !== 'string' || !state.every(isStateWrite))
        throw new TypeError('an act is malformed');
    }
    return acts;
  } catch (cause) {
    throw unusable(file, (cause as Error).message, cause);
  }
}

function isStateWrite({ key, value }: StateWrite): boolean {
  return typeof key === 'string' && (value === null || typeof value === 'string');
}

function unusable(file: string, why: string, cause?: unknown): TallystickError {
  return new LogError(
    'LOG_DAMAGED',
    `${file}, which keeps records of acts until they can be sealed, can't be read: ${why}. Move it away to go on without them`,
    cause === undefined ? {} : { cause },
  );
}
