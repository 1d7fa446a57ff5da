import type { RecordDraft } from '../src/record/mod.ts';

/**
 * The bench's records: from a seed, so that every run measures the same bytes. About 430 bytes each as an entry;
 * ten events, 5,000 actors, 100,000 objects; correlation id and file hash random.
 */
export class BenchRecords {
  readonly #withIds: boolean;
  readonly #random: () => number;
  #count = 0;

  constructor(options: { readonly seed?: number; readonly ids?: boolean } = {}) {
    this.#random = mulberry32(options.seed ?? 1);
    this.#withIds = options.ids ?? false;
  }

  /** As they would come off a wire: parsed, so that strings are flat and objects of one shape. */
  batch(size: number): RecordDraft[] {
    return JSON.parse(JSON.stringify(Array.from({ length: size }, () => this.next())));
  }

  next(): RecordDraft {
    const n = this.#count++;
    const object = this.#below(100_000);
    const hash = this.#hex(64);
    return {
      ...(this.#withIds ? { id: this.#hex(32) } : {}),
      time: START + n * 37,
      system: 'bench',
      event: EVENTS[this.#below(EVENTS.length)] as string,
      outcome: this.#below(50) === 0 ? 'failure' : 'success',
      actor: { name: `CN=Signer ${this.#below(5_000)},O=Bench` },
      correlation: this.#hex(32),
      details: { WORKER_ID: String(this.#below(40)) },
      objects: [{ kind: 'key', id: `token-1/key-${object}` }],
      signature: { hash, hashAlgorithm: 'SHA-256' },
    };
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #hex(digits: number): string {
    let out = '';
    while (out.length < digits)
      out += Math.floor(this.#random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    return out;
  }
}

/** 2026-10-01T00:00:00Z */
export const START: number = Date.UTC(2026, 9, 1);

const EVENTS = [
  'PROCESS',
  'KEYGEN',
  'KEYTEST',
  'KEYREMOVE',
  'GENCSR',
  'CERTINSTALLED',
  'SET_WORKER_CONFIG',
  'KEYSELECTED',
  'LOGIN',
  'LOGOUT',
];

/** A small generator of known quality for made-up data: 32 bits of state, uniform in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
