import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { TokenError } from '../../src/errors.ts';
import { Log } from '../../src/log/log.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import { SoftwareToken } from '../../src/tokens/software.ts';
import { verifyLog } from '../../src/verify/mod.ts';
import { isCi } from '../runs.ts';
import { tempDir } from '../store/temp.ts';
import { FaultyToken } from '../tokens/faulty.ts';
import { assertIntact } from '../verify/expect.ts';
import { checkLog } from './check.ts';
import { draft, NODE, SOURCE } from './fixture.ts';
import { STORES } from './stores.ts';

/** What happens to the token, and for how long, ms. */
interface Outage {
  readonly kind: 'away' | 'silent' | 'slow';
  readonly ms: number;
}

const outages: fc.Arbitrary<Outage[]> = fc.array(
  fc.record({ kind: fc.constantFrom('away', 'silent', 'slow'), ms: fc.nat(120) }),
  { minLength: 2, maxLength: 5 },
);
/** A batch is tried for so long, and each signature waited for, ms. */
const LIMITS = { retryMs: 30, signMs: 60 };
const SLOW_MS = 10;
const SILENT_MS = 150;
const PRODUCERS = 12;

/** Sends what was refused again, as it is and without ids, until it is taken. */
class Load {
  /** Number of each record that was acknowledged, by its event, which no other has. */
  readonly sealed = new Map<string, number>();
  refused = 0;
  #isOver = false;
  readonly #log: Log;
  readonly #running: Promise<void>[];

  constructor(log: Log) {
    this.#log = log;
    this.#running = Array.from({ length: PRODUCERS }, (_, i) => this.#produce(1 + i));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #produce(count: number): Promise<void> {
    while (!this.#isOver) await this.#send(Array.from({ length: count }, () => draft()));
  }

  async #send(drafts: readonly RecordDraft[]): Promise<void> {
    for (;;) {
      try {
        const receipts = await this.#log.append(drafts, SOURCE);
        for (const [i, { seq }] of receipts.entries()) this.sealed.set(drafts[i]?.event as string, seq);
        return;
      } catch (error) {
        assert.ok(error instanceof TokenError && error.code === 'TOKEN_UNAVAILABLE', `${error}`);
        this.refused++;
        await sleep(1);
      }
    }
  }
}

async function untilMore(load: Load): Promise<void> {
  const before = load.sealed.size;
  for (const end = Date.now() + 30_000; load.sealed.size === before; await sleep(2)) {
    assert.ok(Date.now() < end, 'the log goes on when the token is back');
  }
}

async function suffer(token: FaultyToken, { kind, ms }: Outage): Promise<void> {
  if (kind === 'away') token.goAway();
  else token.delayMs = kind === 'slow' ? SLOW_MS : SILENT_MS;
  await sleep(ms);
  token.comeBack();
  token.delayMs = ms % 3;
}

describe('a token that is pulled away under load, falls silent or is slow, and is given back', () => {
  for (const [driver, open] of STORES) {
    test(`nothing is lost or there twice, no number is left out: ${driver}`, async () => {
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(outages, async (all) => {
          const { store, remove } = await open();
          const keys = tempDir();
          try {
            const token = new FaultyToken(new SoftwareToken({ name: 'pulled', path: keys.dir }));
            await token.generate('k', 'ed25519');
            const signers = [await token.signer('k')];
            const log = await Log.open({ store, signers, node: NODE, limits: LIMITS });
            const load = new Load(log);
            // The last one is always noticed.
            for (const outage of [...all, { kind: 'away', ms: 150 } as const]) {
              await untilMore(load);
              await suffer(token, outage);
            }
            await untilMore(load);
            await load.end();
            refused += load.refused;
            assert.equal(log.trouble, null);
            const { records } = await checkLog(store, NODE, log.vkey);
            assert.deepEqual(new Map(records.slice(1).map(({ event, seq }) => [event, seq])), load.sealed);
            assert.equal(records.length, 1 + load.sealed.size);
            assertIntact(await verifyLog(store.source(NODE), { deep: true }));
            await log.close();
          } finally {
            await remove();
            keys.remove();
          }
        }),
        { numRuns: isCi ? 15 : 4 },
      );
      assert.ok(refused > 0, 'it was noticed');
    });
  }
});
