import { existsSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import process from 'node:process';
import { UsageError } from '../errors.ts';

/** A file that is there whole, and on the disk, or not at all. */
export class ExportFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #file: FileHandle;
  #done = false;

  private constructor(path: string, temporary: string, file: FileHandle) {
    this.path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /**
   * Throws `UsageError` FILE_UNREADABLE when there is one already, or none can be made.
   *
   * @param replace whether one that is there gives way when this one is finished.
   */
  static async create(path: string, replace = false): Promise<ExportFile> {
    if (!replace && existsSync(path)) {
      throw new UsageError('FILE_UNREADABLE', `${path} is there already; name another file, or move it away`);
    }
    const temporary = `${path}.${process.pid}.new`;
    try {
      return new ExportFile(path, temporary, await open(temporary, 'wx', 0o600));
    } catch (cause) {
      throw new UsageError('FILE_UNREADABLE', `${path} cannot be written: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  async write(content: string | Uint8Array): Promise<void> {
    await (typeof content === 'string' ? this.#file.write(content) : this.#file.write(content));
  }

  /** Puts it in its place. */
  async finish(): Promise<void> {
    await this.#file.sync();
    await rename(this.#temporary, this.path);
    this.#done = true;
  }

  /** Takes it away again unless it was finished. */
  async close(): Promise<void> {
    await this.#file.close();
    if (!this.#done) await rm(this.#temporary, { force: true });
  }
}
