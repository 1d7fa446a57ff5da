import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Pin, signCheckpointByAll, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { concatBytes, fromUtf8, toHex, utf8 } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { leafHash, Tree } from '../../src/merkle/mod.ts';
import type { AuditRecord } from '../../src/record/mod.ts';
import {
  type LogSource,
  readKeyHistory,
  type SourceCheckpoint,
  type VerifyOptions,
  verifyLog,
  verifyRange,
} from '../../src/verify/mod.ts';
import { composeNote } from '../../src/verify/note.ts';
import { mlDsaSigner, p256Signer, testSigner } from '../checkpoint/signers.ts';
import { rejects } from '../store/rejects.ts';
import { BuiltLog, entryOf, makeRecord, ORIGIN } from './built-log.ts';
import { assertFound, assertIntact, type Brief, brief, only } from './expect.ts';

const [A, B, C, EVE] = ['A', 'B', 'C', 'Eve'].map(testSigner) as [Signer, Signer, Signer, Signer];

const MANY = ['1', '2', '3', '4'].map(testSigner);

function vkey({ algorithm, publicKey }: Signer, origin = ORIGIN): string {
  return vkeyFromSpki(origin, algorithm, publicKey);
}

function names(signers: readonly Signer[]): { key?: string; keys?: string[] } {
  const [key, ...others] = signers.map((signer) => vkey(signer));
  return { ...(key && { key }), ...(key && others.length > 0 ? { keys: [key, ...others] } : {}) };
}

/** A record that changes the keys, as the log writes it. */
function change(signers: readonly Signer[], previous: Signer, more: object = {}): Partial<AuditRecord> {
  const details = { ...names(signers), previousKey: vkey(previous), ...more } as AuditRecord['details'] &
    object;
  return { system: 'tallystick', event: 'KEY_CHANGE', outcome: 'success', source: 'tallystick', details };
}

function standBy(...signers: Signer[]): Partial<AuditRecord> {
  const details = names(signers) as AuditRecord['details'] & object;
  return { ...change([], A), event: 'KEY_STANDBY', details };
}

/** What a batch is sealed with: its records beside ordinary ones, who sign, and whether it is said to have to stay. */
interface Batch {
  readonly records: number;
  /** Members of the last record. */
  readonly last?: Partial<AuditRecord>;
  readonly by: readonly Signer[];
  readonly keep?: boolean;
}

/** A log as somebody wrote it, honest or not: what `by` signs stands, whoever had a right to sign. */
async function build(batches: readonly Batch[], first: readonly Signer[] = [A]): Promise<BuiltLog> {
  const log = new BuiltLog(EVE);
  for (const [i, { records, last = {}, by, keep = false }] of batches.entries()) {
    const from = log.size;
    const entries = Array.from({ length: records }, (_, at) => {
      const seq = from + at;
      const genesis = {
        details: { ...names(first), origin: ORIGIN, software: 'test' } as AuditRecord['details'] & object,
      };
      const isLast = at === records - 1;
      return entryOf(makeRecord(seq, { ...(seq === 0 ? genesis : {}), ...(isLast ? last : {}) }));
    });
    await log.append(entries);
    log.kept.pop();
    await signAgain(log, by);
    const kept: SourceCheckpoint = { size: log.size, root: log.root, signatures: log.signatures };
    log.kept.push(kept);
    if (keep || i === 0) log.changes.push(kept);
  }
  return log;
}

async function signAgain(log: BuiltLog, by: readonly Signer[]): Promise<void> {
  const body = (composeNote(ORIGIN, log.size, log.root, '') as string).slice(0, -1);
  log.signatures = await signCheckpointByAll(body, ORIGIN, by);
}

/** Genesis and 9 records by A, the change to `next` at 20, 10 more by `next`. */
function changed(more: Partial<Batch> = {}, next: readonly Signer[] = [B], first = [A]): Promise<BuiltLog> {
  const last = change(next, first[0] as Signer);
  return build(
    [
      { records: 10, by: first },
      { records: 10, last, by: [...new Set([...first, ...next])], keep: true, ...more },
      { records: 10, by: next },
    ],
    first,
  );
}

