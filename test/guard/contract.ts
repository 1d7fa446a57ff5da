import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AuditUnavailable,
  type ErrorCode,
  OutcomeUnsealed,
  RecordError,
  StoreError,
} from '../../src/errors.ts';
import type { Guard } from '../../src/guard/guard.ts';
import type { AuditRecord } from '../../src/record/mod.ts';
import { NODE, settle } from '../log/fixture.ts';
import type { StagedStore } from '../log/staged-store.ts';
import { vault } from './vault.ts';

/** A log that is guarded, one way or another, over a store that does as it is told. */
export interface Guarded {
  readonly guard: Guard['run'];
  readonly store: StagedStore;
  /** All records, from the genesis on, read from the store. */
  records(): Promise<readonly AuditRecord[]>;
}

const DETAILS = { alias: 'k1' };
const unavailable = (): StoreError => new StoreError('STORE_UNAVAILABLE', 'the disk is away');

async function fails<E extends Error>(
  promise: Promise<unknown>,
  Class: new (...parameters: never[]) => E,
  code: ErrorCode,
): Promise<E> {
  const error = await promise.then(
    () => assert.fail('resolved'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Class, `${error}`);
  assert.equal((error as E & { code?: string }).code, code);
  return error;
}

/** What every guard keeps, whatever stands between it and the log. */
export function guardContract(open: () => Promise<Guarded>): void {
  test('the attempt is durable before the operation starts, the outcome before its result is there', async () => {
    const { guard, store, records } = await open();
    const attempting = store.hold('commit');
    const steps: string[] = [];
    let attempt: unknown;
    const operation = Promise.withResolvers<string>();
    const settled = guard(vault.Generate, DETAILS, (given) => {
      steps.push('called');
      attempt = given;
      return operation.promise;
    }).then((result) => steps.push(result));

    await attempting.entered;
    await settle();
    assert.deepEqual(steps, []);
    assert.equal((await records()).length, 1);
    attempting.open();
    while (steps.length === 0) await settle(1);
    const [, sealed] = await records();
    assert.deepEqual([sealed?.phase, sealed?.outcome, sealed?.event], ['attempt', 'void', 'Generate']);
    assert.deepEqual(sealed?.details, DETAILS);
    const { node, seq, correlation } = attempt as AuditRecord;
    assert.deepEqual([node, seq, correlation], [sealed?.node, sealed?.seq, sealed?.correlation]);

    const concluding = store.hold('commit');
    operation.resolve('result');
    await concluding.entered;
    await settle();
    assert.deepEqual(steps, ['called']);
    concluding.open();
    await settled;
    assert.deepEqual(steps, ['called', 'result']);
    const [, , outcome] = await records();
    assert.deepEqual([outcome?.phase, outcome?.outcome, outcome?.event], ['outcome', 'success', 'Generate']);
    assert.deepEqual(outcome?.refs, [{ node, seq, why: 'attempt' }]);
    assert.equal(outcome?.correlation, correlation);
    assert.deepEqual(outcome?.details, DETAILS);
  });

  test('an operation that throws is a failure with its message, and what it threw is thrown', async () => {
    const { guard, records } = await open();
    const thrown = [
      new Error('the key exists'),
      new Error(''),
      new Error(`\0${'\u{1f511}'.repeat(2_000)}`),
      'a text',
      undefined,
      Object.create(null),
      Object.assign(new Error(), { message: { length: 7 } }),
    ];
    for (const value of thrown) {
      const isSame = (error: unknown): boolean => error === value;
      const operation = (): never => {
        throw value;
      };
      await assert.rejects(guard(vault.Generate, DETAILS, operation), isSame);
      await assert.rejects(
        guard(vault.Generate, DETAILS, async () => operation()),
        isSame,
      );
    }
    const outcomes = (await records()).filter(({ phase }) => phase === 'outcome');
    assert.equal(outcomes.length, 2 * thrown.length);
    for (const { event, outcome, refs } of outcomes) {
      assert.deepEqual([event, outcome, refs?.length], ['Generate failed', 'failure', 1]);
    }
    const reasons = outcomes.filter((_, i) => i % 2 === 0).map(({ reason }) => reason as string);
    assert.equal(reasons[0], 'the key exists');
    assert.equal(reasons[1], 'Error');
    assert.equal(reasons[2]?.length, 1_000);
    assert.ok(reasons[2]?.isWellFormed());
    assert.deepEqual(reasons.slice(3, 6), ['a text', 'undefined', 'it failed without a message']);
  });

  test('when the attempt cannot be sealed the operation does not run', async () => {
    const { guard, store, records } = await open();
    store.fail('commit', unavailable(), { times: 1_000 });
    const error = await fails(
      guard(vault.Generate, DETAILS, () => assert.fail('called')),
      AuditUnavailable,
      'AUDIT_UNAVAILABLE',
    );
    assert.equal((error.cause as { code?: string }).code, 'STORE_UNAVAILABLE');
    store.heal('commit');
    assert.equal((await records()).length, 1);
    assert.equal(await guard(vault.Generate, DETAILS, () => 'made'), 'made');
  });

  test('nor when it is not sealed in time; sealed later, it gets the outcome that nothing was done', async () => {
    const { guard, store, records } = await open();
    const gate = store.hold('commit');
    await fails(
      guard(vault.Generate, DETAILS, () => assert.fail('called'), { deadlineMs: 30 }),
      AuditUnavailable,
      'AUDIT_UNAVAILABLE',
    );
    gate.open();
    while (((await store.head(NODE))?.size ?? 0) < 3) await settle(1);
    const [, attempt, outcome] = await records();
    assert.deepEqual([attempt?.phase, outcome?.phase, outcome?.outcome], ['attempt', 'outcome', 'failure']);
    assert.match(outcome?.reason as string, /^the operation was not started/);
  });

  test('a record that no log takes is refused as such, and the operation does not run', async () => {
    const { guard, records } = await open();
    const operation = (): never => assert.fail('called');
    const bad = { alias: Number.NaN as unknown as string };
    await fails(guard(vault.Generate, bad, operation), RecordError, 'RECORD_INVALID');
    for (const deadlineMs of [0, -1, 1.5, Number.NaN, 2 ** 31]) {
      await assert.rejects(guard(vault.Generate, DETAILS, operation, { deadlineMs }), { code: 'USAGE' });
    }
    await assert.rejects(guard(vault.Generate, DETAILS, operation, { id: 'x' } as object), { code: 'USAGE' });
    assert.equal((await records()).length, 1);
  });

  test('the result is withheld while the log cannot seal, and the operation is not called again', async () => {
    const { guard, store, records } = await open();
    let calls = 0;
    const result = await guard(vault.Generate, DETAILS, () => {
      // More than one append tries by itself.
      store.fail('commit', unavailable(), { times: 8 });
      return ++calls;
    });
    assert.deepEqual([result, calls], [1, 1]);
    assert.deepEqual(
      (await records()).map(({ phase }) => phase),
      [undefined, 'attempt', 'outcome'],
    );
  });

  for (const [what, operation, done] of [
    ['result', () => 'made', { result: 'made' }],
    ['error', () => Promise.reject('no room'), { error: 'no room' }],
  ] as const) {
    test(`at the deadline the ${what} comes with an error that says that it is not sealed`, async () => {
      const { guard, store, records } = await open();
      const act = (): unknown => {
        store.fail('commit', unavailable(), { times: 1_000 });
        return operation();
      };
      const error = await fails(
        guard(vault.Generate, DETAILS, act, { deadlineMs: 500 }),
        OutcomeUnsealed,
        'OUTCOME_UNSEALED',
      );
      assert.deepEqual(error.done, done);
      assert.deepEqual([error.context.seq, error.retry], [1, false]);
      assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /made|no room/);
      assert.equal((await records()).length, 2);
      store.heal('commit');
    });
  }

  test('a log that does not answer is waited for until the deadline, too', async () => {
    const { guard, store } = await open();
    let gate: ReturnType<StagedStore['hold']> | undefined;
    const act = (): string => {
      gate = store.hold('commit');
      return 'made';
    };
    await fails(
      guard(vault.Generate, DETAILS, act, { deadlineMs: 500 }),
      OutcomeUnsealed,
      'OUTCOME_UNSEALED',
    );
    gate?.open();
  });

  test('fields that the operation notes stand in the outcome, also when it fails', async () => {
    const { guard, records } = await open();
    await guard(vault.Generate, DETAILS, ({ note }) => note({ digest: 'ab' }), { actor: { name: 'ann' } });
    const failing = guard(vault.Generate, DETAILS, ({ note }) => {
      note({ digest: 'cd' });
      note({ digest: 1n as unknown as string });
    });
    await fails(failing, RecordError, 'RECORD_INVALID');
    const outcomes = (await records()).filter(({ phase }) => phase === 'outcome');
    assert.deepEqual(
      outcomes.map(({ details, actor, outcome }) => [details, actor, outcome]),
      [
        [{ alias: 'k1', digest: 'ab' }, { name: 'ann' }, 'success'],
        [{ alias: 'k1', digest: 'cd' }, undefined, 'failure'],
      ],
    );
  });

  test('a signature and objects that the operation makes stand in the outcome', async () => {
    const { guard, records } = await open();
    const made = { signature: { keyAlias: 'k1', value: 'c2ln' }, objects: [{ kind: 'key', id: '7' }] };
    const before = { signature: { keyAlias: 'k1' } };
    await guard(vault.Generate, DETAILS, ({ note }) => note({}, made), before);
    const [, attempt, outcome] = await records();
    assert.deepEqual([attempt?.signature, attempt?.objects], [before.signature, undefined]);
    assert.deepEqual([outcome?.signature, outcome?.objects], [made.signature, made.objects]);
    assert.deepEqual(outcome?.details, DETAILS);
  });

  test('what the caller changes meanwhile is not what was attempted', async () => {
    const { guard, records } = await open();
    const details = { alias: 'k1' };
    await guard(vault.Generate, details, () => {
      details.alias = 'other';
    });
    assert.deepEqual((await records())[2]?.details, DETAILS);
  });

  test('an outcome that the log refuses is sealed in brief', async () => {
    const { guard, records } = await open();
    const refs = Array.from({ length: 256 }, (_, seq) => ({ node: 'elsewhere', seq, why: 'cause' }));
    const settings = { refs, correlation: 'op-7' };
    assert.equal(await guard(vault.Generate, DETAILS, () => 'made', settings), 'made');
    const [, attempt, outcome] = await records();
    assert.equal(attempt?.refs?.length, 256);
    assert.deepEqual(outcome?.refs, [{ node: attempt?.node, seq: 1, why: 'attempt' }]);
    assert.deepEqual(outcome?.flags, ['abridged']);
    assert.deepEqual([outcome?.outcome, outcome?.correlation], ['success', 'op-7']);
  });

  test('many at a time do not mix', async () => {
    const { guard, records } = await open();
    const names = Array.from({ length: 20 }, (_, i) => `k${i}`);
    const results = await Promise.all(
      names.map((alias) => guard(vault.Generate, { alias }, async () => settle(3).then(() => alias))),
    );
    assert.deepEqual(results, names);
    const all = await records();
    assert.equal(all.length, 41);
    for (const outcome of all.filter(({ phase }) => phase === 'outcome')) {
      const attempt = all[outcome.refs?.[0]?.seq as number];
      assert.deepEqual(
        [attempt?.phase, attempt?.correlation, attempt?.details],
        ['attempt', outcome.correlation, outcome.details],
      );
    }
  });

  test('whatever fails, what the caller hears agrees with what is in the log', async () => {
    const faults = (['STORE_UNAVAILABLE', 'STORE_OUTCOME_UNKNOWN', 'STORE_SYNC_FAILED'] as const).flatMap(
      (code) =>
        [false, true].flatMap((applied) =>
          [1, 7].flatMap((times) => [
            { code, applied, times, inside: true },
            { code, applied, times, inside: false },
          ]),
        ),
    );
    const heard = await Promise.all(
      faults.map(async ({ code, applied, times, inside }) => {
        const { guard, store, records } = await open();
        const fault = (): void =>
          store.fail('commit', new StoreError(code, 'made to fail'), { applied, times });
        if (!inside) fault();
        let calls = 0;
        const operation = (): string => {
          calls++;
          if (inside) fault();
          return 'made';
        };
        const answer = await guard(vault.Generate, DETAILS, operation, { deadlineMs: 3_000 }).catch(
          (error: Error) => error,
        );
        const phases = (await records()).map(({ phase }) => phase);
        const what = `${code} ${applied} ${times} ${inside}: ${answer}, ${phases}`;
        assert.equal(phases.filter((phase) => phase === 'attempt').length <= 1, true, what);
        assert.equal(phases.filter((phase) => phase === 'outcome').length <= calls, true, what);
        if (answer instanceof AuditUnavailable) {
          assert.equal(calls, 0, what);
          return 'not started';
        }
        assert.equal(calls, 1, what);
        assert.equal(phases[1], 'attempt', what);
        if (answer instanceof OutcomeUnsealed) {
          assert.deepEqual(answer.done, { result: 'made' }, what);
          return 'not sealed';
        }
        assert.equal(answer, 'made', what);
        assert.equal(phases[2], 'outcome', what);
        return 'made';
      }),
    );
    assert.deepEqual([...new Set(heard)].sort(), ['made', 'not sealed', 'not started']);
  });
}
