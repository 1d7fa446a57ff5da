import { ageText } from '../anchors/age.ts';
import type { ControlClient } from '../client/mod.ts';
import { alarmText, Witnesses, type WitnessOutcome, type WitnessStatus } from '../witness/client/mod.ts';
import { cliUser } from './administer.ts';
import { atDesk, listed } from './anchors-desk.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { counted, utc } from './format.ts';
import type { Output } from './io.ts';
import { safeText } from './safe-text.ts';

/** The witnesses of a log. */
interface Desk {
  add(url: string, vkey: string, actor: string): Promise<void>;
  remove(name: string, actor: string): Promise<void>;
  ask(): Promise<WitnessOutcome[]>;
}

/** Exit code 0 when it is recorded and kept. */
export async function witnessAdd(call: Call): Promise<number> {
  call.expect(2, 2);
  const [url = '', vkey = ''] = call.operands;
  return withDesk(call, async (desk) => {
    await desk.add(url, vkey, cliUser());
    const { io, json } = call;
    if (json) await io.stdout.json({ url, vkey });
    else {
      await io.stdout.line(`${safeText(url)} is shown the log from now on, while a server runs.`);
      await io.stdout.line(
        '"tallystick witness ask" shows it now; the witness must know the log by its key.',
      );
    }
    return EXIT.ok;
  });
}

export async function witnessRemove(call: Call): Promise<number> {
  call.expect(1, 1);
  const [name = ''] = call.operands;
  return withDesk(call, async (desk) => {
    await desk.remove(name, cliUser());
    await (call.json
      ? call.io.stdout.json({ name })
      : call.io.stdout.line(`${safeText(name)} is asked no more. What it has cosigned is kept.`));
    return EXIT.ok;
  });
}

export async function witnessList(call: Call): Promise<number> {
  call.expect(0, 0);
  const { stdout } = call.io;
  const list = await listed(
    call,
    (client) => client.witnesses(),
    (log) => new Witnesses(log).list(),
  );
  if (call.json) await stdout.json(list);
  else if (list.length === 0) await stdout.line('No witness is set: "tallystick witness add" sets one.');
  else for (const line of list.flatMap((status) => statusLines(status, stdout))) await stdout.line(line);
  return EXIT.ok;
}

/** Exit code 1 when one has not cosigned, or was put back itself. */
export async function witnessAsk(call: Call): Promise<number> {
  call.expect(0, 0);
  return withDesk(call, async (desk) => {
    const outcomes = await desk.ask();
    const { stdout } = call.io;
    if (call.json) await stdout.json(outcomes);
    else if (outcomes.length === 0)
      await stdout.line('No witness is set: "tallystick witness add" sets one.');
    else for (const line of outcomes.flatMap((each) => outcomeLines(each, stdout))) await stdout.line(line);
    const isSound = (each: WitnessOutcome): boolean => each.result === 'cosigned' && each.alarm === undefined;
    return outcomes.every(isSound) ? EXIT.ok : EXIT.refused;
  });
}

function statusLines({ name, url, newest, failing, alarms }: WitnessStatus, out: Output): string[] {
  const seen =
    newest === null
      ? 'has cosigned nothing yet'
      : `cosigned ${counted(newest.size, 'record')} at ${utc(newest.time * 1_000)}, ${ageText(newest.ageMs)} ago`;
  const where = url === null ? 'removed; what it has proven stays' : safeText(url);
  const lines = [`${out.style('bold', safeText(name))} ${seen}`, out.style('dim', `  ${where}`)];
  if (failing !== null) {
    lines.push(
      `  ${out.style('red', 'failing')} ${counted(failing.times, 'time')}: ${safeText(failing.message)}`,
    );
  }
  for (const alarm of alarms) {
    lines.push(`  ${alarmMark(out)} ${utc(alarm.time)}: ${safeText(alarmText(alarm))}`);
  }
  return lines;
}

function outcomeLines(outcome: WitnessOutcome, out: Output): string[] {
  if (outcome.result === 'failed') {
    return [`${out.style('red', 'FAIL')}  ${safeText(outcome.message)} (${outcome.code})`];
  }
  const { name, size, alarm } = outcome;
  const alarms = alarm === undefined ? [] : [`${alarmMark(out)} ${safeText(alarmText(alarm))}`];
  if (outcome.result === 'alarm') return alarms;
  return [`${safeText(name)} cosigned ${counted(size, 'record')} at ${utc(outcome.time * 1_000)}`, ...alarms];
}

function alarmMark(out: Output): string {
  return out.style(['red', 'bold'], 'ALARM');
}

function withDesk(call: Call, work: (desk: Desk) => Promise<number>): Promise<number> {
  return atDesk(call, ofServer, (log) => new Witnesses(log), work);
}

function ofServer(client: ControlClient): Desk {
  return {
    add: (url, vkey, actor) => client.addWitness(url, vkey, actor),
    remove: (name, actor) => client.removeWitness(name, actor),
    ask: () => client.askWitnesses(),
  };
}