function pin(log: BuiltLog, ...keys: Signer[]): Pin {
  const { origin, size, root, note } = log;
  return {
    origin,
    keys: keys.map((key) => vkey(key)),
    size,
    root: toHex(root),
    checkpoint: note,
    savedAt: 0,
  };
}

/** The log as it was at one of its checkpoints, as far as a pin goes. */
function pinAt(log: BuiltLog, size: number, ...keys: Signer[]): Pin {
  const found = log.kept.find((kept) => kept.size === size) as SourceCheckpoint;
  const note = composeNote(ORIGIN, found.size, found.root, found.signatures) as string;
  const vkeys = keys.map((key) => vkey(key));
  return { origin: ORIGIN, keys: vkeys, size, root: toHex(found.root), checkpoint: note, savedAt: 0 };
}

async function eras(log: BuiltLog): Promise<unknown> {
  const history = await readKeyHistory(log, ORIGIN, log.size);
  return history?.eras.map(({ from, to, keys }) => [from, to, ...keys]);
}

describe('a key change that is one', () => {
  test('is followed from every trust, and is no alarm', async () => {
    const log = await changed();
    const ways: [VerifyOptions, string][] = [
      [{}, 'log-key'],
      [{ keys: [vkey(A)] }, 'given-key'],
      [{ keys: [vkey(B)] }, 'given-key'],
      [{ pin: pinAt(log, 10, A) }, 'pinned-key'],
      [{ pin: pinAt(log, 20, A) }, 'pinned-key'],
      [{ pin: pinAt(log, 20, B) }, 'pinned-key'],
      [{ pin: pinAt(log, 20, A, B) }, 'pinned-key'],
      [{ pin: pin(log, B) }, 'pinned-key'],
    ];
    for (const [options, trust] of ways) {
      const report = await verifyLog(log, { deep: true, ...options });
      assertIntact(report, trust);
      assert.equal(report.trust, trust);
      assert.deepEqual([report.keys, report.required], [[vkey(B)], [vkey(B)]]);
      assert.deepEqual(
        report.eras.map(({ from, to }) => [from, to]),
        [
          [0, 20],
          [20, null],
        ],
      );
      assertIntact(await verifyRange(log, 5, 8, options));
    }
  });

  test('at any place of the tree', async () => {
    for (const [before, at] of [
      [1, 2],
      [1, 256],
      [254, 257],
      [100, 513],
      [1, 3],
    ] as const) {
      const batches = [
        { records: before, by: [A] },
        { records: at - before, last: change([B], A), by: [A, B], keep: true },
      ];
      for (const rest of [[], [{ records: 1, by: [B] }], [{ records: 700, by: [B] }]]) {
        const log = await build([...batches, ...rest]);
        assertIntact(
          await verifyLog(log, { deep: true, keys: [vkey(A)] }),
          `${before}, ${at}, ${rest.length}`,
        );
        assert.deepEqual(await eras(log), [
          [0, at, vkey(A)],
          [at, null, vkey(B)],
        ]);
      }
    }
  });

  test('back and forth, and of sets of any kinds', async () => {
    const p256 = p256Signer('p', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    const mlDsa = mlDsaSigner('m');
    const log = await build(
      [
        { records: 2, by: [A, p256] },
        { records: 2, last: change([p256, mlDsa], A), by: [A, p256, mlDsa], keep: true },
        { records: 2, by: [p256, mlDsa] },
        { records: 2, last: change([A], p256), by: [p256, mlDsa, A], keep: true },
        { records: 2, last: change([p256], A), by: [A, p256], keep: true },
        { records: 2, by: [p256] },
      ],
      [A, p256],
    );
    for (const keys of [[], [vkey(A)], [vkey(p256)], [vkey(mlDsa)]]) {
      assertIntact(await verifyLog(log, { deep: true, keys }));
    }
    // A key that sealed, was retired and came back counts where it sealed.
    assert.equal(((await eras(log)) as unknown[]).length, 4);
  });

  test('is found even when a hash tile beside it is damaged, which is told', async () => {
    const log = await changed();
    log.tile(0, 0).fill(7, 0, 32);
    assertFound(await verifyLog(log, { keys: [vkey(A)] }), [['tile-altered', 0, 1]]);
  });

  test('that can not be read accuses nobody of having signed: the damage is what is wrong', async () => {
    const log = await changed();
    const damaged: LogSource = Object.assign(Object.create(log), {
      bundles: async function* (from: number, to: number) {
        yield { from, to: Math.min(to, log.size), entries: null, damage: 'it does not decode' };
      },
    });
    const report = await verifyLog(damaged, { keys: [vkey(B)] });
    assert.deepEqual(
      report.findings.map(({ code, from, to }) => [code, from, to]),
      [['unreadable', 0, 30]],
    );
    assert.ok(report.notChecked.some(({ what }) => what.startsWith('who signed ')));
  });

  test('that was altered where it tells of keys: that the key may be the log’s own is said', async () => {
    const log = await changed();
    const entries = log.bundle(19);
    entries[19] = utf8(fromUtf8(entries[19] as Uint8Array).replace('KEY_CHANGE', 'KEY_CHANGF'));
    const report = await verifyLog(log, { keys: [vkey(A)] });
    const codes = report.findings.map(({ code, from, to }) => [code, from, to]);
    assert.deepEqual(codes, [
      ['unknown-key', 0, 30],
      ['altered', 19, 20],
    ]);
    assert.match(report.findings[0]?.message ?? '', /it may be the log's own all the same/);
  });

  test('of a copy of hashes alone can not be told from before a change: that is no pass, and no accusation', async () => {
    const log = await changed();
    for (const [key, verdict] of [
      [A, 'not-compared'],
      [B, 'intact'],
    ] as const) {
      const report = await verifyLog(log, { keys: [vkey(key)], hashesOnly: true });
      assert.equal(report.verdict, verdict);
      assert.ok(report.findings.every((each) => each.class === 'notice'));
    }
    // Whoever pinned behind the change knows the keys that seal.
    const grown = await changed({}, [A, B]);
    const report = await verifyLog(grown, { pin: pin(grown, A, B), hashesOnly: true });
    assertIntact(report);
    assert.deepEqual([report.trust, report.checked.records], ['pinned-key', 0]);
  });
});

describe('what is no key change', () => {
  const own = change([EVE], A);
  /** The whole is sealed by Eve beyond 20 in each; what differs is how she comes by it. */
  const forgeries: [string, Partial<Batch>][] = [
    ['an append of an agent, in another system', { last: { ...own, system: 'signserver' } }],
    ['an append of an agent, marked as one that stays', { last: { ...own, system: 'dogtag' }, by: [A, EVE] }],
    ['a record that the old key sealed, without the new', { last: own, by: [A] }],
    ['a record of the new key, without the old', { last: own, by: [EVE] }],
    ['one that names another key before it', { last: change([EVE], C) }],
    ['a record of another log', { last: { ...own, node: 'node-2' } }],
    ['a record that was copied from elsewhere', { last: { ...own, seq: 7 } }],
    ['one that failed', { last: { ...own, outcome: 'failure' } }],
    ['one of keys of another log', { last: change([EVE], A, { key: vkey(EVE, 'other-00000000/x') }) }],
    [
      'one whose list is not of its key',
      { last: change([EVE], A, { keys: [vkey(C), vkey(EVE)] }), by: [A, C, EVE] },
    ],
    ['one that names a key twice', { last: change([EVE], A, { keys: [vkey(EVE), vkey(EVE)] }) }],
    ['one of too many keys', { last: change([EVE, ...MANY], A), by: [A, EVE, ...MANY] }],
    ['one of no keys', { last: change([], A) }],
    ['one of what is no key', { last: change([], A, { key: 'a key' }) }],
    ['a take-over nobody announced', { last: change([EVE], A, { standBy: true }), by: [EVE] }],
    ['another event', { last: { ...own, event: 'KEYSELECTED' } }],
  ];
  for (const [what, batch] of forgeries) {
    test(`${what}: the key is not known`, async () => {
      const log = await changed({ by: [A, EVE], ...batch }, [EVE]);
      assert.deepEqual(await eras(log), [[0, null, vkey(A)]]);
      for (const options of [{}, { keys: [vkey(A)] }, { pin: pinAt(log, 10, A) }]) {
        const report = await verifyLog(log, options);
        assert.equal(report.verdict, 'not-intact');
        assert.ok(
          brief(report).some(([code]) => code === 'unknown-key'),
          JSON.stringify(brief(report)),
        );
        assert.equal(report.trust, 'none');
      }
    });
  }

  test('keys of another log, though they signed', async () => {
    const other = 'other-00000000/node-1';
    const log = await changed({ last: change([EVE], A, { key: vkey(EVE, other) }), by: [A] }, [EVE]);
    const real = log.changes[1] as SourceCheckpoint;
    const body = (composeNote(ORIGIN, 20, real.root, '') as string).slice(0, -1);
    const signatures = real.signatures + (await signCheckpointByAll(body, other, [EVE]));
    log.changes[1] = { ...real, signatures };
    assert.deepEqual(await eras(log), [[0, null, vkey(A)]]);
  });

  test('a part of the keys in force, as if it took over from the others', async () => {
    for (const standing of [[], [{ records: 2, last: standBy(B), by: [A, C, B], keep: true }]]) {
      const log = await build(
        [
          { records: 5, by: [A, C] },
          ...standing,
          { records: 5, last: change([A], A, { standBy: true }), by: [A], keep: true },
          { records: 5, by: [A] },
        ],
        [A, C],
      );
      assert.deepEqual(await eras(log), [[0, null, vkey(A), vkey(C)]]);
      assert.ok(brief(await verifyLog(log)).some(([code]) => code === 'missing-signature'));
    }
  });

  test('a checkpoint that the source does not say has to stay', async () => {
    const log = await changed({ keep: false });
    const report = await verifyLog(log, { keys: [vkey(A)] });
    assert.equal(only(report, 'unknown-key').size, 30);
  });

  test('a record that is not the last of its batch', async () => {
    const log = await build([
      { records: 10, last: change([B], A), by: [A] },
      { records: 5, by: [A, B], keep: true },
      { records: 5, by: [B] },
    ]);
    assert.deepEqual(await eras(log), [[0, null, vkey(A)]]);
  });

  test('a record that was put in the place of another later on', async () => {
    const log = await build([
      { records: 10, by: [A] },
      { records: 10, by: [A, EVE], keep: true },
      { records: 10, by: [EVE] },
    ]);
    log.bundle(19)[19] = entryOf(makeRecord(19, change([EVE], A)));
    const report = await verifyLog(log, { keys: [vkey(A)] });
    assert.deepEqual(brief(report).toSorted(), [
      ['altered', 19, 20],
      ['unknown-key', 0, 30],
    ] satisfies Brief[]);
  });

  test('a checkpoint of another tree', async () => {
    const log = await changed();
    const tree = new Tree();
    for (let seq = 0; seq < 20; seq++) tree.append(leafHash(entryOf(makeRecord(seq))));
    const root = tree.root();
    const signatures = await signCheckpointByAll(
      (composeNote(ORIGIN, 20, root, '') as string).slice(0, -1),
      ORIGIN,
      [A, B],
    );
    log.changes[1] = { size: 20, root, signatures };
    assert.deepEqual(await eras(log), [[0, null, vkey(A)]]);
  });

  test('lists that are hostile are borne', async () => {
    const log = await changed();
    const real = log.changes[1] as SourceCheckpoint;
    const bad = [Number.NaN, -1, 0, 1e300, 15, 20, 20].map((size) => ({ ...real, size }));
    log.changes = [...bad, ...log.changes, ...bad, { ...real, signatures: 'no note' }];
    assertIntact(await verifyLog(log, { keys: [vkey(A)] }));
    log.changes = [{ ...real, signatures: 'no note' }, real];
    assert.equal((await verifyLog(log, { keys: [vkey(A)] })).verdict, 'not-intact');
  });
});

describe('a retired key', () => {
  test('that goes on beyond its end is not known, and is said to be retired', async () => {
    const log = await build([
      { records: 10, last: change([B], A), by: [A, B], keep: true },
      { records: 10, by: [A] },
    ]);
    for (const options of [{}, { keys: [vkey(A)] }, { keys: [vkey(B)] }, { pin: pinAt(log, 10, A) }]) {
      const { message } = only(await verifyLog(log, options), 'unknown-key');
      assert.match(message, /retired at 10 records/);
    }
  });

  test('that signs beside the key in force is told of', async () => {
    const log = await changed();
    await signAgain(log, [A, B]);
    const report = await verifyLog(log);
    assert.equal(report.verdict, 'intact');
    assert.match(only(report, 'foreign-signature').message, /retired at 20/);
    assert.deepEqual(report.keys, [vkey(B)]);
  });

  test('cannot fork the log where the new one is pinned', async () => {
    const honest = await changed();
    // Without the change; with it; and long enough to be newer than the pin.
    for (const batches of [
      [{ records: 25, by: [A] }],
      [{ records: 45, by: [A] }],
      [
        { records: 15, last: change([EVE], A), by: [A, EVE], keep: true },
        { records: 30, by: [EVE] },
      ],
    ]) {
      const fork = await build(batches);
      for (const at of [20, 30]) {
        const report = await verifyLog(fork, { pin: pinAt(honest, at, B) });
        assert.equal(report.verdict, 'not-intact');
        assert.notEqual(report.trust, 'pinned-key');
      }
    }
  });

  test('shows its fork where somebody had pinned it', async () => {
    const honest = await changed();
    const fork = await build([
      { records: 10, by: [A] },
      { records: 15, by: [A] },
    ]);
    const report = await verifyLog(honest, { pin: pin(fork, A) });
    assert.deepEqual(brief(report).toSorted(), [
      ['split-view', 20, 25],
      ['unknown-key', 0, 25],
    ] satisfies Brief[]);
    assert.match(only(report, 'unknown-key').message, /pinned checkpoint at 25 .* retired at 20/);
  });
});

describe('keys that the log does not have', () => {
  test('a log that was built anew with other keys is not believed by its own word', async () => {
    const honest = await changed();
    const rebuilt = await build([{ records: 40, by: [EVE] }], [EVE]);
    for (const options of [{ pin: pinAt(honest, 10, A) }, { pin: pin(honest, B) }, { keys: [vkey(A)] }]) {
      const report = await verifyLog(rebuilt, options);
      assert.deepEqual([report.verdict, report.trust], ['not-intact', 'none']);
      assert.equal(only(report, 'unknown-key').size, 40);
    }
  });

  test('a key that is called otherwise does not speak for the log', async () => {
    const other = 'other-00000000/node-1';
    const log = await build([{ records: 5, by: [A] }]);
    const body = (composeNote(ORIGIN, 5, log.root, '') as string).slice(0, -1);
    log.signatures = await signCheckpointByAll(body, other, [A]);
    const { message } = only(await verifyLog(log, { keys: [vkey(A, other)] }), 'unknown-key');
    assert.match(message, /whose name is not that of the log/);
  });
});

describe('a log that is older than the pin', () => {
  test('is rolled back, also when the pin is of a later key', async () => {
    const log = await changed();
    for (const size of [10, 20]) {
      const old = log.copy();
      const kept = log.kept.find((k) => k.size === size) as SourceCheckpoint;
      Object.assign(old, { size, root: kept.root, signatures: kept.signatures });
      old.stored.set(0, log.bundle(0).slice(0, size));
      old.hashes.set('0/0', concatBytes(...log.bundle(0).slice(0, size).map(leafHash)));
      old.kept = log.kept.filter((k) => k.size <= size);
      old.changes = log.changes.filter((k) => k.size <= size);
      assertFound(await verifyLog(old, { pin: pin(log, B) }), [['rolled-back', size, 30]]);
    }
  });
});

describe('several keys', () => {
  const set = [A, C];

  test('all have to sign', async () => {
    for (const by of [[A], [C]]) {
      const log = await build(
        [
          { records: 5, by: set },
          { records: 5, by },
        ],
        set,
      );
      for (const options of [{}, { keys: set.map((key) => vkey(key)) }, { pin: pinAt(log, 5, A, C) }]) {
        const report = await verifyLog(log, options);
        assertFound(report, [['missing-signature', 0, 10]]);
        assert.equal(report.trust, 'none');
      }
    }
  });

  test('whatever else is given beside a pin takes nothing from what the pin demands', async () => {
    const log = await build(
      [
        { records: 5, by: set },
        { records: 5, by: [C] },
      ],
      set,
    );
    const options = { pin: pinAt(log, 5, A, C), keys: [vkey(C)] };
    const report = await verifyLog(log, options);
    assertFound(report, [['missing-signature', 0, 10]]);
    assert.deepEqual([report.trust, report.required], ['none', []]);
    const good = await verifyLog(await build([{ records: 10, by: set }], set), {
      ...options,
      pin: pinAt(log, 5, A, C),
    });
    assert.deepEqual(
      [good.verdict, good.trust, good.required],
      ['intact', 'pinned-key', set.map((key) => vkey(key))],
    );
    // Nor does a key from what a policy names as the log's, and the other way round.
    const policy = await verifyLog(log, { keys: [vkey(C)], logKeys: [vkey(A)] });
    assertFound(policy, [['unknown-key', 0, 10]]);
    // And the pin takes nothing from a key.
    const other = { pin: pinAt(log, 5, C), keys: [vkey(EVE)] };
    assert.ok(brief(await verifyLog(log, other)).some(([code]) => code === 'unknown-key'));
  });

  test('one who pins one of them is content with that one, also after a change of the others', async () => {
    const log = await build(
      [
        { records: 5, by: set },
        { records: 5, last: change([A, B], A), by: [A, C, B], keep: true },
        { records: 5, by: [A, B] },
        { records: 5, by: [A] },
      ],
      set,
    );
    const onlyA = await verifyLog(log, { pin: pinAt(log, 5, A) });
    // B came new: whoever did not choose against it has to have it too.
    assert.ok(onlyA.verdict === 'not-intact' && brief(onlyA).some(([code]) => code === 'missing-signature'));
    const chosen = await verifyLog(log, { pin: pinAt(log, 15, A) });
    assert.equal(chosen.trust, 'pinned-key');
    assert.deepEqual(chosen.required, [vkey(A)]);
  });

  test('a pin of one of them goes on with what took its place', async () => {
    const log = await build(
      [
        { records: 5, by: set },
        { records: 5, last: change([B, C], A), by: [A, B, C], keep: true },
        { records: 5, by: [B, C] },
      ],
      set,
    );
    const byA = await verifyLog(log, { pin: pinAt(log, 5, A) });
    assertIntact(byA);
    assert.deepEqual(byA.required, [vkey(B)]);
    const byC = await verifyLog(log, { pin: pinAt(log, 5, C) });
    assert.deepEqual(byC.required, [vkey(B), vkey(C)]);
    const both = await verifyLog(log, { pin: pinAt(log, 5, A, C) });
    assert.deepEqual(both.required, [vkey(B), vkey(C)]);
  });

  test('never is nothing required', async () => {
    const log = await build(
      [
        { records: 5, by: set },
        { records: 5, last: change([C], A), by: set, keep: true },
        { records: 5, by: [C] },
      ],
      set,
    );
    const report = await verifyLog(log, { pin: pinAt(log, 5, A) });
    assertIntact(report);
    assert.deepEqual(report.required, [vkey(C)]);
  });

  test('a pin that not all of its keys signed is none', async () => {
    const log = await changed();
    await rejects(verifyLog(log, { pin: pin(log, B, A) }), 'PIN_INVALID');
  });
});

describe('stand-bys', () => {
  const announced: Batch[] = [
    { records: 5, by: [A] },
    { records: 5, last: standBy(B), by: [A, B], keep: true },
    { records: 5, by: [A] },
  ];
  const takeOver = change([B], A, { standBy: true });

  test('take over when they were announced', async () => {
    const log = await build([
      ...announced,
      { records: 5, last: takeOver, by: [B], keep: true },
      { records: 5, by: [B] },
    ]);
    for (const options of [{}, { keys: [vkey(A)] }, { pin: pinAt(log, 5, A) }, { pin: pinAt(log, 15, A) }]) {
      assertIntact(await verifyLog(log, { deep: true, ...options }));
    }
    assert.deepEqual(
      (await verifyLog(log)).eras.map(({ takenOver }) => takenOver),
      [false, true],
    );
  });

  const refused: [string, Batch[]][] = [
    ['without saying so', [...announced, { records: 5, last: change([B], A), by: [B], keep: true }]],
    [
      'that are not all',
      [...announced, { records: 5, last: change([B, EVE], A, { standBy: true }), by: [B, EVE], keep: true }],
    ],
    [
      'whose announcement the key in force did not sign',
      [
        { records: 5, by: [A] },
        { records: 5, last: standBy(B), by: [B], keep: true },
        { records: 5, last: takeOver, by: [B], keep: true },
      ],
    ],
    [
      'that another event names',
      [
        { records: 5, by: [A] },
        { records: 5, last: { ...standBy(B), event: 'KEYSELECTED' }, by: [A, B], keep: true },
        { records: 5, last: takeOver, by: [B], keep: true },
      ],
    ],
    [
      'that did not sign their announcement',
      [
        { records: 5, by: [A] },
        { records: 5, last: standBy(B), by: [A], keep: true },
        { records: 5, last: takeOver, by: [B], keep: true },
      ],
    ],
    [
      'that were withdrawn',
      [
        ...announced,
        { records: 5, last: standBy(), by: [A], keep: true },
        { records: 5, last: takeOver, by: [B], keep: true },
      ],
    ],
    [
      'that were replaced',
      [
        ...announced,
        { records: 5, last: standBy(C), by: [A, C], keep: true },
        { records: 5, last: takeOver, by: [B], keep: true },
      ],
    ],
  ];
  for (const [what, batches] of refused) {
    test(`do not, ${what}`, async () => {
      const log = await build([...batches, { records: 5, by: [B] }]);
      assert.deepEqual(await eras(log), [[0, null, vkey(A)]]);
      const { message } = only(await verifyLog(log, { keys: [vkey(A)] }), 'unknown-key');
      if (batches.length > 3) assert.match(message, /which only stands by/);
    });
  }

  test('one that stands by and signs a checkpoint by itself is not known', async () => {
    const log = await build([...announced, { records: 1, by: [B] }]);
    assert.match(only(await verifyLog(log), 'unknown-key').message, /only stands by/);
  });
});

describe('a key that this platform cannot check', () => {
  const mlDsa = mlDsaSigner('post-quantum');

  async function withoutMlDsa(act: () => Promise<void>): Promise<void> {
    const { importKey } = crypto.subtle;
    const refuse: typeof importKey = async function (this: SubtleCrypto, ...args: unknown[]) {
      if (args[2] === 'ML-DSA-44') throw new DOMException('not here', 'NotSupportedError');
      return Reflect.apply(importKey, crypto.subtle, args);
    } as never;
    Object.defineProperty(crypto.subtle, 'importKey', { value: refuse, configurable: true });
    try {
      await act();
    } finally {
      Reflect.deleteProperty(crypto.subtle, 'importKey');
    }
  }

  test('is said not to have been checked, beside one that was', async () => {
    const log = await changed({}, [B, mlDsa], [A, mlDsa]);
    await withoutMlDsa(async () => {
      const report = await verifyLog(log);
      assertIntact(report);
      assert.ok(report.notChecked.some(({ what }) => what.startsWith(`signatures of ${ORIGIN}+`)));
      assert.deepEqual([report.keys, report.required], [[vkey(B)], [vkey(B), vkey(mlDsa)]]);
    });
    assert.ok(!(await verifyLog(log)).notChecked.some(({ what }) => what.startsWith('signatures of')));
  });

  test('alone leaves nothing that could be believed', async () => {
    const log = await build([{ records: 5, by: [mlDsa] }], [mlDsa]);
    await withoutMlDsa(() => rejects(verifyLog(log), 'KEY_INVALID').then(() => {}));
  });

  test('that is all who is trusted, is an error and no accusation', async () => {
    const log = await build([{ records: 5, by: [A, mlDsa] }], [A, mlDsa]);
    await withoutMlDsa(async () => {
      await rejects(verifyLog(log, { keys: [vkey(mlDsa)] }), 'KEY_INVALID');
      await rejects(verifyLog(log, { pin: pin(log, mlDsa) }), 'KEY_INVALID');
    });
    assertIntact(await verifyLog(log, { pin: pin(log, mlDsa) }));
  });

  test('has to have signed all the same', async () => {
    const log = await build(
      [
        { records: 5, by: [A, mlDsa] },
        { records: 5, by: [A] },
      ],
      [A, mlDsa],
    );
    await withoutMlDsa(async () => assertFound(await verifyLog(log), [['missing-signature', 0, 10]]));
  });
});
