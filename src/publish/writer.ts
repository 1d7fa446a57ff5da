import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeDirectories } from '../directories.ts';
import { trouble } from './errors.ts';

/** Files that are being written at one time: each waits for the disk. */
const AT_ONCE = 16;

/** Writes files below a directory. What was written is on the disk once `settle` has resolved. */
export class Writer {
  readonly #directory: string;
  readonly #signal: AbortSignal | undefined;
  /** Directories in which something changed. */
  readonly #changed = new Set<string>();
  readonly #writing = new Set<Promise<void>>();
  #files = 0;

  constructor(directory: string, signal: AbortSignal | undefined) {
    this.#directory = directory;
    this.#signal = signal;
  }

  /** Files written. */
  get files(): number {
    return this.#files;
  }

  /**
   * Begins to write a file that nobody has been told of yet; resolves when there is room for the next. `bytes` MUST
   * NOT be changed before `settle`. Throws `StoreError` for this file or an earlier one, and the signal's reason.
   */
  async add(path: string, bytes: Uint8Array): Promise<void> {
    this.#signal?.throwIfAborted();
    const writing = this.#write(path, bytes);
    // Who waits next, for room or for all of them, meets its failure.
    writing.catch(() => {});
    this.#writing.add(writing);
    void writing.then(() => this.#writing.delete(writing)).catch(() => {});
    if (this.#writing.size >= AT_ONCE) await Promise.race(this.#writing);
  }

  /** Puts a file in the place of the one that is there, whole or not at all. Settles first. */
  async replace(path: string, bytes: Uint8Array): Promise<void> {
    await this.settle();
    const fresh = `${path}.new`;
    await this.#write(fresh, bytes);
    this.#signal?.throwIfAborted();
    const name = join(this.#directory, path);
    try {
      await rename(join(this.#directory, fresh), name);
    } catch (cause) {
      throw trouble(name, cause);
    }
    await this.settle();
  }

  /** Waits until everything is on the disk, names included. */
  async settle(): Promise<void> {
    await Promise.all(this.#writing);
    this.#signal?.throwIfAborted();
    for (const directory of this.#changed) await syncDirectory(directory);
    this.#changed.clear();
  }

  /** Removes a directory with what is in it. */
  async remove(path: string): Promise<void> {
    this.#signal?.throwIfAborted();
    const name = join(this.#directory, path);
    try {
      await rm(name, { recursive: true, force: true });
    } catch (cause) {
      throw trouble(name, cause);
    }
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const name = join(this.#directory, path);
    try {
      await this.#makeDirectory(dirname(path));
      const file = await open(name, 'w', 0o644);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      this.#files++;
    } catch (cause) {
      throw trouble(name, cause);
    }
  }

  /** Makes a directory, and notes that it and those above it have changed. */
  async #makeDirectory(path: string): Promise<void> {
    const name = join(this.#directory, path);
    if (!this.#changed.has(name)) makeDirectories(name);
    for (let at = path; ; at = dirname(at)) {
      this.#changed.add(join(this.#directory, at));
      if (at === '.') return;
    }
  }
}

async function syncDirectory(name: string): Promise<void> {
  try {
    const directory = await open(name);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (cause) {
    throw trouble(name, cause);
  }
}
