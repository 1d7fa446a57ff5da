import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

export type TimeSync = 'synchronised' | 'unsynchronised' | 'unknown';

/** How the system clock is kept right is asked of whatever answers first, without special rights. */
interface Witness {
  readonly command: string;
  readonly args: readonly string[];
  /** What its answer means; unknown when it can't tell. */
  read(answer: string): TimeSync;
}

/** Touched by systemd-timesyncd once it has synchronised the clock since boot (systemd-timesyncd.service(8)). */
const TIMESYNCD = '/run/systemd/timesync/synchronized';
const DEADLINE_MS = 2_000;

export const WITNESSES: readonly Witness[] = [
  {
    command: 'timedatectl',
    args: ['show', '--property=NTPSynchronized', '--value'],
    read: (answer) => meaning(/^yes$/m, /^no$/m, answer),
  },
  {
    command: 'chronyc',
    args: ['-n', 'tracking'],
    read: (answer) =>
      meaning(/^Leap status\s*: (?:Normal|Insert second|Delete second)$/m, /: Not synchronised$/m, answer),
  },
  {
    command: 'ntpq',
    args: ['-n', '-c', 'rv 0 leap'],
    read: (answer) => meaning(/\bleap=0?[012]\b|\bleap=(?:00|01|10)\b/, /\bleap=(?:3|03|11)\b/, answer),
  },
];

const run = promisify(execFile);

/**
 * Whether this machine's clock is kept in step with a time source, as far as that can be known: from systemd, chrony or
 * ntpd. Elsewhere, and in most containers, it is unknown. Does not reject.
 */
export async function timeSync(
  ask: (command: string, args: readonly string[]) => Promise<string> = askCommand,
  flag: string = TIMESYNCD,
): Promise<TimeSync> {
  if (existsSync(flag)) return 'synchronised';
  for (const { command, args, read } of WITNESSES) {
    try {
      const answer = read(await ask(command, args));
      if (answer !== 'unknown') return answer;
    } catch {
      // Not installed, not running, or not allowed: the next one may know.
    }
  }
  return 'unknown';
}

async function askCommand(command: string, args: readonly string[]): Promise<string> {
  const options = {
    timeout: DEADLINE_MS,
    maxBuffer: 64 * 1024,
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  };
  return (await run(command, args, options)).stdout;
}

function meaning(good: RegExp, bad: RegExp, answer: string): TimeSync {
  if (bad.test(answer)) return 'unsynchronised';
  return good.test(answer) ? 'synchronised' : 'unknown';
}
