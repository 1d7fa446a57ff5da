import {
  ANCHORS,
  type Anchor,
  type Attack,
  type Cell,
  type Expected,
  MEDIA,
  type Medium,
} from '../../src/cli/demo/attacks.ts';
import type { Scene } from '../../src/cli/demo/scene.ts';
import { copyOf } from '../../src/store/stored-log.ts';
import { anchorsOf, type Held } from './anchors.ts';
import type { Place, Verdict } from './media.ts';

/** A verification, what had to come of it, and what came. */
export interface Outcome {
  readonly attack: Attack;
  readonly cell: Cell;
  readonly expected: Expected | null;
  readonly found: Verdict;
  readonly isRight: boolean;
}

/** Makes an attack on a record of a log in every medium, and verifies what is there with every anchor. */
export async function* tryAttack(
  attack: Attack,
  at: number,
  scene: Scene,
  places: Readonly<Record<Medium, Place>>,
  anchors: Readonly<Record<Anchor, Held>>,
  which: readonly Anchor[] = ANCHORS,
): AsyncGenerator<Outcome> {
  const { whole, older } = scene;
  for (const medium of attack.media ?? MEDIA) {
    const copy = copyOf(whole);
    const isThere = (await attack.alter(copy, at, scene)) !== null;
    const verify = await places[medium].put(isThere ? copy : null);
    const held = attack.fromTheStart === true ? await anchorsOf(scene, copy) : anchors;
    const base = {
      at,
      size: whole.head.size,
      older: older.head.size,
      kept: places[medium].kept(whole),
      medium,
    };
    // What was false from the start was pinned as it is.
    const now = attack.fromTheStart === true ? whole.head.size : copy.head.size;
    for (const anchor of which) {
      if (attack.fromTheStart === true && anchor === 'old pin') continue;
      const cell: Cell = { ...base, anchor };
      const expected = attack.finds(cell);
      const found = await verify(held[anchor], attack.deep === true);
      yield { attack, cell, expected, found, isRight: isAsExpected(found, expected, cell, now) };
    }
  }
}

/**
 * The finding is there, with its place. Where nothing can be found nothing is, and the report says what it lacks.
 *
 * @param now size of what is there, as far as that is not what was pinned.
 */
function isAsExpected(
  { verdict, findings, notChecked }: Verdict,
  expected: Expected | null,
  { anchor, medium, size, older }: Cell,
  now: number,
): boolean {
  if (expected !== null) {
    const [code, from, to] = expected;
    return findings.some((each) => each.code === code && each.from === from && each.to === to);
  }
  const isSaid = (what: string): boolean => notChecked.some((each) => each.what.includes(what));
  // That a pin was of no use is said of evidence: no pass, and no accusation.
  const isUncompared = medium === 'evidence' && findings[0]?.code === 'not-compared';
  if (verdict !== (isUncompared ? 'not-compared' : 'intact')) return false;
  if (findings.length > (isUncompared ? 1 : 0)) return false;
  if (anchor === 'none' || anchor === 'key') return isSaid('an outside anchor') || isSaid('everything');
  // Of a size beyond its own, evidence has nothing to hold a pin against.
  if (medium !== 'evidence' || anchor === 'witness') return true;
  return (anchor === 'old pin' ? older : size) <= now || isSaid('as it was pinned');
}

/** The outcome in a line, for whoever reads that it is not right. */
export function told({ attack, cell, expected, found }: Outcome): string {
  const { at, size, medium, anchor } = cell;
  const findings = found.findings.slice(0, 5).map(({ code, from, to }) => `${code} ${from}-${to}`);
  const place = `${attack.number} ${attack.title}, record ${at} of ${size}, ${medium}, ${anchor}`;
  return `${place}: expected ${expected?.join(' ') ?? 'nothing'}, found ${found.verdict} ${findings.join(', ')}`;
}
