import type { Signer } from '../../src/crypto/signer.ts';
import type { AuditRecord } from '../../src/record/mod.ts';
import { ecdsa, ed25519, vkeyOf } from './keys.ts';
import { genesis, keyChange, ORIGIN, standBy, VectorLog } from './log.ts';

export async function keyHistoryVectors(): Promise<unknown> {
  const [a, b, c, eve] = ['A', 'B', 'C', 'Eve'].map(ed25519) as [Signer, Signer, Signer, Signer];
  const d = ecdsa('D');
  const vkeys = (...signers: Signer[]): string[] => signers.map((each) => vkeyOf(each, ORIGIN));
  const cases: unknown[] = [];
  const add = async (
    name: string,
    steps: readonly (readonly [number, Partial<AuditRecord>, readonly Signer[]])[],
    eras: unknown,
    first: readonly Signer[] = [a],
  ): Promise<void> => {
    const log = new VectorLog();
    await log.seal(1, genesis(first), first);
    for (const [records, last, by] of steps) await log.seal(records, last, by);
    cases.push({ name, entries: log.entries, checkpoints: [...log.notes.values()], eras });
  };
  const era = (from: number, to: number | null, keys: readonly string[], takenOver = false): unknown => ({
    from,
    to,
    keys,
    takenOver,
  });
  await add('no change', [[2, {}, [a]]], [era(0, null, vkeys(a))]);
  await add(
    'a change, signed by both keys',
    [
      [2, {}, [a]],
      [1, keyChange([b], a), [a, b]],
      [2, {}, [b]],
    ],
    [era(0, 4, vkeys(a)), era(4, null, vkeys(b))],
  );
  await add(
    'from one key to two',
    [
      [1, keyChange([a, d], a), [a, d]],
      [1, {}, [a, d]],
    ],
    [era(0, 2, vkeys(a)), era(2, null, vkeys(a, d))],
  );
  await add(
    'no change: the key before has not signed',
    [
      [1, keyChange([b], a), [b]],
      [1, {}, [b]],
    ],
    [era(0, null, vkeys(a))],
  );
  await add('no change: the new key has not signed', [[1, keyChange([b], a), [a]]], [era(0, null, vkeys(a))]);
  await add(
    'no change: it names another key before',
    [[1, keyChange([b], c), [a, b]]],
    [era(0, null, vkeys(a))],
  );
  await add(
    'no change: the record is not the last of the tree',
    [
      [1, keyChange([b], a), [a]],
      [1, {}, [a, b]],
    ],
    [era(0, null, vkeys(a))],
  );
  await add(
    'a stand-by is announced, and takes over',
    [
      [1, standBy([c]), [a, c]],
      [2, {}, [a]],
      [1, keyChange([c], a, { standBy: true }), [c]],
      [1, {}, [c]],
    ],
    [era(0, 5, vkeys(a)), era(5, null, vkeys(c), true)],
  );
  await add(
    'no take-over: the key never stood by',
    [[1, keyChange([eve], a, { standBy: true }), [eve]]],
    [era(0, null, vkeys(a))],
  );
  await add(
    'no take-over: the stand-by did not sign its announcement',
    [
      [1, standBy([c]), [a]],
      [1, keyChange([c], a, { standBy: true }), [c]],
    ],
    [era(0, null, vkeys(a))],
  );
  return { origin: ORIGIN, cases };
}
