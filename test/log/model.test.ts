import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, LogError, StoreError, TallystickError, TokenError } from '../../src/errors.ts';
import type { AppendResult } from '../../src/log/unit.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { isCi } from '../runs.ts';
import { checkLog } from './check.ts';
import { type Bench, draft, NODE, openBench, settle } from './fixture.ts';
import type { Call } from './staged-store.ts';

/**
 * Random lives of a log: appends that race, failures of every kind, stops, crashes and restarts. After each step the
 * whole log is read and verified, and compared with what callers were told.
 */

interface Append {
  readonly kind: 'append';
  /** For each record its id (of few, so that they come again) or null, and which content it has. */
  readonly records: readonly { readonly id: number | null; readonly content: number }[];
  readonly source: string;
  readonly each: boolean;
}

type Step =
  | { readonly kind: 'appends'; readonly appends: readonly Append[] }
  | {
      readonly kind: 'fault';
      /** `hang`: the key does not answer. */
      readonly call: Call | 'sign' | 'hang';
      readonly code: ErrorCode;
      readonly applied: boolean;
      readonly times: number;
    }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'crash'; readonly turns: number }
  | { readonly kind: 'clock'; readonly ms: number };

const record = fc.record({
  id: fc.option(fc.nat(30), { freq: 2 }),
  content: fc.nat(1),
});
const append: fc.Arbitrary<Append> = fc.record({
  kind: fc.constant('append' as const),
  records: fc.array(record, { minLength: 1, maxLength: 50 }),
  source: fc.constantFrom('one', 'two'),
  each: fc.boolean(),
});
const COMMIT: readonly ErrorCode[] = [
  'STORE_UNAVAILABLE',
  'STORE_FULL',
  'STORE_READ_ONLY',
  'STORE_OUTCOME_UNKNOWN',
  'STORE_SYNC_FAILED',
  'STORE_DAMAGED',
];
const UNKNOWN: readonly ErrorCode[] = ['STORE_OUTCOME_UNKNOWN', 'STORE_SYNC_FAILED'];
const fault = fc
  .oneof(
    fc.record({
      call: fc.constant('commit' as const),
      code: fc.constantFrom(...COMMIT),
      applied: fc.boolean(),
    }),
    fc.record({
      call: fc.constant('acquire' as const),
      code: fc.constantFrom<ErrorCode[]>(
        'STORE_UNAVAILABLE',
        'STORE_OUTCOME_UNKNOWN',
        'STORE_READ_ONLY',
        'LOG_HELD',
      ),
      applied: fc.boolean(),
    }),
    fc.record({
      call: fc.constantFrom('findIds' as const, 'tiles' as const),
      code: fc.constant<ErrorCode>('STORE_UNAVAILABLE'),
      applied: fc.constant(false),
    }),
    fc.record({
      call: fc.constant('sign' as const),
      code: fc.constantFrom<ErrorCode[]>('TOKEN_UNAVAILABLE', 'TOKEN_PASSPHRASE'),
      applied: fc.constant(false),
    }),
    fc.record({
      call: fc.constant('hang' as const),
      code: fc.constant<ErrorCode>('TOKEN_UNAVAILABLE'),
      applied: fc.constant(false),
    }),
  )
  .chain((what) =>
    fc.nat(3).map((times): Step => {
      // A store says "known not applied" only when it is so.
      const applied = what.applied && (what.call !== 'commit' || UNKNOWN.includes(what.code));
      return { kind: 'fault', ...what, applied, times: times + 1 };
    }),
  );
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('appends' as const),
      appends: fc.array(append, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 4, arbitrary: fault },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' } as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), turns: fc.nat(4) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      ms: fc.integer({ min: -90_000, max: 90_000 }),
    }),
  },
);

/** After these, a record may be there or not. */
const OPEN_END: ReadonlySet<string> = new Set([
  'STORE_OUTCOME_UNKNOWN',
  'STORE_SYNC_FAILED',
  'STORE_CONFLICT',
]);
/** What a commit may not fail with without stopping the log. */
const STOPPING: ReadonlySet<string> = new Set(['STORE_SYNC_FAILED', 'STORE_DAMAGED']);
const CALLS = ['commit', 'acquire', 'findIds', 'tiles'] as const;

class Life {
  readonly disk = new MemoryDisk();
  bench!: Bench;
  /** By `correlation`, which is unlike any other: what was told of a record that came. */
  readonly acknowledged = new Map<string, { seq: number; leaf: string }>();
  readonly unclear = new Set<string>();
  /** By source, id: the content that was acknowledged under it, and where. */
  readonly ids = new Map<string, { seq: number; content: number }>();
  #made = 0;
  #calls = 0;
  /** Whether something was made to fail that may stop the log. */
  #mayStop = false;
  /** Turns of the event loop that calls of store and key take, over and over. */
  readonly #paces: readonly number[];

  constructor(paces: readonly number[]) {
    this.#paces = paces;
  }

