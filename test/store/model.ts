/** What a log should hold, kept in the simplest way, and comparing a store with it. Hashes are made up. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Payload } from '../../src/record/types.ts';
import type {
  Batch,
  IdWrite,
  LogStore,
  PayloadWrite,
  StateWrite,
  StoredHead,
} from '../../src/store/store.ts';
import type { LogSource, SourceBundle, SourceCheckpoint, SourceTile } from '../../src/verify/source.ts';

export function digest(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest());
}

export function hex(text: string, digits: number): string {
  return Buffer.from(digest(text)).toString('hex').slice(0, digits);
}

/** Entry `seq` of a log: the same wherever it is asked for, of some length from 1 to 600 bytes. */
export function entryOf(node: string, seq: number): Uint8Array {
  const unit = Buffer.from(digest(`${node}/${seq}`)).toString('hex');
  return new Uint8Array(Buffer.from(unit.repeat(10).slice(0, 1 + ((seq * 37) % 600))));
}

export function leafOf(node: string, seq: number): Uint8Array {
  return digest(`leaf ${node}/${seq}`);
}

export function rootOf(node: string, size: number): Uint8Array {
  return digest(`root ${node}/${size}`);
}

/** Bundle form. */
export function bundleOf(entries: readonly Uint8Array[]): Uint8Array {
  const lengths = entries.map((e) => Uint8Array.of(e.length >> 8, e.length & 255));
  return new Uint8Array(Buffer.concat(entries.flatMap((e, i) => [lengths[i]!, e])));
}

export function payloadOf(name: string, bytes: number, seq: number): PayloadWrite {
  const unit = Buffer.from(digest(name)).toString(bytes % 2 === 0 ? 'hex' : 'latin1');
  const text = unit.repeat(Math.ceil(bytes / unit.length)).slice(0, bytes);
  return {
    digest: hex(`payload ${name}`, 64),
    salt: digest(`salt ${name}`).slice(0, 16),
    bytes: new Uint8Array(Buffer.from(text, 'latin1')),
    seq,
  };
}

export function idOf(name: string, seq: number, bucket: number): IdWrite {
  return { key: hex(`key ${name}`, 32), content: hex(`content ${name} ${seq}`, 32), seq, bucket };
}

export interface Extras {
  readonly keepCheckpoint?: boolean;
  readonly payloads?: readonly PayloadWrite[];
  readonly ids?: readonly IdWrite[];
  readonly state?: readonly StateWrite[];
}

/** One log as it should be. */
export class Model {
  readonly node: string;
  epoch: number;
  size = 0;
  /** Sizes of committed checkpoints, and whether they must stay. */
  readonly #sealed: { readonly size: number; readonly keep: boolean }[] = [];
  readonly #payloads: PayloadWrite[] = [];

  constructor(node: string, epoch: number) {
    this.node = node;
    this.epoch = epoch;
  }

  /** A batch that adds `count` entries. It changes the model only by `applied`. */
  batch(count: number, extras: Extras = {}): Batch {
    const { node, epoch, size: from } = this;
    const size = from + count;
    const seqs = Array.from({ length: count }, (_, i) => from + i);
    return {
      ...{ node, epoch, from, origin: `test-00000000/${node}`, keepCheckpoint: false },
      ...{ payloads: [], ids: [], state: [] },
      ...extras,
      entries: bundleOf(seqs.map((seq) => entryOf(node, seq))),
      leaves: new Uint8Array(Buffer.concat(seqs.map((seq) => leafOf(node, seq)))),
      tiles: count === 0 ? [] : [{ level: 1, index: 0, hashes: tileOf(node, size) }],
      root: rootOf(node, size),
      signatures: signaturesOf(node, size),
    };
  }

  applied(batch: Batch): void {
    if (batch.leaves.length === 0) return;
    this.size = batch.from + batch.leaves.length / 32;
    this.#sealed.push({ size: this.size, keep: batch.keepCheckpoint });
    this.#payloads.push(...batch.payloads);
  }

  async commit(store: LogStore, count: number, extras: Extras = {}): Promise<void> {
    const batch = this.batch(count, extras);
    await store.commit(batch);
    this.applied(batch);
  }

