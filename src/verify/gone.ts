import { nodeOf, parseCheckpoint, parseNote } from '../checkpoint/mod.ts';
import { toHex } from '../crypto/bytes.ts';
import { placeOf, witnessesOf } from './cosigned.ts';
import { KeyPolicy } from './policy.ts';
import type { Run } from './run.ts';
import { counted } from './words.ts';

/**
 * Of a log that has no sealed state: checkpoints that somebody outside has seen, signed by a given key or cosigned by a
 * witness of the policy, show that it had one. The largest says it all.
 */
export async function checkGone(run: Run): Promise<void> {
  const { dated = [], logKeys = [], node } = run.options;
  const keys = [...(run.options.keys ?? []), ...logKeys];
  const { notes, policy } = run.cosigned;
  // What a pin has missed is said already.
  const missed = run.findings.failed ? (run.options.pin?.size ?? 0) : 0;
  const held = [...notes, ...dated.map(({ note }) => note)]
    .map((note) => ({ note, ...parseCheckpoint(parseNote(note).text) }))
    .filter(({ origin, size }) => size > missed && (node === undefined || nodeOf(origin) === node))
    .sort((a, b) => b.size - a.size);
  if (held.length === 0) return;
  const outside = `${counted(held.length, 'checkpoint')} held outside`;
  if (run.findings.list().some(({ code }) => code === 'bad-checkpoint')) {
    run.skip(outside, 'the log has a head that is none');
    return;
  }
  for (const { note, origin, size, root } of held) {
    const quorum = policy && (await witnessesOf(note, policy));
    if (quorum === null && !(await isSigned(note, origin, size, keys))) continue;
    run.findings.add({
      ...{ code: 'truncated', from: 0, to: size, size, notes: [note] },
      ...{ expected: `${size} records, root ${toHex(root)}`, actual: 'no sealed state' },
      message: `${placeOf({ quorum })} shows that ${size} records were sealed; the log has none now`,
    });
    return;
  }
  const why =
    keys.length === 0
      ? 'no key was given, and the log names none'
      : 'signed by no key given: that says nothing of this log';
  run.skip(outside, why);
}

async function isSigned(
  note: string,
  origin: string,
  size: number,
  keys: readonly string[],
): Promise<boolean> {
  if (keys.length === 0) return false;
  const policy = await KeyPolicy.of(null, { origin, size }, undefined, [keys]);
  return (await policy.open(note, size)).result === 'good';
}