  async open(): Promise<void> {
    const limits = { retryMs: 2_500, signMs: 20, batchRecords: 60, queueRecords: 70 };
    this.bench = await openBench({ limits }, this.disk);
    const pace = (): Promise<void> => settle(this.#paces[this.#calls++ % this.#paces.length]);
    this.bench.store.pace = pace;
    this.bench.signer.pace = pace;
    this.#mayStop = false;
  }

  /** The log goes on when nothing fails, unless it was stopped for a reason. */
  async end(): Promise<void> {
    const { store, signer, clock } = this.bench;
    for (const call of CALLS) store.heal(call);
    signer.fail(null, 0);
    signer.hang(0);
    clock.setRight();
    const seqs = await this.#append(LATE);
    if (!this.#mayStop) assert.equal(seqs.length, 1);
  }

  async run(step: Step): Promise<void> {
    if (step.kind === 'appends') await this.#appends(step.appends);
    else if (step.kind === 'fault') this.#fault(step);
    else if (step.kind === 'clock') this.bench.clock.wall += step.ms;
    else if (step.kind === 'crash') await this.#crash(step.turns);
    else await this.#reopen();
    await this.#check();
  }

  #fault({ call, code, applied, times }: Step & { kind: 'fault' }): void {
    const words = 'made to fail by the test';
    this.#mayStop ||= STOPPING.has(code) || call === 'acquire' || call === 'tiles';
    if (call === 'sign') this.bench.signer.fail(new TokenError(code, words), times);
    else if (call === 'hang') this.bench.signer.hang(times);
    else
      this.bench.store.fail(call, new (code === 'LOG_HELD' ? LogError : StoreError)(code, words), {
        applied,
        times,
      });
  }

  async #reopen(): Promise<void> {
    await this.bench.log.close();
    await this.open();
  }

  /** Ends the process some turns of the event loop after a few more appends. */
  async #crash(turns: number): Promise<void> {
    this.#mayStop = true;
    const late = this.#appends([LATE, LATE, LATE]);
    await settle(turns);
    this.bench.store.die();
    this.disk.owners.clear();
    await late;
    await this.open();
  }

  async #appends(appends: readonly Append[]): Promise<void> {
    const seqs = (await Promise.all(appends.map((one) => this.#append(one)))).flat();
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
      'numbers follow the order of the calls',
    );
  }

  /** Returns the numbers of the new records. */
  async #append({ records, source, each }: Append): Promise<number[]> {
    const { log } = this.bench;
    const made = records.map(({ id, content }) => {
      const correlation = `c${this.#made++}`;
      // What comes under an id is the same each time; all else is unlike any other.
      const members = id === null ? { correlation } : { id: `${id}`, event: `content ${content}` };
      return {
        draft: draft(members),
        name: id === null ? correlation : `${source}/${id}/${content}`,
        id,
        content,
      };
    });
    const drafts: RecordDraft[] = made.map((one) => one.draft);
    let results: readonly AppendResult[];
    try {
      results = each
        ? await log.appendEach(drafts, { source })
        : (await log.append(drafts, { source })).map((receipt) => ({ receipt }));
    } catch (error) {
      assert.ok(error instanceof TallystickError, `${error}`);
      assert.ok(this.#mayStop || !OPEN_END.has(error.code), error.message);
      assert.notEqual(error.code, 'STORE_CONFLICT', 'nobody else writes');
      for (const { name } of made) if (OPEN_END.has(error.code)) this.unclear.add(name);
      return [];
    }
    const fresh: number[] = [];
    assert.equal(results.length, records.length);
    for (const [i, result] of results.entries()) {
      const { name, id, content } = made[i] as (typeof made)[number];
      if ('error' in result) {
        assert.equal(result.error.code, 'ID_REUSED');
        assert.notEqual(id, null);
        continue;
      }
      const { seq, leaf, duplicate } = result.receipt;
      if (!duplicate) fresh.push(seq);
      else assert.notEqual(id, null);
      this.acknowledged.set(name, { seq, leaf });
      if (id !== null) this.ids.set(`${source}/${id}`, { seq, content });
    }
    return fresh;
  }

  async #check(): Promise<void> {
    const { log } = this.bench;
    const { records, leaves, head } = await checkLog(new MemoryStore(this.disk), NODE, log.vkey);
    assert.ok(log.head.size <= head.size);
    const seqs = new Map<string, number>();
    for (const { seq, correlation, id, event, source } of records.slice(1)) {
      const name = correlation ?? `${source}/${id}/${event.slice('content '.length)}`;
      assert.ok(!seqs.has(name), `${name} is there once`);
      seqs.set(name, seq);
      assert.ok(this.acknowledged.has(name) || this.unclear.has(name), `${name} was not refused`);
    }
    for (const [name, { seq, leaf }] of this.acknowledged) {
      assert.equal(seqs.get(name), seq, `${name} is there`);
      assert.equal(leaves[seq], leaf);
    }
    // One content for each id.
    const under = new Map<string, string>();
    for (const name of seqs.keys()) {
      if (!name.includes('/')) continue;
      const id = name.slice(0, name.lastIndexOf('/'));
      assert.ok(!under.has(id), `${id} has one content`);
      under.set(id, name);
    }
    for (const [id, { content, seq }] of this.ids) assert.equal(seqs.get(`${id}/${content}`), seq);
  }
}

const LATE: Append = {
  kind: 'append',
  records: [{ id: null, content: 0 }],
  source: 'one',
  each: false,
};

describe('a log', () => {
  test('holds what was acknowledged, once, and nothing that was refused, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(8), { minLength: 1, maxLength: 20 }),
        fc.array(step, { minLength: 1, maxLength: 12, size: 'max' }),
        async (paces, steps) => {
          const life = new Life(paces);
          await life.open();
          for (const one of steps) await life.run(one);
          await life.end();
          await life.run({ kind: 'crash', turns: 2 });
          await life.run({ kind: 'reopen' });
          await life.end();
        },
      ),
      { numRuns: isCi ? 300 : 60 },
    );
  });
});
