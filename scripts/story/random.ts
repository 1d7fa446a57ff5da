import { createHash } from 'node:crypto';

/**
 * Random numbers that are the same for the same seed and name, so that one part of a story may change alone.
 */
export class Random {
  readonly #seed: string;
  #count = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** Another source, of its own name. */
  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }

  bytes(length: number): Buffer {
    const parts: Buffer[] = [];
    for (let have = 0; have < length; have += 32) {
      parts.push(
        createHash('sha256')
          .update(`${this.#seed}#${this.#count++}`)
          .digest(),
      );
    }
    return Buffer.concat(parts).subarray(0, length);
  }

  hex(length: number): string {
    return this.bytes(length).toString('hex');
  }

  /** From 0 to below `below`. */
  below(below: number): number {
    return Number(this.bytes(6).readUIntBE(0, 6) % below);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** In the form of RFC 9562, version 4. */
  uuid(): string {
    const bytes = this.bytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}
