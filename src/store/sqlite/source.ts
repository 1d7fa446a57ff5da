import type {
  LogSource,
  SourceBundle,
  SourceCheckpoint,
  SourceHead,
  SourcePayload,
  SourceTile,
} from '../../verify/source.ts';
import type { Link } from './link.ts';
import type { Chunk, PayloadPlace, ReaderCalls } from './protocol.ts';

/** One node's log, read through the reader thread, which decodes the next part while the last one is being used. */
export class SqliteSource implements LogSource {
  readonly #reader: () => Link<ReaderCalls>;
  readonly #node: string;

  /** @param reader gives the link, or throws when the store is closed. */
  constructor(reader: () => Link<ReaderCalls>, node: string) {
    this.#reader = reader;
    this.#node = node;
  }

  async head(): Promise<SourceHead | null> {
    const head = await this.#reader().call('head', this.#node);
    return head === null || head.size === 0 ? null : head;
  }

  async *bundles(from: number, to: number): AsyncGenerator<SourceBundle> {
    const node = this.#node;
    const bundles = follow((at: number) => this.#reader().call('bundles', { node, from: at, to }), from);
    for await (const bundle of bundles) {
      // Left to the garbage collector, which does not see how large they are, they would pile up.
      yield {
        ...bundle,
        release: () => void (bundle.entries?.buffer as ArrayBuffer | undefined)?.transfer(0),
      };
    }
  }

  tiles(level: number, from: number, to: number): AsyncGenerator<SourceTile> {
    const node = this.#node;
    return follow((at: number) => this.#reader().call('tiles', { node, level, from: at, to }), from);
  }

  checkpoints(): AsyncGenerator<SourceCheckpoint> {
    const node = this.#node;
    return follow((after: number) => this.#reader().call('checkpoints', { node, after }), 0);
  }

  keyChanges(): AsyncGenerator<SourceCheckpoint> {
    const node = this.#node;
    return follow((after: number) => this.#reader().call('keyChanges', { node, after }), 0);
  }

  payloads(from: number, to: number): AsyncGenerator<SourcePayload> {
    const node = this.#node;
    const first: PayloadPlace = { from, after: '' };
    return follow((place: PayloadPlace) => this.#reader().call('payloads', { node, to, ...place }), first);
  }
}

/** All items of all parts. The next part is asked for as soon as its place is known. */
async function* follow<T, Place>(
  read: (place: Place) => Promise<Chunk<T, Place>>,
  first: Place,
): AsyncGenerator<T> {
  let coming: Promise<Chunk<T, Place>> | null = read(first);
  while (coming !== null) {
    const { items, next }: Chunk<T, Place> = await coming;
    coming = next === null ? null : read(next);
    // Its failure is met when it is awaited; one who stops before never asked for it.
    coming?.catch(() => {});
    // One by one: yield* in an asynchronous generator goes through several promises more for each.
    for (const item of items) yield item;
  }
}
