import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Pin, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import { type ErrorCode, StoreError, TallystickError, TokenError } from '../../src/errors.ts';
import { absentSigner } from '../../src/log/absent-signer.ts';
import { Log } from '../../src/log/log.ts';
import { StoredLog } from '../../src/reader/stored-log.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { keysInForce, verifyLog } from '../../src/verify/mod.ts';
import { runs } from '../runs.ts';
import { assertIntact } from '../verify/expect.ts';
import { drafts, FakeClock, NODE, SOURCE, StagedSigner, settle } from './fixture.ts';
import { StagedStore } from './staged-store.ts';

/**
 * Random lives of a log whose keys change, while keys and store fail and the process dies at any step. After each step
 * the writer, the reader, and a verifier that starts from the beginning or from any state it once pinned agree on which
 * keys seal, and nobody is alarmed.
 */

const KEYS = 5;
/** Far more than a signature's turns of the event loop. */
const SIGN_MS = 40;
const set = fc.uniqueArray(fc.nat(KEYS - 1), { minLength: 1, maxLength: 3 });

type Step =
  | { readonly kind: 'append'; readonly records: number }
  | {
      readonly kind: 'change' | 'take-over' | 'stand-by';
      readonly keys: readonly number[];
      readonly beside: number;
    }
  | { readonly kind: 'lose'; readonly key: number }
  | { readonly kind: 'sign'; readonly key: number; readonly code: ErrorCode }
  | { readonly kind: 'silent'; readonly key: number }
  | { readonly kind: 'commit'; readonly code: ErrorCode; readonly applied: boolean; readonly after: number }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'crash'; readonly keys: readonly number[]; readonly turns: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('append' as const), records: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('change' as const, 'stand-by' as const, 'take-over' as const),
      keys: set,
      beside: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), key: fc.nat(KEYS - 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('silent' as const), key: fc.nat(KEYS - 1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('sign' as const),
      key: fc.nat(KEYS - 1),
      code: fc.constantFrom<ErrorCode[]>('TOKEN_UNAVAILABLE', 'TOKEN_LOCKED'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.oneof(
      fc.record({
        kind: fc.constant('commit' as const),
        code: fc.constantFrom<ErrorCode[]>('STORE_OUTCOME_UNKNOWN', 'STORE_SYNC_FAILED'),
        applied: fc.boolean(),
        after: fc.nat(2),
      }),
      fc.record({
        kind: fc.constant('commit' as const),
        code: fc.constantFrom<ErrorCode[]>('STORE_FULL', 'STORE_UNAVAILABLE'),
        applied: fc.constant(false),
        after: fc.nat(2),
      }),
    ),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), keys: set, turns: fc.nat(12) }) },
);

class Life {
  readonly disk = new MemoryDisk();
  readonly keys: StagedSigner[] = Array.from({ length: KEYS }, (_, i) => new StagedSigner(`key ${i}`));
  /** Keys that will never sign again. */
  readonly lost = new Set<number>();
  readonly pins: Pin[] = [];
  store!: StagedStore;
  log!: Log;

  /** From now on signatures take so many turns of the event loop, over and over. */
  slowDown(paces: readonly number[]): void {
    let calls = 0;
    for (const key of this.keys) key.pace = () => settle(paces[calls++ % paces.length]);
  }

