import { readFileSync } from 'node:fs';
import {
  checkQuorum,
  isSameDemand,
  type Pin,
  type Policy,
  parseCheckpoint,
  parseNote,
  parsePolicy,
} from '../checkpoint/mod.ts';
import { TallystickError, UsageError } from '../errors.ts';
import type { LogStore } from '../store/store.ts';
import { finding } from '../verify/findings.ts';
import type { CosignedCheckpoints, Finding, Report } from '../verify/mod.ts';
import {
  alarmText,
  fetchHeld,
  readCosigned,
  shownByAlarms,
  unprovenAlarms,
  witnessPrefix,
} from '../witness/client/mod.ts';
import type { Call } from './command.ts';
import { counted, grouped, utc } from './format.ts';
import type { Output } from './io.ts';
import { safeText } from './safe-text.ts';

/** The policy that was named, or null. Throws `ProofError` POLICY_INVALID, `UsageError` FILE_UNREADABLE. */
export function policyOf(call: Call): Policy | null {
  const file = call.text('policy');
  return file === undefined ? null : parsePolicy(read(call.path(file)));
}

/**
 * Which witnesses are demanded: those of the policy named and of the pin, which have to be the same, for nothing that is
 * given takes from what else is. Throws a usage error where they are not.
 */
export function demandedPolicy(call: Call, named: Policy | null, pin: Pin | null): Policy | null {
  const pinned = pinnedPolicy(pin);
  if (named === null || pinned === null || isSameDemand(named, pinned)) return named ?? pinned;
  throw call.usage(
    `--policy demands other witnesses than the pin of ${pin?.origin}: leave it out, or begin a pin with it (pin create --policy FILE)`,
  );
}

/** The policy that a pin holds, or null. */
export function pinnedPolicy(pin: Pin | null): Policy | null {
  return pin?.policy === undefined ? null : parsePolicy(pin.policy);
}

/**
 * The cosigned checkpoints of a log: those that it keeps, those with which witnesses have contradicted it, and the one that was
 * named, from a file or from the witness itself. To be read before the head is: one that is larger than the head is then no race. Throws `UsageError`
 * FILE_UNREADABLE, `WitnessError` WITNESS_UNAVAILABLE, `ProofError` NOTE_INVALID for one that is no checkpoint.
 */
export async function cosignedOf(
  call: Call,
  policy: Policy | null,
  { node, store, origin }: { node: string; store: LogStore | null; origin: string | null },
): Promise<CosignedCheckpoints> {
  const state = await stateOf(store, node);
  const kept = [...shownByAlarms(state, node), ...readCosigned(state, node).map(({ note }) => note)];
  const named = call.text('cosigned');
  if (named === undefined) return { notes: kept, policy };
  const note = /^https?:\/\//.test(named)
    ? await fetchHeld(named, origin)
    : new TextDecoder().decode(read(call.path(named)));
  try {
    parseCheckpoint(parseNote(note).text);
  } catch (cause) {
    if (!(cause instanceof TallystickError)) throw cause;
    throw new UsageError('FILE_UNREADABLE', `${named} is no signed checkpoint: ${cause.message}`, { cause });
  }
  return { notes: [note, ...kept], policy };
}

/**
 * What a log's state holds against it: the checkpoints with which witnesses have contradicted it, and with a policy the largest
 * that its quorum has cosigned, with those above it: what is needed to know whether there is one. All of them when there is
 * none. Nothing without either.
 */
export async function heldInState(
  store: LogStore | null,
  node: string,
  policy: Policy | null,
): Promise<CosignedCheckpoints | undefined> {
  const state = await stateOf(store, node);
  const shown = shownByAlarms(state, node);
  if (policy === null) return shown.length === 0 ? undefined : { notes: shown, policy };
  const kept = readCosigned(state, node).map(({ note }) => note);
  for (const [i, note] of kept.entries()) {
    if (await isReached(note, policy)) return { notes: [...shown, ...kept.slice(0, i + 1)], policy };
  }
  return { notes: [...shown, ...kept], policy };
}

/**
 * What witnesses say against a log and have not proven, for whoever verifies it: it does not change the verdict, since any
 * witness can say anything. What is proven is an anchor, by which the log is judged.
 */
export async function alarmNotices(store: LogStore | null, node: string): Promise<readonly Finding[]> {
  return unprovenAlarms(await stateOf(store, node), node).map((alarm) => {
    const { seen, own, size } = alarm;
    const { size: to } = parseCheckpoint(parseNote(own).text);
    const notes = seen === null ? [own] : [own, seen];
    return finding({ code: 'witness-alarm', from: 0, to, size, notes, message: alarmText(alarm) });
  });
}

async function stateOf(store: LogStore | null, node: string): Promise<ReadonlyMap<string, string>> {
  return store === null ? new Map() : store.state(witnessPrefix(node));
}

async function isReached(note: string, policy: Policy): Promise<boolean> {
  try {
    return (await checkQuorum(note, policy)).holds;
  } catch (error) {
    // What is wrong with it is found where it is held against the log.
    if (error instanceof TallystickError && error.code === 'NOTE_UNTRUSTED') return false;
    throw error;
  }
}

/** Keys that a policy names for a log; none when it names no logs at all. Throws `UsageError` USAGE when it names others. */
export function policyKeys(call: Call, policy: Policy | null, origin: string | null): readonly string[] {
  if (policy === null || policy.logs.length === 0 || origin === null) return [];
  const keys = policy.logs.flatMap(({ key }) => (key.name === origin ? key.vkey : []));
  if (keys.length > 0) return keys;
  const names = policy.logs.map(({ key }) => key.name).join(', ');
  throw call.usage(`the policy is about ${names}; this log calls itself ${origin}`);
}

/** Whether a policy demands a quorum that there is, and nothing could be held against what it has cosigned. */
function isUntold({ verdict, witnessed }: Report): boolean {
  return verdict === 'not-compared' && witnessed !== null && witnessed.covered === null;
}

/** How far witnesses vouch for the log, and what is beyond. */
export function witnessedLines(report: Report, out: Output): string[] {
  const { witnessed, size, verdict } = report;
  if (witnessed === null) return [];
  if (isUntold(report))
    return [`  ${out.style('yellow', 'whether witnesses vouch for it could not be told')}`];
  const { covered, beyond } = witnessed;
  if (covered === null) return [`  ${out.style('red', 'no quorum of witnesses vouches for what is here')}`];
  const names = covered.witnesses.map(({ name, time }) => `${safeText(name)} (${utc(time * 1_000)})`);
  const rest =
    beyond === 0
      ? 'which is all there is'
      : `${counted(beyond, 'record')} behind them ${beyond === 1 ? 'is' : 'are'} not covered yet`;
  const whole = beyond === 0 ? `all ${grouped(size)}` : `the first ${grouped(covered.size)}`;
  // For what was sealed, that is: not for what has become of it since.
  const what = verdict !== 'not-intact' ? `${whole} records` : `${whole} records as they were sealed,`;
  return [
    `  witnesses vouch for ${what} since ${utc(covered.by * 1_000)}; ${rest}`,
    `  cosigned by ${names.join(', ')}`,
  ];
}

/** Throws `UsageError` FILE_UNREADABLE. */
export function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError('FILE_UNREADABLE', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
