import { toBase64 } from '../crypto/bytes.ts';
import { MAX_RECORD_BYTES, type RecordDraft } from '../record/mod.ts';
import type { Authority, AuthorityStatus, StampOutcome } from '../timestamps/mod.ts';
import type { WitnessOutcome, WitnessStatus } from '../witness/client/mod.ts';
import { resultOf, TallystickClient, tooLarge } from './client.ts';
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
  /** That of the sealing key with those above it, PEM; null while none is active. */
  readonly certificate: string | null;
  /** The problem that ended the log, null while it takes records. */
  readonly stopped: { readonly code: string; readonly detail: string } | null;
  /** How far a rebuild of the index is, null when none runs. */
  readonly rebuilding: { readonly done: number; readonly total: number } | null;
}

export interface SelfTestReport {
  /** When they ended, ms since 1970. */
  readonly at: number;
  /** `problem`: what is wrong and what to do; null when it passed. */
  readonly tests: readonly { readonly name: string; readonly problem: string | null }[];
}

/** null removes the key. */
export interface StateWrite {
  readonly key: string;
  readonly value: string | null;
}

const PROGRESS_MS = 1_000;
/** What the socket takes of records: the longest record, and what stands around it. */
const CONTROL_BYTES = MAX_RECORD_BYTES + 1024 * 1024;
const WITNESSES = '/v1/control/witnesses';
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
   * Seals records and commits state with them, both or neither; a record that can't be sealed is refused alone. At most
   * 10,000 records, and 65 MiB as JSON: with more, this throws, and nothing is added.
   */
  async appendEach(
    records: readonly RecordDraft[],
    { source, state }: { readonly source: string; readonly state: readonly StateWrite[] },
  ): Promise<AppendResult[]> {
    if (records.length === 0) return [];
    const body = JSON.stringify({ records, source, state });
    const error = records.length === 1 ? tooLarge(body, CONTROL_BYTES) : null;
    if (error !== null) return [{ error }];
    const call = { method: 'POST', type: 'application/json', body } as const;
    const answer = await this.http.json<{ results: Parameters<typeof resultOf>[0][] }>(
      '/v1/control/append',
      call,
    );
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

  /** Witnesses that are set, and how they fare. */
  async witnesses(): Promise<WitnessStatus[]> {
    const { witnesses } = await this.http.json<{ witnesses: WitnessStatus[] }>(WITNESSES);
    return witnesses;
  }

  /** Adds a witness, or a key of one. `actor`: who the record says it was. */
  async addWitness(url: string, vkey: string, actor: string): Promise<void> {
    await this.http.json(WITNESSES, { method: 'POST', body: { url, vkey, actor } });
  }

  async removeWitness(name: string, actor: string): Promise<void> {
    await this.http.json(`${WITNESSES}/remove`, { method: 'POST', body: { name, actor } });
  }

  /** Shows all witnesses the newest checkpoint. */
  async askWitnesses(): Promise<WitnessOutcome[]> {
    const { outcomes } = await this.http.json<{ outcomes: WitnessOutcome[] }>(`${WITNESSES}/ask`, {
      method: 'POST',
    });
    return outcomes;
  }

  /** Runs the self-tests, has them recorded, and says what they said. */
  selfTest(actor: string): Promise<SelfTestReport> {
    return this.http.json('/v1/control/self-test', { method: 'POST', body: { actor } });
  }

  status(): Promise<ServerStatus> {
    return this.http.json('/v1/control/status');
  }
}