  /** Opens the log with the keys that it says are in force. */
  async open(): Promise<void> {
    this.disk.owners.clear();
    this.store = new StagedStore(new MemoryStore(this.disk));
    const isNew = (this.disk.logs.get(NODE)?.head.size ?? 0) === 0;
    const inForce = isNew ? [] : keysInForce(await this.stored().keys());
    const signers = isNew ? [this.keys[0] as StagedSigner] : inForce.map((vkey) => this.#signer(vkey));
    const limits = { retryMs: 0, signMs: SIGN_MS, batchRecords: 10 };
    const store = this.store;
    this.log = await Log.open({ store, node: NODE, clock: new FakeClock(), limits, signers });
  }

  stored(): StoredLog {
    return new StoredLog(new MemoryStore(this.disk), NODE);
  }

  async run(step: Step): Promise<void> {
    if (step.kind === 'append') await this.#try(this.log.append(drafts(step.records), SOURCE));
    else if (step.kind === 'lose') this.lost.add(step.key);
    else if (step.kind === 'sign') this.keys[step.key]?.fail(new TokenError(step.code, WORDS));
    else if (step.kind === 'silent') this.keys[step.key]?.hang();
    else if (step.kind === 'commit') this.store.fail('commit', new StoreError(step.code, WORDS), step);
    else if (step.kind === 'reopen') await this.log.close().then(() => this.open());
    else if (step.kind === 'crash') await this.#crash(step);
    else await this.#keys(step);
    if (step.kind !== 'crash' && (await this.#isStopped())) await this.open();
    await this.check();
  }

  /** Writer, reader and verifiers agree. */
  async check(): Promise<void> {
    const { origin, size, root, note } = this.log.head;
    const source = new MemoryStore(this.disk).source(NODE);
    const history = await this.stored().keys();
    const stored = await this.stored().head();
    assert.equal(stored.size, size);
    assert.deepEqual(keysInForce(history), this.log.vkeys);
    assert.deepEqual(history.standBy, this.log.standBy);
    for (const pin of [undefined, ...this.pins]) {
      const report = await verifyLog(source, { deep: true, ...(pin && { pin }) });
      assertIntact(report, `pin at ${pin?.size}`);
      assert.deepEqual(report.required.toSorted(), this.log.vkeys.toSorted(), `pin at ${pin?.size}`);
      assert.equal(report.trust, pin === undefined ? 'log-key' : 'pinned-key');
    }
    if (this.pins.at(-1)?.size === size) return;
    const keys = this.log.vkeys;
    this.pins.push({ origin, keys, size, root: toHex(root), checkpoint: note, savedAt: 0 });
  }

  #signer(vkey: string): StagedSigner | ReturnType<typeof absentSigner> {
    const origin = this.disk.logs.get(NODE)?.head.origin ?? '';
    const at = this.keys.findIndex((key) => vkeyFromSpki(origin, 'ed25519', key.publicKey) === vkey);
    return this.lost.has(at) ? absentSigner(vkey) : (this.keys[at] as StagedSigner);
  }

  async #keys({
    kind,
    keys,
    beside,
  }: Step & { readonly keys: readonly number[]; readonly beside: number }): Promise<void> {
    const drawn = keys.filter((at) => !this.lost.has(at)).map((at) => this.keys[at] as StagedSigner);
    const { standBy, vkeys } = this.log;
    const taking = [...standBy, ...vkeys.slice(keys.length)].slice(0, 3).map((vkey) => this.#signer(vkey));
    // Drawn at random, hardly any would ever have been announced.
    const signers = kind === 'take-over' && standBy.length > 0 ? taking : drawn;
    const others = Array.from({ length: beside }, () => this.#try(this.log.append(drafts(2), SOURCE)));
    const act =
      kind === 'stand-by'
        ? this.log.announceStandBy({ signers })
        : this.log.changeKeys({ signers, withoutOld: kind === 'take-over' });
    const after = Array.from({ length: beside }, () => this.#try(this.log.append(drafts(2), SOURCE)));
    await Promise.all([this.#try(act), ...others, ...after]);
  }

  /** The process ends some turns of the event loop after a change was asked for. */
  async #crash({ keys, turns }: Step & { kind: 'crash' }): Promise<void> {
    const done = this.#keys({ kind: 'change', keys, beside: 2 });
    await settle(turns);
    this.store.die();
    await done;
    await this.open();
  }

  /** Fails with nothing but what was made to fail, or what the rules refuse. */
  async #try(act: Promise<unknown>): Promise<void> {
    try {
      await act;
    } catch (error) {
      assert.ok(error instanceof TallystickError && EXPECTED.has(error.code), `${error}`);
    }
  }

  async #isStopped(): Promise<boolean> {
    return Promise.race([this.log.stopped.then(() => true), settle(1).then(() => false)]);
  }
}

const WORDS = 'made to fail by the test';
const EXPECTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['TOKEN_UNAVAILABLE', 'TOKEN_LOCKED', 'USAGE', 'KEY_NOT_STANDBY', 'LOG_CLOSED'] as const),
  ...(['STORE_FULL', 'STORE_UNAVAILABLE', 'STORE_OUTCOME_UNKNOWN', 'STORE_SYNC_FAILED'] as const),
]);

test('writer, reader and every verifier agree on the keys, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(6), { minLength: 1, maxLength: 9 }),
      fc.array(step, { minLength: 1, maxLength: 14 }),
      async (paces, steps) => {
        const life = new Life();
        await life.open();
        life.slowDown(paces);
        await life.check();
        for (const one of steps) await life.run(one);
      },
    ),
    { numRuns: Number(process.env.KEYS_RUNS ?? runs(30)) },
  );
});
