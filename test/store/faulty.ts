import { type ErrorCode, StoreError } from '../../src/errors.ts';
import type { Payload } from '../../src/record/types.ts';
import type { Batch, IdRow, LogStore, Ownership, StoredHead } from '../../src/store/store.ts';
import type { LogSource } from '../../src/verify/source.ts';

export type FaultyCall = 'acquire' | 'head' | 'commit' | 'findIds';

/** One call that is reported as failed. */
export interface Fault {
  readonly call: FaultyCall;
  /** Which call of that name, counted from 1 over the store's whole life. */
  readonly nth: number;
  /** Whether the call takes effect all the same. */
  readonly applied: boolean;
  /** What is reported. By default STORE_OUTCOME_UNKNOWN for an applied commit, else STORE_UNAVAILABLE. */
  readonly code?: ErrorCode;
}

/** A store whose calls fail by plan, before they are applied or after. Everything else is the inner store's. */
export class FaultyStore implements LogStore {
  /** How often each call was made. */
  readonly calls: Record<FaultyCall, number> = { acquire: 0, head: 0, commit: 0, findIds: 0 };
  readonly #inner: LogStore;
  readonly #plan: Fault[];

  constructor(inner: LogStore, plan: readonly Fault[] = []) {
    this.#inner = inner;
    this.#plan = [...plan];
  }

  /** Makes the next call of a name fail, or the one after `skip` more. */
  failNext(
    call: FaultyCall,
    { skip = 0, ...how }: { skip?: number; applied: boolean; code?: ErrorCode },
  ): void {
    this.#plan.push({ call, nth: this.calls[call] + 1 + skip, ...how });
  }

  acquire(node: string, holder: string): Promise<Ownership> {
    return this.#act('acquire', () => this.#inner.acquire(node, holder));
  }

  head(node: string): Promise<StoredHead | null> {
    return this.#act('head', () => this.#inner.head(node));
  }

  commit(batch: Batch): Promise<void> {
    return this.#act('commit', () => this.#inner.commit(batch));
  }

  findIds(node: string, keys: readonly string[]): Promise<ReadonlyMap<string, IdRow>> {
    return this.#act('findIds', () => this.#inner.findIds(node, keys));
  }

  nodes(): Promise<readonly string[]> {
    return this.#inner.nodes();
  }

  release(node: string): Promise<void> {
    return this.#inner.release(node);
  }

  source(node: string): LogSource {
    return this.#inner.source(node);
  }

  payload(node: string, digest: string): Promise<Payload | null> {
    return this.#inner.payload(node, digest);
  }

  state(prefix: string): Promise<ReadonlyMap<string, string>> {
    return this.#inner.state(prefix);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #act<T>(call: FaultyCall, act: () => Promise<T>): Promise<T> {
    const nth = ++this.calls[call];
    const fault = this.#plan.find((each) => each.call === call && each.nth === nth);
    if (fault === undefined) return act();
    if (fault.applied) await act();
    const code =
      fault.code ?? (call === 'commit' && fault.applied ? 'STORE_OUTCOME_UNKNOWN' : 'STORE_UNAVAILABLE');
    throw new StoreError(code, `made to fail: ${call} ${nth}, ${fault.applied ? 'applied' : 'not applied'}`);
  }
}
