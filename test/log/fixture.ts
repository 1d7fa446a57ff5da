import type { Signer } from '../../src/crypto/signer.ts';
import type { Clock } from '../../src/log/clock.ts';
import { Log, type LogOptions } from '../../src/log/log.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { testSigner } from '../checkpoint/signers.ts';

export { rejects } from '../store/rejects.ts';

import { type Gate, StagedStore } from './staged-store.ts';

export const NODE = 'ca1';
export const SOURCE = { source: 'test' } as const;

/** A moment long ago, so that nothing agrees with the real clock by accident. */
export const START = Date.UTC(2021, 4, 6, 7, 8, 9);

export class FakeClock implements Clock {
  wall = START;
  elapsed = 0;

  now(): number {
    return this.wall;
  }

  monotonic(): number {
    return this.elapsed;
  }

  setRight(): void {
    this.wall = START + this.elapsed;
  }

  /** Time passes. */
  pass(ms: number): void {
    this.wall += ms;
    this.elapsed += ms;
  }
}

/** A key that counts, fails and waits as told. */
export class StagedSigner implements Signer {
  readonly alias = 'seal';
  readonly algorithm = 'ed25519';
  readonly publicKey: Uint8Array;
  /** Number of calls. */
  calls = 0;
  readonly #real: Signer;
  /** How long each signature takes. */
  pace: () => Promise<void> = async () => {};
  #failures: unknown[] = [];
  #hangs = 0;
  #gate: (() => Promise<void>) | null = null;
  readonly #onFault: () => void;

  constructor(name = 'the sealing key', onFault: () => void = () => {}) {
    this.#onFault = onFault;
    this.#real = testSigner(name);
    this.publicKey = this.#real.publicKey;
  }

  fail(error: unknown, times = 1): void {
    this.#failures = Array.from({ length: times }, () => error);
  }

  /** The next calls are never answered. */
  hang(times = 1): void {
    this.#hangs = times;
  }

  hold(): Gate {
    const entered = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    this.#gate = async () => {
      entered.resolve();
      await opened.promise;
    };
    return { entered: entered.promise, open: opened.resolve };
  }

  async sign(data: Uint8Array): Promise<Uint8Array> {
    this.calls++;
    const gate = this.#gate;
    this.#gate = null;
    await gate?.();
    await this.pace();
    if (this.#hangs > 0) {
      this.#hangs--;
      this.#onFault();
      return new Promise(() => {});
    }
    if (this.#failures.length > 0) {
      this.#onFault();
      throw this.#failures.shift();
    }
    return this.#real.sign(data);
  }
}

/** What a failure takes by the log's clock: six tries of a batch are made by default. */
const FAULT_MS = 1_000;

/** A log in memory, with everything around it in reach. */
export interface Bench {
  readonly disk: MemoryDisk;
  readonly store: StagedStore;
  readonly signer: StagedSigner;
  readonly clock: FakeClock;
  readonly log: Log;
}

export async function openBench(options: Partial<LogOptions> = {}, disk = new MemoryDisk()): Promise<Bench> {
  const clock = new FakeClock();
  const onFault = (): void => clock.pass(FAULT_MS);
  const store = new StagedStore(new MemoryStore(disk), onFault);
  const signer = new StagedSigner(undefined, onFault);
  const log = await Log.open({ store, signers: [signer], node: NODE, clock, ...options });
  return { disk, store, signer, clock, log };
}

let made = 0;

/** A record unlike any other. */
export function draft(members: Partial<RecordDraft> = {}): RecordDraft {
  return { time: START, system: 'test', event: `E${made++}`, outcome: 'success', ...members };
}

export function drafts(count: number): RecordDraft[] {
  return Array.from({ length: count }, () => draft());
}

/** Lets everything happen that waits for nothing from outside. */
export async function settle(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}
