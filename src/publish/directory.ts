import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../errors.ts';
import type { PublishedFiles } from '../published/mod.ts';
import { isAbsent, trouble } from './errors.ts';

/** A published log in a directory. */
export class DirectoryFiles implements PublishedFiles {
  readonly place: string;

  constructor(directory: string) {
    this.place = directory;
  }

  async read(path: string, most: number): Promise<Uint8Array | null> {
    const name = join(this.place, path);
    try {
      const file = await open(name);
      try {
        const found = await file.stat();
        if (!found.isFile() || found.size > most) {
          throw new StoreError('STORE_DAMAGED', `${name} is no file of at most ${most} bytes`);
        }
        const bytes = new Uint8Array(found.size);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (error instanceof StoreError) throw error;
      if (isAbsent(error)) return null;
      throw trouble(name, error);
    }
  }
}
