import type { AuditLog } from '../audit-log.ts';
import type { ControlClient } from '../client/mod.ts';
import {
  type Authority,
  type AuthorityStatus,
  outcomeOf,
  type StampOutcome,
  Timestamps,
} from '../timestamps/mod.ts';
import { cliUser } from './administer.ts';
import { atDesk, listed } from './anchors-desk.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { counted, utc } from './format.ts';
import type { Output } from './io.ts';
import { safeText } from './safe-text.ts';
import { rootsIn } from './verify-timestamps.ts';

/** The authorities of a log. */
interface Desk {
  set(authority: Authority, actor: string): Promise<void>;
  remove(url: string, actor: string): Promise<void>;
  stamp(): Promise<StampOutcome[]>;
}

/** Sets an authority. Exit code 0 when it is recorded and kept. */
export async function timestampAdd(call: Call): Promise<number> {
  call.expect(1, 1);
  const [url = ''] = call.operands;
  const file = call.text('root');
  const roots = file === undefined ? [] : rootsIn(call.path(file));
  const authority = { url, roots, policy: call.text('policy') ?? null };
  return withDesk(call, async (desk) => {
    await desk.set(authority, cliUser());
    const { io, json } = call;
    if (json) await io.stdout.json({ url, roots: roots.length, policy: authority.policy });
    else {
      await io.stdout.line(`${safeText(url)} dates the log from now on, once an hour while a server runs.`);
      if (roots.length === 0) {
        await io.stdout.line(
          'Without --root nobody vouches for it: its time stamps are kept, but stand on no known certificate.',
        );
      }
    }
    return EXIT.ok;
  });
}

export async function timestampRemove(call: Call): Promise<number> {
  call.expect(1, 1);
  const [url = ''] = call.operands;
  return withDesk(call, async (desk) => {
    await desk.remove(url, cliUser());
    await (call.json
      ? call.io.stdout.json({ url })
      : call.io.stdout.line(`${safeText(url)} is asked no more. The time stamps it gave are kept.`));
    return EXIT.ok;
  });
}

export async function timestampList(call: Call): Promise<number> {
  call.expect(0, 0);
  const authorities = await listed(
    call,
    (client) => client.timestamps(),
    (log) => new Timestamps(log).list(),
  );
  if (call.json) await call.io.stdout.json({ authorities });
  else for (const line of listLines(authorities, call.io.stdout)) await call.io.stdout.line(line);
  return EXIT.ok;
}

/** Exit code 1 when an authority gave no time stamp that holds, or none is set. */
export async function timestampNow(call: Call): Promise<number> {
  call.expect(0, 0);
  return withDesk(call, async (desk) => {
    const outcomes = await desk.stamp();
    const { stdout } = call.io;
    if (call.json) await stdout.json({ outcomes });
    else for (const line of outcomes.map((outcome) => outcomeLine(outcome, stdout))) await stdout.line(line);
    if (outcomes.length === 0 && !call.json) await stdout.line(NONE);
    return outcomes.length > 0 && outcomes.every((outcome) => !('error' in outcome)) ? EXIT.ok : EXIT.refused;
  });
}

const NONE = 'No time stamp authority is set: "tallystick timestamp add URL --root FILE" sets one.';

function listLines(authorities: readonly AuthorityStatus[], out: Output): string[] {
  if (authorities.length === 0) return [NONE];
  return authorities.flatMap(({ url, policy, roots, tokens, newest, overdue, renewal, failing }) => {
    const lines = [
      `${out.style('bold', safeText(url))}${overdue ? `  ${out.style('yellow', 'overdue')}` : ''}`,
      newest === null
        ? '  no time stamp yet'
        : `  ${counted(tokens, 'time stamp')}, the newest of ${utc(newest.genTime)} over ${counted(newest.size, 'record')}`,
      roots.length === 0
        ? '  no root certificate: nobody vouches for it'
        : `  believed through ${roots.map((root) => root.slice(0, 16)).join(', ')}…`,
    ];
    if (policy !== null) lines.push(`  policy ${safeText(policy)}`);
    if (renewal !== null) lines.push(`  to be renewed from ${utc(renewal.at)} on (${renewal.why})`);
    if (failing !== null) {
      lines.push(
        `  ${out.style('red', 'failing')} ${counted(failing.times, 'time')}: ${safeText(failing.message)}`,
      );
    }
    return lines;
  });
}

function outcomeLine(outcome: StampOutcome, out: Output): string {
  if ('error' in outcome) {
    const { code, message } = outcome.error;
    return `${out.style('red', 'FAIL')}  ${safeText(message)} (${code})`;
  }
  const { url, size, notLaterThan, by, trust } = outcome;
  const vouched = trust === 'none' ? '; no root certificate is set, so nobody vouches for it' : '';
  return `${safeText(url)}: ${counted(size, 'record')} existed by ${utc(notLaterThan)}, says ${safeText(by)}${vouched}`;
}

function withDesk(call: Call, work: (desk: Desk) => Promise<number>): Promise<number> {
  return atDesk(call, ofServer, ofLog, work);
}

function ofServer(client: ControlClient): Desk {
  return {
    set: (authority, actor) => client.setAuthority(authority, actor),
    remove: (url, actor) => client.removeAuthority(url, actor),
    stamp: () => client.stampNow(),
  };
}

function ofLog(log: AuditLog): Desk & { close(): Promise<void> } {
  const timestamps = new Timestamps(log);
  return {
    set: (authority, actor) => timestamps.set(authority, actor),
    remove: (url, actor) => timestamps.remove(url, actor),
    stamp: async () => (await timestamps.stamp()).map(outcomeOf),
    close: () => timestamps.close(),
  };
}
