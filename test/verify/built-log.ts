import { checkpointBody, type Pin, signCheckpoint, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { concatBytes, toHex, utf8 } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { emptyRoot, encodeBundle, leafHash, Tree } from '../../src/merkle/mod.ts';
import { type AuditRecord, canonicalize, type Json } from '../../src/record/mod.ts';
import type {
  LogSource,
  SourceBundle,
  SourceCheckpoint,
  SourceHead,
  SourcePayload,
  SourceTile,
} from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';

export const NODE = 'node-1';
export const ORIGIN = `test-0a1b2c3d/${NODE}`;
export const KEY: Signer = testSigner('log');
export const VKEY: string = vkeyFromSpki(ORIGIN, 'ed25519', KEY.publicKey);

/** Records logged a second apart. */
export const START = 1_790_000_000_000;

export function makeRecord(seq: number, more: Partial<AuditRecord> = {}): AuditRecord {
  const genesis = {
    details: { key: VKEY, origin: ORIGIN, software: 'test' },
    event: 'GENESIS',
    system: 'tallystick',
  };
  return {
    event: `EVENT_${seq % 10}`,
    system: 'signserver',
    ...(seq === 0 ? genesis : {}),
    logged: START + 1000 * seq,
    node: NODE,
    outcome: seq % 7 === 3 ? 'failure' : 'success',
    seq,
    source: 'test',
    time: START + 1000 * seq - 5,
    v: 1,
    ...more,
  };
}

export function entryOf(record: AuditRecord): Uint8Array {
  return utf8(canonicalize(record as unknown as Json));
}

/** A log in memory that can be changed behind its own back: whole, then `copy()`, then tamper, then verify. */
export class BuiltLog implements LogSource {
  origin: string = ORIGIN;
  size = 0;
  root: Uint8Array = emptyRoot();
  signatures = '';
  /** Stored entries by bundle; a bundle that is not there is missing, a text says why it does not decode. */
  stored: Map<number, Uint8Array[] | string> = new Map();
  /** Stored hash tiles, `level/index`. */
  hashes: Map<string, Uint8Array> = new Map();
  kept: SourceCheckpoint[] = [];
  /** Those that are said to have to stay. */
  changes: SourceCheckpoint[] = [];
  sealedPayloads: SourcePayload[] = [];
  readonly #tree: Tree;
  readonly #signer: Signer;

  constructor(signer: Signer = KEY, tree: Tree = new Tree()) {
    this.#signer = signer;
    this.#tree = tree;
  }

  /** A log of `size` records with a checkpoint after every `batch`. */
  static async build(
    size: number,
    batch = 100,
    signer: Signer = KEY,
    record: (seq: number) => AuditRecord = makeRecord,
  ): Promise<BuiltLog> {
    const log = new BuiltLog(signer);
    while (log.size < size) {
      const count = Math.min(batch, size - log.size);
      await log.append(Array.from({ length: count }, (_, i) => entryOf(record(log.size + i))));
    }
    return log;
  }

  async append(entries: readonly Uint8Array[]): Promise<void> {
    for (const entry of entries) {
      const [bundle, leaf] = [Math.floor(this.#tree.size / 256), leafHash(entry)];
      const list = this.stored.get(bundle) ?? [];
      if (typeof list === 'string') throw new Error('no append to a damaged bundle');
      this.stored.set(bundle, [...list, entry]);
      const tile = this.hashes.get(`0/${bundle}`) ?? new Uint8Array(0);
      this.hashes.set(`0/${bundle}`, concatBytes(tile, leaf));
      this.#tree.append(leaf);
    }
    for (const { level, index, hashes } of this.#tree.changedTiles())
      this.hashes.set(`${level}/${index}`, hashes);
    await this.seal(this.#tree.size, this.#tree.root());
    this.kept.push({ size: this.size, root: this.root, signatures: this.signatures });
  }

  /** Makes this the head, signed. */
  async seal(size: number, root: Uint8Array): Promise<void> {
    this.size = size;
    this.root = root;
    this.signatures = await signCheckpoint(
      checkpointBody(this.origin, size, root),
      this.origin,
      this.#signer,
    );
  }

  copy(): BuiltLog {
    const copy = new BuiltLog(this.#signer, this.#tree.clone());
    copy.origin = this.origin;
    copy.size = this.size;
    copy.root = this.root.slice();
    copy.signatures = this.signatures;
    copy.stored = new Map(
      [...this.stored].map(([i, list]) => [i, typeof list === 'string' ? list : [...list]]),
    );
    copy.hashes = new Map([...this.hashes].map(([key, hashes]) => [key, hashes.slice()]));
    copy.kept = [...this.kept];
    copy.changes = [...this.changes];
    copy.sealedPayloads = [...this.sealedPayloads];
    return copy;
  }

  pin(): Pin {
    return {
      origin: this.origin,
      keys: [vkeyFromSpki(this.origin, this.#signer.algorithm, this.#signer.publicKey)],
      size: this.size,
      root: toHex(this.root),
      checkpoint: this.note,
      savedAt: START,
    };
  }

  get note(): string {
    return `${checkpointBody(this.origin, this.size, this.root)}\n${this.signatures}`;
  }

  /** The stored entries of the bundle that record `seq` is in. */
  bundle(seq: number): Uint8Array[] {
    const list = this.stored.get(Math.floor(seq / 256));
    if (list === undefined || typeof list === 'string') throw new Error(`no bundle for record ${seq}`);
    return list;
  }

  tile(level: number, index: number): Uint8Array {
    const tile = this.hashes.get(`${level}/${index}`);
    if (tile === undefined) throw new Error(`no tile ${index} of level ${level}`);
    return tile;
  }

  async head(): Promise<SourceHead | null> {
    const { origin, size, root, signatures } = this;
    return size === 0 ? null : { origin, size, root, signatures };
  }

  async *bundles(from: number, to: number): AsyncGenerator<SourceBundle> {
    for (let index = Math.floor(from / 256); index < Math.ceil(to / 256); index++) {
      const start = index * 256;
      const range = { from: Math.max(from, start), to: Math.min(to, start + 256) };
      const list = this.stored.get(index);
      if (list === undefined) yield { ...range, entries: null, missing: true };
      else if (typeof list === 'string') yield { ...range, entries: null, damage: list };
      else {
        // What stands behind the last place of a bundle belongs to that place.
        const end = range.to === Math.min(this.size, start + 256) ? list.length : range.to - start;
        yield { ...range, entries: encodeBundle(list.slice(range.from - start, end)) };
      }
    }
  }

  async *tiles(level: number, from: number, to: number): AsyncGenerator<SourceTile> {
    for (let index = from; index < to; index++)
      yield { index, hashes: this.hashes.get(`${level}/${index}`) ?? null };
  }

  async *checkpoints(): AsyncGenerator<SourceCheckpoint> {
    yield* this.kept;
  }

  async *keyChanges(): AsyncGenerator<SourceCheckpoint> {
    yield* this.changes;
  }

  async *payloads(from: number, to: number): AsyncGenerator<SourcePayload> {
    yield* this.sealedPayloads.filter((p) => p.seq >= from && p.seq < to);
  }
}

/** Overwrites one hash of a stored tile. */
export function setHash(tile: Uint8Array, at: number, hash: Uint8Array): void {
  tile.set(hash, at * 32);
}

/** The record at `seq` with its event changed: what somebody would write who edits the log. */
export function forged(seq: number): Uint8Array {
  return entryOf(makeRecord(seq, { event: 'FORGED' }));
}

/** Another log with `change` made before sealing: what somebody builds who rewrites everything. */
export function rebuild(
  log: BuiltLog,
  signer: Signer,
  change: (seq: number) => AuditRecord,
  batch = 100,
): Promise<BuiltLog> {
  return BuiltLog.build(log.size, batch, signer, change);
}
