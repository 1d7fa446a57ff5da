import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { tallystick } from '../../src/catalog/mod.ts';
import { openCheckpoint, type Pin, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { StoreError, TokenError } from '../../src/errors.ts';
import { absentSigner } from '../../src/log/absent-signer.ts';
import type { HeadMemory } from '../../src/log/head-memory.ts';
import { Log, type LogOptions } from '../../src/log/log.ts';
import { StoredLog } from '../../src/reader/stored-log.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { keysInForce, readKeyHistory, verifyLog } from '../../src/verify/mod.ts';
import { mlDsaSigner, p256Signer, rsaSigner, testSigner } from '../checkpoint/signers.ts';
import { assertFound, assertIntact } from '../verify/expect.ts';
import {
  draft,
  drafts,
  FakeClock,
  NODE,
  openBench,
  rejects,
  SOURCE,
  StagedSigner,
  settle,
} from './fixture.ts';
import { StagedStore } from './staged-store.ts';

const [A, B, C, D] = ['A', 'B', 'C', 'D'].map(testSigner) as [Signer, Signer, Signer, Signer];
const RETRY = { limits: { retryMs: 0 } };

/** A log that was closed, or whose process ended, opened again. */
function reopen(disk: MemoryDisk, signers: readonly Signer[], more: Partial<LogOptions> = {}): Promise<Log> {
  disk.owners.clear();
  const clock = new FakeClock();
  return Log.open({ store: new MemoryStore(disk), node: NODE, clock, ...RETRY, ...more, signers });
}

function newLog(disk: MemoryDisk, signers: readonly Signer[] = [A]): Promise<Log> {
  return reopen(disk, signers);
}

function vkey(log: Log, signer: Signer): string {
  return vkeyFromSpki(log.head.origin, signer.algorithm, signer.publicKey);
}

/** Which of the keys have signed the head. */
async function signersOf(log: Log, all: readonly Signer[]): Promise<Signer[]> {
  const { verifiedBy } = await openCheckpoint(
    log.head.note,
    all.map((signer) => vkey(log, signer)),
  );
  return all.filter((signer) => verifiedBy.some((key) => key.vkey === vkey(log, signer)));
}

function sourceOf(disk: MemoryDisk): ReturnType<MemoryStore['source']> {
  return new MemoryStore(disk).source(NODE);
}

async function entry(disk: MemoryDisk, seq: number): Promise<Record<string, unknown>> {
  const stored = disk.logs.get(NODE)?.entries[seq] as Uint8Array;
  return JSON.parse(Buffer.from(stored.subarray(2)).toString());
}

function pinOf(log: Log): Pin {
  const { origin, size, root, note } = log.head;
  return { origin, keys: log.vkeys, size, root: toHex(root), checkpoint: note, savedAt: 0 };
}

describe('a log sealed by several keys', () => {
  const kinds: [string, () => Signer][] = [
    ['ECDSA P-256', () => p256Signer('p', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
    ['RSA', () => rsaSigner('r', 2048)],
    ['ML-DSA-44', () => mlDsaSigner('m')],
  ];
  for (const [kind, make] of kinds) {
    test(`every checkpoint is signed by all: Ed25519 and ${kind}`, async () => {
      const disk = new MemoryDisk();
      const set = [A, make()];
      const log = await newLog(disk, set);
      for (let i = 0; i < 3; i++) {
        await log.append(drafts(2), SOURCE);
        assert.deepEqual(await signersOf(log, set), set);
      }
      const { details } = (await entry(disk, 0)) as { details: Record<string, unknown> };
      assert.equal(details.key, vkey(log, A));
      assert.deepEqual(details.keys, log.vkeys);
      await log.close();
      const again = await reopen(disk, set.toReversed());
      await again.append(drafts(1), SOURCE);
      await again.close();
      assertIntact(await verifyLog(sourceOf(disk), { deep: true }));
      await rejects(reopen(disk, [A]), 'LOG_KEY_MISMATCH');
    });
  }

  test('the record of a log with one key is as before', async () => {
    const disk = new MemoryDisk();
    await newLog(disk);
    const { details } = (await entry(disk, 0)) as { details: object };
    assert.deepEqual(Object.keys(details).sort(), ['key', 'origin', 'software']);
  });

  test('one of them that fails keeps the batch out', async () => {
    const disk = new MemoryDisk();
    const staged = new StagedSigner('staged');
    const log = await newLog(disk, [A, staged]);
    staged.fail(new TokenError('TOKEN_LOCKED', 'made by the test'));
    await rejects(log.append(drafts(1), SOURCE), 'TOKEN_LOCKED');
    assert.equal(log.head.size, 1);
    await log.append(drafts(1), SOURCE);
    assert.deepEqual(await signersOf(log, [A, staged]), [A, staged]);
  });

  test('none, five, or the same twice are refused', async () => {
    const five = ['1', '2', '3', '4', '5'].map(testSigner);
    for (const signers of [[], five, [A, A]]) {
      const disk = new MemoryDisk();
      await rejects(newLog(disk, signers), 'USAGE');
      assert.equal(disk.logs.get(NODE)?.head.size ?? 0, 0);
    }
  });
});

describe('a key change', () => {
  test('ends its batch; both sign there, beyond it the new key alone', async () => {
    const disk = new MemoryDisk();
    const log = await newLog(disk);
    const state = [{ key: 'alias', value: 'b' }];
    const [, receipt] = await Promise.all([
      log.append(drafts(3), SOURCE),
      log.changeKeys({ signers: [B], details: { KEYALIAS: 'b', CRYPTOTOKEN: 't' }, state }),
      log.append(drafts(3), SOURCE),
    ]);
    assert.equal(receipt.seq, 4);
    const { details } = (await entry(disk, 4)) as { details: object };
    const named = { key: vkey(log, B), previousKey: vkey(log, A), KEYALIAS: 'b', CRYPTOTOKEN: 't' };
    assert.deepEqual(details, named);
    assert.deepEqual([...(await new MemoryStore(disk).state('alias'))], [['alias', 'b']]);
    assert.deepEqual(await signersOf(log, [A, B]), [B]);
    assert.deepEqual(log.vkeys, [vkey(log, B)]);
    const changes = await all(sourceOf(disk).keyChanges());
    assert.deepEqual(
      changes.map(({ size }) => size),
      [1, 5],
    );
    const { verifiedBy } = await openCheckpoint(receipt.checkpoint, [vkey(log, A), vkey(log, B)]);
    assert.equal(verifiedBy.length, 2);
    await log.close();
    const again = await reopen(disk, [B]);
    await again.append(drafts(1), SOURCE);
    assertIntact(await verifyLog(sourceOf(disk), { deep: true }));
    assert.deepEqual((await new StoredLog(new MemoryStore(disk), NODE).head()).size, 9);
  });

  test('of a set: what stays signs once, what goes signs the end, what comes begins', async () => {
    const disk = new MemoryDisk();
    const log = await newLog(disk, [A, B]);
    await log.changeKeys({ signers: [B, C] });
    assert.deepEqual(await signersOf(log, [A, B, C]), [A, B, C]);
    assert.equal(log.head.signatures.split('\n').length, 4);
    await log.append(drafts(1), SOURCE);
    assert.deepEqual(await signersOf(log, [A, B, C]), [B, C]);
    await log.changeKeys({ signers: [D] });
    await log.changeKeys({ signers: [A] });
    assert.deepEqual(await signersOf(log, [A, B, C, D]), [A, D]);
    await log.close();
    assertIntact(await verifyLog(sourceOf(disk), { deep: true }));
    assert.equal((await reopen(disk, [A])).head.size, 5);
  });

  test('a second one, asked for before the first is done, starts from it', async () => {
    const disk = new MemoryDisk();
    const log = await newLog(disk);
    await Promise.all([log.changeKeys({ signers: [B] }), log.changeKeys({ signers: [C] })]);
    assert.deepEqual(log.vkeys, [vkey(log, C)]);
    const history = await readKeyHistory(sourceOf(disk), log.head.origin, log.head.size);
    assert.deepEqual(
      history?.eras.map(({ from, to, keys }) => [from, to, keys]),
      [
        [0, 2, [vkey(log, A)]],
        [2, 3, [vkey(log, B)]],
        [3, null, [vkey(log, C)]],
      ],
    );
  });

  test('to the keys in force is refused, and so are records of it from anywhere else', async () => {
    const log = await newLog(new MemoryDisk(), [A, B]);
    await rejects(log.changeKeys({ signers: [B, A] }), 'USAGE');
    for (const { system, event } of [tallystick.KEY_CHANGE, tallystick.KEY_STANDBY, tallystick.GENESIS]) {
      await rejects(log.appendOwn(draft({ system, event })), 'USAGE');
      await rejects(log.append([draft({ system, event })], SOURCE), 'SYSTEM_RESERVED');
    }
    assert.equal(log.head.size, 1);
  });

  test('a set whose record would be too long for verifiers to read is refused', async () => {
    const log = await newLog(new MemoryDisk());
    const large = ['1', '2', '3', '4'].map(mlDsaSigner);
    await rejects(log.changeKeys({ signers: large }), 'USAGE');
    assert.equal(log.head.size, 1);
    await log.append(drafts(1), SOURCE);
    assert.deepEqual(await signersOf(log, [A]), [A]);
  });

  for (const [what, fails] of [
    ['the old key', 'old'],
    ['the new key', 'new'],
    ['the store', 'store'],
  ] as const) {
    test(`changes nothing when ${what} fails, and harms no append beside it`, async () => {
      const bench = await openBench(RETRY);
      const { log, signer, store, disk } = bench;
      const next = new StagedSigner('next');
      const error = new TokenError('TOKEN_LOCKED', 'made by the test');
      const gate = store.hold('commit');
      const before = log.append(drafts(1), SOURCE);
      await gate.entered;
      const change = log.changeKeys({ signers: [next], state: [{ key: 'k', value: 'v' }] });
      const after = log.append(drafts(2), SOURCE);
      await settle();
      if (fails === 'old') signer.fail(error);
      if (fails === 'new') next.fail(error);
      if (fails === 'store')
        store.fail('commit', new StoreError('STORE_FULL', 'made by the test'), { after: 1 });
      gate.open();
      await before;
      await rejects(change, fails === 'store' ? 'STORE_FULL' : 'TOKEN_LOCKED');
      assert.deepEqual(
        (await after).map(({ seq }) => seq),
        [2, 3],
      );
      assert.deepEqual(log.vkeys, [vkey(log, signer)]);
      assert.equal((await new MemoryStore(disk).state('k')).size, 0);
      await log.changeKeys({ signers: [next] });
      await log.append(drafts(1), SOURCE);
      assertIntact(await verifyLog(sourceOf(disk), { deep: true }));
    });
  }

  test('the batch that fills meanwhile is signed by the new key', async () => {
    const { log, store, signer, disk } = await openBench(RETRY);
    const gate = store.hold('commit');
    const change = log.changeKeys({ signers: [B] });
    await gate.entered;
    const after = log.append(drafts(5), SOURCE);
    await settle();
    const asked = signer.calls;
    gate.open();
    await Promise.all([change, after]);
    assert.equal(signer.calls, asked);
    assert.deepEqual(await signersOf(log, [B]), [B]);
    assertIntact(await verifyLog(sourceOf(disk)));
  });

  test('whether it was committed is found out, and by that the log goes on', async () => {
    for (const applied of [true, false]) {
      const { log, store, disk, signer } = await openBench(RETRY);
      store.fail('commit', new StoreError('STORE_OUTCOME_UNKNOWN', 'made by the test'), { applied });
      const change = log.changeKeys({ signers: [B] });
      if (applied) await change;
      else await rejects(change, 'STORE_UNAVAILABLE');
      await log.append(drafts(1), SOURCE);
      assert.deepEqual(await signersOf(log, [applied ? B : signer]), [applied ? B : signer]);
      assertIntact(await verifyLog(sourceOf(disk)));
    }
  });
});

describe('opening after key changes', () => {
  test('with a key that was retired: said where, and which is in force', async () => {
    const disk = new MemoryDisk();
    const log = await newLog(disk);
    await log.append(drafts(3), SOURCE);
    await log.changeKeys({ signers: [B] });
    const [inForce] = log.vkeys;
    await log.close();
    const { message, context } = await rejects(reopen(disk, [A]), 'LOG_KEY_MISMATCH');
    assert.match(message, /replaced at 5 records/);
    assert.ok(message.includes((inForce as string).split('+', 2).join('+')), message);
    assert.deepEqual([context.expected, context.retired], [[inForce], 5]);
    const stranger = await rejects(reopen(disk, [C]), 'LOG_KEY_MISMATCH');
    assert.equal(stranger.context.retired, undefined);
  });

  test('a head that not all keys in force have signed is damaged', async () => {
    const disk = new MemoryDisk();
    const log = await newLog(disk, [A, B]);
    await log.append(drafts(1), SOURCE);
    await log.close();
    const stored = disk.logs.get(NODE) as { head: { signatures: string } };
    const [first, second] = stored.head.signatures.split('\n') as [string, string];
    for (const line of [first, second]) {
      stored.head = { ...stored.head, signatures: `${line}\n` };
      await rejects(reopen(disk, [A, B]), 'LOG_DAMAGED');
      await rejects(new StoredLog(new MemoryStore(disk), NODE).head(), 'LOG_DAMAGED');
    }
  });

  test('the head remembered outside has the keys in force', async () => {
    const pins: Pin[] = [];
    const headMemory: HeadMemory = {
      recall: () => pins.at(-1) ?? null,
      remember: async (pin) => void pins.push(pin),
    };
    const disk = new MemoryDisk();
    const log = await reopen(disk, [A], { headMemory });
    await log.changeKeys({ signers: [B, C] });
    await log.close();
    assert.deepEqual(pins.at(-1)?.keys, log.vkeys);
    assertIntact(await verifyLog(sourceOf(disk), { pin: pins.at(-1) as Pin }));
    await reopen(disk, [B, C], { headMemory });
  });

  test('with a token that is away: it is read, appends are refused until the token is back', async () => {
    const disk = new MemoryDisk();
    const signer = new StagedSigner('away');
    await (await newLog(disk, [signer])).close();
    signer.fail(new TokenError('TOKEN_UNAVAILABLE', 'made by the test'), 2);
    const log = await reopen(disk, [signer]);
    assert.equal(log.head.size, 1);
    await rejects(log.append(drafts(1), SOURCE), 'TOKEN_UNAVAILABLE');
    await rejects(log.append(drafts(1), SOURCE), 'TOKEN_UNAVAILABLE');
    await log.append(drafts(1), SOURCE);
    assert.equal(log.head.size, 2);
  });
});

describe('stand-by keys', () => {
  test('sign their announcement, and seal nothing else', async () => {
    const disk = new MemoryDisk();
    const log = await newLog(disk);
    await log.announceStandBy({ signers: [B, C], details: { KEYALIAS: 'b' } });
    assert.deepEqual(await signersOf(log, [A, B, C]), [A, B, C]);
    assert.deepEqual(log.standBy, [vkey(log, B), vkey(log, C)]);
    assertIntact(await verifyLog(sourceOf(disk), { deep: true }));
    await log.append(drafts(1), SOURCE);
    assert.deepEqual(await signersOf(log, [A, B, C]), [A]);
    await log.close();
    const again = await reopen(disk, [A]);
    assert.deepEqual(again.standBy, log.standBy);
    await again.announceStandBy({ signers: [] });
    assert.deepEqual(again.standBy, []);
    assertIntact(await verifyLog(sourceOf(disk), { deep: true, pin: pinOf(log) }));
    await rejects(again.announceStandBy({ signers: [A] }), 'USAGE');
  });

  test('one takes over a log whose key is lost', async () => {
    const disk = new MemoryDisk();
    const first = await newLog(disk);
    await first.announceStandBy({ signers: [B] });
    await first.append(drafts(2), SOURCE);
    const pin = pinOf(first);
    await first.close();
    const [lost] = (await new StoredLog(new MemoryStore(disk), NODE).keys()).eras.at(-1)?.keys ?? [];
    const log = await reopen(disk, [absentSigner(lost as string)]);
    await rejects(log.append(drafts(1), SOURCE), 'TOKEN_UNAVAILABLE');
    await rejects(log.changeKeys({ signers: [B] }), 'TOKEN_UNAVAILABLE');
    await rejects(log.changeKeys({ signers: [C], withoutOld: true }), 'KEY_NOT_STANDBY');
    await rejects(log.changeKeys({ signers: [B, C], withoutOld: true }), 'KEY_NOT_STANDBY');
    const { seq } = await log.changeKeys({ signers: [B], withoutOld: true });
    assert.deepEqual(await signersOf(log, [A, B]), [B]);
    const { details } = (await entry(disk, seq)) as { details: { standBy?: boolean } };
    assert.equal(details.standBy, true);
    assert.deepEqual(log.standBy, []);
    await log.append(drafts(1), SOURCE);
    for (const options of [
      {},
      { pin },
      { pin: pinOf(log) },
      { keys: [vkey(log, A)] },
      { keys: [vkey(log, B)] },
    ]) {
      assertIntact(await verifyLog(sourceOf(disk), { deep: true, ...options }));
    }
    await log.close();
    await rejects(reopen(disk, [A]), 'LOG_KEY_MISMATCH');
    await reopen(disk, [B]);
  });

  test('a take-over may keep keys that can still sign, and needs one that stood by', async () => {
    const disk = new MemoryDisk();
    const log = await newLog(disk, [A, B]);
    await log.announceStandBy({ signers: [C] });
    await rejects(log.changeKeys({ signers: [A], withoutOld: true }), 'KEY_NOT_STANDBY');
    await log.changeKeys({ signers: [A, C], withoutOld: true });
    assert.deepEqual(await signersOf(log, [A, B, C]), [A, C]);
    assertIntact(await verifyLog(sourceOf(disk), { deep: true }));
  });

  test('an announcement that is withdrawn or replaced allows nothing', async () => {
    const log = await newLog(new MemoryDisk());
    await log.announceStandBy({ signers: [B] });
    await log.announceStandBy({ signers: [C] });
    await rejects(log.changeKeys({ signers: [B], withoutOld: true }), 'KEY_NOT_STANDBY');
    await log.changeKeys({ signers: [D] });
    // What was announced outlives an ordinary change.
    await log.changeKeys({ signers: [C], withoutOld: true });
    assert.deepEqual(log.vkeys, [vkey(log, C)]);
  });

  test('one that cannot sign is not announced', async () => {
    const disk = new MemoryDisk();
    const log = await newLog(disk);
    const staged = new StagedSigner('stand-by');
    staged.fail(new TokenError('TOKEN_LOCKED', 'made by the test'));
    await rejects(log.announceStandBy({ signers: [staged] }), 'TOKEN_LOCKED');
    assert.deepEqual(log.standBy, []);
    assert.equal(log.head.size, 1);
    const history = await readKeyHistory(sourceOf(disk), log.head.origin, log.head.size);
    assert.deepEqual([history?.standBy, history && keysInForce(history)], [[], log.vkeys]);
  });
});

test('records larger than batches: a part that fails leaves those before it, and the state for the last', async () => {
  const { log, store, disk } = await openBench({ limits: { retryMs: 0, batchRecords: 2 } });
  const five = drafts(5).map((record, i) => ({ ...record, id: `${i}` }));
  const options = { ...SOURCE, state: [{ key: 'at', value: '5' }] };
  const state = async (): Promise<unknown> => (await new MemoryStore(disk).state('at')).get('at');
  store.fail('commit', new StoreError('STORE_FULL', 'made by the test'), { after: 1 });
  await rejects(log.appendEach(five, options), 'STORE_FULL');
  assert.deepEqual([log.head.size, await state()], [3, undefined]);
  const again = await log.appendEach(five, options);
  assert.deepEqual(
    again.map((result) => 'receipt' in result && [result.receipt.seq, result.receipt.duplicate]),
    [
      [1, true],
      [2, true],
      [3, false],
      [4, false],
      [5, false],
    ],
  );
  assert.equal(await state(), '5');
  assertFound(await verifyLog(new StagedStore(new MemoryStore(disk)).source(NODE)), []);
  // The last part was known before, but not all of the others: what the caller wants remembered is.
  const more = [draft({ id: 'new' }), draft({ id: 'newer' }), ...five.slice(3)];
  await log.appendEach(more, { ...SOURCE, state: [{ key: 'at', value: '7' }] });
  assert.deepEqual([log.head.size, await state()], [8, '7']);
  // Where nothing was new, nothing is written.
  await log.appendEach(more, { ...SOURCE, state: [{ key: 'at', value: 'no' }] });
  assert.deepEqual([log.head.size, await state()], [8, '7']);
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
