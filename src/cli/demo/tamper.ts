import { TallystickError } from '../../errors.ts';
import { copyOf } from '../../store/stored-log.ts';
import type { Finding, Report } from '../../verify/mod.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit.ts';
import { Progress } from '../progress.ts';
import { safeText } from '../safe-text.ts';
import { ACTS, type Act } from './acts.ts';
import { ATTACKS, type Attack, type Cell, type Expected } from './attacks.ts';
import { examine } from './examine.ts';
import { AT, OLDER, Scene, SIZE, tamper } from './scene.ts';

/** A line of the answer. */
interface Row {
  readonly number: number;
  readonly attack: string;
  /** What shows it without anything from outside; null when nothing can. */
  readonly alone: string | null;
  /** What shows it with the pin. */
  readonly pinned: string;
  /** Whether everything came as it must. */
  readonly caught: boolean;
}

/** What is tried here of the table: one place, in a store, with nothing and with a pin. */
const CELL = { at: AT, size: SIZE, older: OLDER, medium: 'SQLite' } as const;

/** Alters copies of a log in every way of the table of attacks, and holds what the verifier finds against what it must. */
export async function demoTamper(call: Call): Promise<number> {
  call.expect(0, 0);
  const { io } = call;
  // Those that a store can't show even with a pin are of the matrix in docs/attacks.md.
  const shown = ATTACKS.filter((attack) => (attack.media ?? [CELL.medium]).includes(CELL.medium));
  const all = [...shown.filter(isCaught), ...ACTS].sort((a, b) => a.number - b.number);
  const progress = new Progress(io, 'tampering');
  const scene = await Scene.make();
  const rows: Row[] = [];
  try {
    await checkUntouched(scene);
    for (const each of all) {
      io.signal.throwIfAborted();
      rows.push(await ('alter' in each ? runAttack(each, scene) : runAct(each, scene)));
      progress.update(rows.length, all.length);
    }
  } finally {
    progress.clear();
    scene.remove();
  }
  const missed = rows.filter(({ caught }) => !caught).length;
  if (call.json) await io.stdout.json({ records: SIZE, attacks: rows, missed });
  else await showRows(call, rows, missed);
  return missed === 0 ? EXIT.ok : EXIT.refused;
}

/** Without this, everything below would prove nothing. */
async function checkUntouched(scene: Scene): Promise<void> {
  const { verdict, findings } = await examine(scene.data, { pin: scene.pin(), deep: true });
  if (verdict === 'intact' && findings.length === 0) return;
  throw new TallystickError('INTERNAL', `a log that nobody touched does not verify: ${findings[0]?.message}`);
}

async function runAttack(attack: Attack, scene: Scene): Promise<Row> {
  const data = scene.copy();
  const copy = copyOf(scene.whole);
  const isThere = (await attack.alter(copy, AT, scene)) !== null;
  tamper(data, (store) => store.replace(isThere ? copy : null));
  const deep = attack.deep === true;
  const alone = await examine(data, { deep });
  const pinned = await examine(data, { deep, pin: scene.pin() });
  const kept = scene.whole.checkpoints.map(({ size }) => size);
  const expectedAlone = attack.finds({ ...CELL, kept, anchor: 'none' });
  const expectedPinned = attack.finds({ ...CELL, kept, anchor: 'pin' });
  const [foundAlone, foundPinned] = [matching(alone, expectedAlone), matching(pinned, expectedPinned)];
  // Where nothing in the log can show it, saying that something is wrong would be a false alarm.
  const isRight = expectedAlone === null ? alone.verdict === 'intact' : foundAlone !== null;
  return {
    number: attack.number,
    attack: attack.title,
    alone: foundAlone === null ? null : told(foundAlone, deep),
    pinned:
      foundPinned === null
        ? `MISSED: ${pinned.verdict}`
        : told(foundPinned, deep && foundPinned.code === foundAlone?.code),
    caught: isRight && foundPinned !== null,
  };
}

async function runAct(act: Act, scene: Scene): Promise<Row> {
  const { number, title: attack } = act;
  let stopped: string | null;
  try {
    stopped = await act.attempt(scene);
  } catch (error) {
    // The search index is an optional part.
    if (!(error instanceof TallystickError) || error.code !== 'INDEX_UNAVAILABLE') throw error;
    return { number, attack, alone: null, pinned: `not tried: ${error.message}`, caught: true };
  }
  return { number, attack, alone: stopped, pinned: stopped ?? 'MISSED', caught: stopped !== null };
}

function isCaught(attack: Attack): boolean {
  const cell: Cell = { ...CELL, kept: [], anchor: 'pin' };
  return attack.finds(cell) !== null;
}

function matching({ findings }: Report, expected: Expected | null): Finding | null {
  if (expected === null) return null;
  const [code, from, to] = expected;
  return findings.find((f) => f.code === code && f.from === from && f.to === to) ?? null;
}

function told({ code, from, to }: Finding, deep: boolean): string {
  const place = to - from === 1 ? `at ${from}` : `at ${from} to ${to - 1}`;
  return `${code} ${place}${deep ? ', with --deep' : ''}`;
}

async function showRows({ io: { stdout } }: Call, rows: readonly Row[], missed: number): Promise<void> {
  const wide = Math.max(...rows.map(({ attack }) => attack.length));
  const none = 'nothing can show it';
  const middle = Math.max(none.length, ...rows.map(({ alone }) => alone?.length ?? 0));
  const title = `${'#'.padStart(2)}  ${'what was done'.padEnd(wide)}  ${'with the log alone'.padEnd(middle)}  with a pin kept elsewhere`;
  await stdout.line(stdout.style('dim', title));
  for (const { number, attack, alone, pinned, caught } of rows) {
    const left = (alone ?? none).padEnd(middle);
    const shown = `${String(number).padStart(2)}  ${attack.padEnd(wide)}  ${alone === null ? stdout.style('dim', left) : left}  `;
    await stdout.line(`${shown}${stdout.style(caught ? 'green' : 'red', safeText(pinned))}`);
  }
  const outside = rows.filter(({ alone }) => alone === null).length;
  const verdict =
    missed === 0
      ? stdout.style('green', 'all caught')
      : stdout.style('red', `${missed} NOT CAUGHT AS THEY MUST`);
  await stdout.line(`
${rows.length} ways, ${verdict}; ${outside} of them only because a checkpoint was kept elsewhere ("tallystick verify" keeps one).
The numbers are those of the table of attacks in docs/attacks.md; positions are records of a log of ${SIZE}.
An event that no one ever sends (14) is in no log: what helps is to record before acting, and not to act without a
receipt; the log then refuses, as above, and never pretends.`);
}
