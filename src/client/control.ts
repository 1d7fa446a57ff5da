import { toBase64 } from '../crypto/bytes.ts';
import type { RecordDraft } from '../record/mod.ts';
import type { Authority, AuthorityStatus, StampOutcome } from '../timestamps/mod.ts';
import { resultOf, TallystickClient } from './client.ts';
import type { AppendResult, Receipt } from './types.ts';

export interface ServerStatus {
  readonly version: string;
  readonly pid: number;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly node: string;
  readonly vkey: string;
  readonly origin: string;
  readonly size: number;
  /** The problem that ended the log, null while it takes records. */
  readonly stopped: { readonly code: string; readonly detail: string } | null;
  /** How far a rebuild of the index is, null when none runs. */
  readonly rebuilding: { readonly done: number; readonly total: number } | null;
}

/** null removes the key. */
export interface StateWrite {
  readonly key: string;
  readonly value: string | null;
}

const PROGRESS_MS = 1_000;
const TIMESTAMPS = '/v1/control/timestamps';

/** A server through its control socket: what the owner of its data directory may do besides. Over TCP these are ROUTE_NOT_FOUND. */
export class ControlClient extends TallystickClient {
  /** As `append`, naming the source the records come from. */
  appendAs(source: string, record: RecordDraft): Promise<Receipt>;
  appendAs(source: string, records: readonly RecordDraft[]): Promise<AppendResult[]>;
  appendAs(source: string, records: RecordDraft | readonly RecordDraft[]): Promise<Receipt | AppendResult[]> {
    return this.appendFrom(source, records);
  }

  /**
   * Seals records and commits state with them, both or neither. A record whose id came before with other content is
   * refused alone; for one that can't be sealed at all this throws, with its place in `context.index`, and nothing is added.
   */
  async appendEach(
    records: readonly RecordDraft[],
    { source, state }: { readonly source: string; readonly state: readonly StateWrite[] },
  ): Promise<AppendResult[]> {
    const answer = await this.http.json<{ results: Parameters<typeof resultOf>[0][] }>('/v1/control/append', {
      method: 'POST',
      body: { records, source, state },
    });
    return answer.results.map(resultOf);
  }

  /** State values whose key starts with `prefix`, by key. */
  async state(prefix: string): Promise<ReadonlyMap<string, string>> {
    const { state } = await this.http.json<{ state: Record<string, string> }>('/v1/control/state', {
      query: { prefix },
    });
    return new Map(Object.entries(state));
  }

  /**
   * Drops the search index and builds it from the log; resolves with the number of records. `onProgress` is told once
   * a second how many of how many are done.
   */
  async rebuildIndex(onProgress: (done: number, total: number) => void = () => {}): Promise<number> {
    const timer = setInterval(() => {
      this.status().then(
        ({ rebuilding }) => rebuilding && onProgress(rebuilding.done, rebuilding.total),
        // What is wrong with the server, the rebuild itself says.
        () => {},
      );
    }, PROGRESS_MS);
    try {
      const { rebuilt } = await this.http.json<{ rebuilt: number }>('/v1/control/index/rebuild', {
        method: 'POST',
      });
      return rebuilt;
    } finally {
      clearInterval(timer);
    }
  }

  /** Time stamp authorities that are set, and how they fare. */
  async timestamps(): Promise<AuthorityStatus[]> {
    const { authorities } = await this.http.json<{ authorities: AuthorityStatus[] }>(TIMESTAMPS);
    return authorities;
  }

  /** Sets a time stamp authority, anew when it is there. `actor`: who the record says it was. */
  async setAuthority({ url, roots, policy }: Authority, actor: string): Promise<void> {
    await this.http.json(TIMESTAMPS, {
      method: 'POST',
      body: { url, policy, roots: roots.map(toBase64), actor },
    });
  }

  async removeAuthority(url: string, actor: string): Promise<void> {
    await this.http.json(`${TIMESTAMPS}/remove`, { method: 'POST', body: { url, actor } });
  }

  /** Has all authorities date the newest checkpoint. */
  async stampNow(): Promise<StampOutcome[]> {
    const { outcomes } = await this.http.json<{ outcomes: StampOutcome[] }>(`${TIMESTAMPS}/now`, {
      method: 'POST',
    });
    return outcomes;
  }

  /**
   * Does an act on tokens or keys, as `keys/generate`: what it is given and answers is that of the library. The record
   * names the user.
   */
  async administer(act: string, given: object, user: string): Promise<unknown> {
    const { answer } = await this.http.json<{ answer: unknown }>('/v1/control/administer', {
      method: 'POST',
      body: { act, user, given },
    });
    return answer;
  }

  status(): Promise<ServerStatus> {
    return this.http.json('/v1/control/status');
  }
}
