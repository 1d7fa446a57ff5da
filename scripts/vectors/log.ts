import { checkpointBody, signCheckpointByAll } from '../../src/checkpoint/mod.ts';
import { concatBytes, utf8 } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { leafHash, type TileReader, Tree } from '../../src/merkle/mod.ts';
import { type AuditRecord, canonicalize, type Json } from '../../src/record/mod.ts';
import { vkeyOf } from './keys.ts';

export const ORIGIN = 'vectors-0a1b2c3d/node-1';
export const NODE = 'node-1';
/** 2026-09-21T14:13:20Z, when the first record was logged; one comes each second. */
export const START = 1_790_000_000_000;

/** A tree with its tiles and all of its roots. */
export class VectorTree {
  readonly #tree = new Tree();
  readonly #tiles = new Map<string, Uint8Array>();
  readonly roots: Uint8Array[] = [this.#tree.root()];

  append(entry: Uint8Array): void {
    const leaf = leafHash(entry);
    const bundle = Math.floor(this.#tree.size / 256);
    const before = this.#tiles.get(`0/${bundle}`) ?? new Uint8Array(0);
    this.#tiles.set(`0/${bundle}`, concatBytes(before, leaf));
    this.#tree.append(leaf);
    for (const { level, index, hashes } of this.#tree.changedTiles())
      this.#tiles.set(`${level}/${index}`, hashes);
    this.roots.push(this.#tree.root());
  }

  get size(): number {
    return this.#tree.size;
  }

  root(size: number = this.size): Uint8Array {
    const root = this.roots[size];
    if (root === undefined) throw new RangeError(`no tree of ${size}`);
    return root;
  }

  readonly tile: TileReader = async (level, index, width) =>
    (this.#tiles.get(`${level}/${index}`) ?? new Uint8Array(0)).slice(0, 32 * width);
}

/** A log of vectors: its entries, and a signed note wherever somebody sealed it. */
export class VectorLog {
  readonly tree: VectorTree = new VectorTree();
  readonly entries: string[] = [];
  readonly notes = new Map<number, string>();

  /** Appends ordinary records, the last of them with the members given, and has the keys sign. */
  async seal(records: number, last: Partial<AuditRecord>, by: readonly Signer[]): Promise<void> {
    for (let i = 1; i <= records; i++) this.add(recordOf(this.entries.length, i === records ? last : {}));
    const size = this.entries.length;
    const body = checkpointBody(ORIGIN, size, this.tree.root());
    this.notes.set(size, `${body}\n${await signCheckpointByAll(body, ORIGIN, by)}`);
  }

  add(record: AuditRecord): void {
    const entry = canonicalize(record as unknown as Json);
    this.entries.push(entry);
    this.tree.append(utf8(entry));
  }
}

export function recordOf(seq: number, more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    ...{ event: `EVENT_${seq % 10}`, system: 'signserver', outcome: seq % 7 === 3 ? 'failure' : 'success' },
    ...{ v: 1, node: NODE, seq, source: 'vectors' },
    ...{ time: START + 1000 * seq - 5, logged: START + 1000 * seq },
    ...more,
  };
}

/** Record 0. */
export function genesis(keys: readonly Signer[]): Partial<AuditRecord> {
  const details = { ...names(keys), origin: ORIGIN, software: 'tallystick vectors' };
  return { system: 'tallystick', event: 'GENESIS', outcome: 'success', source: 'tallystick', details };
}

export function keyChange(
  keys: readonly Signer[],
  previous: Signer,
  more: Record<string, Json> = {},
): Partial<AuditRecord> {
  const details = { ...names(keys), previousKey: vkeyOf(previous, ORIGIN), ...more };
  return { system: 'tallystick', event: 'KEY_CHANGE', outcome: 'success', source: 'tallystick', details };
}

export function standBy(keys: readonly Signer[]): Partial<AuditRecord> {
  return {
    system: 'tallystick',
    event: 'KEY_STANDBY',
    outcome: 'success',
    source: 'tallystick',
    details: names(keys),
  };
}

function names(keys: readonly Signer[]): Record<string, Json> {
  const [key, ...more] = keys.map((each) => vkeyOf(each, ORIGIN));
  if (key === undefined) return {};
  return more.length === 0 ? { key } : { key, keys: [key, ...more] };
}