  /** Everything that can be read is as it should be. */
  async check(store: LogStore): Promise<void> {
    const { node, size } = this;
    assert.deepEqual(await store.head(node), this.#head());
    const source = store.source(node);
    assert.equal((await source.head())?.size, size === 0 ? undefined : size);
    await this.checkEntries(source, 0, size);
    await this.#checkTiles(source);
    await this.#checkCheckpoints(source);
    await this.#checkPayloads(store);
  }

  /** Entries [from, to), of which the log has at least those below `to`, or ends before. */
  async checkEntries(source: LogSource, from: number, to: number): Promise<void> {
    let at = from;
    for await (const bundle of source.bundles(from, to)) {
      assert.equal(bundle.from, at);
      assert.ok(bundle.to > bundle.from && Math.floor((bundle.to - 1) / 256) === Math.floor(at / 256));
      assert.deepEqual(bundle.entries, this.#entries(bundle.from, bundle.to), `entries from ${at}`);
      at = bundle.to;
    }
    assert.equal(at, Math.max(from, Math.min(to, this.size)));
  }

  #entries(from: number, to: number): Uint8Array {
    return bundleOf(Array.from({ length: to - from }, (_, i) => entryOf(this.node, from + i)));
  }

  #head(): StoredHead {
    const { node, epoch, size } = this;
    if (size > 0) {
      const root = rootOf(node, size);
      return {
        node,
        origin: `test-00000000/${node}`,
        epoch,
        size,
        root,
        signatures: signaturesOf(node, size),
      };
    }
    // SHA-256 of nothing.
    return { node, origin: '', epoch, size, root: digest(''), signatures: '' };
  }

  async #checkTiles(source: LogSource): Promise<void> {
    const { node, size } = this;
    const count = Math.ceil(size / 256);
    const tiles = await all(source.tiles(0, 0, count + 1));
    assert.equal(tiles.length, count + 1);
    for (const [i, tile] of tiles.entries()) {
      const width = Math.max(0, Math.min(256, size - 256 * i));
      const leaves = Array.from({ length: width }, (_, k) => leafOf(node, 256 * i + k));
      const hashes = width === 0 ? null : new Uint8Array(Buffer.concat(leaves));
      assert.deepEqual(tile, { index: i, hashes } satisfies SourceTile);
    }
    const above = size === 0 ? null : tileOf(node, size);
    assert.deepEqual(await all(source.tiles(1, 0, 2)), [
      { index: 0, hashes: above },
      { index: 1, hashes: null },
    ]);
  }

  async #checkCheckpoints(source: LogSource): Promise<void> {
    const last = this.#sealed.at(-1);
    const window = (size: number): number => Math.floor((size - 1) / 256);
    const kept = this.#sealed.filter(({ size, keep }, i) => {
      const next = this.#sealed[i + 1];
      return keep || next === undefined || window(next.size) !== window(size);
    });
    const whole = ({ size }: { size: number }): SourceCheckpoint => ({
      size,
      root: new Uint8Array(rootOf(this.node, size)),
      signatures: signaturesOf(this.node, size),
    });
    const found = (await all(source.checkpoints())).map(sealed);
    assert.deepEqual(found, kept.map(whole));
    assert.equal(found.at(-1)?.size, last?.size);
    const changes = (await all(source.keyChanges())).map(sealed);
    assert.deepEqual(changes, kept.filter(({ keep }) => keep).map(whole));
  }

  async #checkPayloads(store: LogStore): Promise<void> {
    const order = (a: PayloadWrite, b: PayloadWrite): number =>
      a.seq - b.seq || (a.digest < b.digest ? -1 : 1);
    const expected = this.#payloads.toSorted(order);
    const found = await all(store.source(this.node).payloads(0, this.size));
    assert.deepEqual(
      found.map(({ seq, digest, salt, bytes }) => ({ seq, digest, salt: [...salt], bytes: bytes?.length })),
      expected.map(({ seq, digest, salt, bytes }) => ({ seq, digest, salt: [...salt], bytes: bytes.length })),
    );
    for (const { seq: _, ...payload } of expected) {
      assert.deepEqual(plain(await store.payload(this.node, payload.digest)), plain(payload));
    }
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What was yielded, without the bytes: `0-256`, `256-300 damaged`. */
export function ranges(bundles: readonly SourceBundle[]): string[] {
  return bundles.map(({ from, to, entries }) => `${from}-${to}${entries === null ? ' damaged' : ''}`);
}

function plain(payload: Payload | null): unknown {
  if (payload === null) return null;
  return { digest: payload.digest, salt: Buffer.from(payload.salt), bytes: Buffer.from(payload.bytes) };
}

/** First level-1 tile: as many hashes as the log has full level-0 tiles, but at least one. */
function tileOf(node: string, size: number): Uint8Array {
  const width = Math.min(256, Math.max(1, Math.floor(size / 256)));
  return new Uint8Array(Buffer.concat(Array.from({ length: width }, (_, i) => digest(`tile ${node}/${i}`))));
}

function signaturesOf(node: string, size: number): string {
  return `\u2014 ${node} ${hex(`signature ${size}`, 40)}\n`;
}

function sealed({ size, root, signatures }: SourceCheckpoint): SourceCheckpoint {
  return { size, root: new Uint8Array(root), signatures };
}
