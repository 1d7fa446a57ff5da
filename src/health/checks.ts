import { statfs } from 'node:fs/promises';
import type { TallystickError } from '../errors.ts';
import type { TokenStatus } from '../tokens/mod.ts';
import { type Expiring, stageOf } from './expiry.ts';
import type { Condition, HealthCheck } from './health.ts';
import type { SelfTests } from './self-tests.ts';
import { type TimeSync, timeSync } from './time-sync.ts';

/** Whether the log seals, by what happened to its last batch. */
export function sealCheck(
  log: { readonly trouble: { readonly error: TallystickError; readonly since: number } | null },
  stopped: () => TallystickError | null,
): HealthCheck {
  return {
    name: 'seal',
    check: () => {
      const reason = stopped();
      if (reason !== null) {
        return failed(`the log has stopped and takes nothing until it is opened again: ${reason.message}`);
      }
      const { trouble } = log;
      if (trouble === null) return ok('the last batch was sealed');
      return { ...failed(trouble.error.message), since: Math.floor(trouble.since) };
    },
  };
}

export function selfTestsCheck(tests: SelfTests): HealthCheck {
  return {
    name: 'self-tests',
    check: () => {
      const { last } = tests;
      if (last === null) return { state: 'unknown', detail: 'they have not run' };
      const problems = last.tests.filter(({ problem }) => problem !== null);
      const names = last.tests.map(({ name }) => name).join(', ');
      if (problems.length === 0) return { ...ok(`passed: ${names}`), since: last.at };
      const told = problems.map(({ name, problem }) => `${name}: ${problem}`).join('; ');
      return { ...failed(`${told}. When it is put right: tallystick self-test`), since: last.at };
    },
  };
}

/** @param sealing names of the tokens that hold sealing keys: without them nothing can be sealed. */
export function tokensCheck(
  tokens: () => readonly { readonly name: string; readonly status: () => Promise<TokenStatus> }[],
  sealing: () => readonly string[],
): HealthCheck {
  return {
    name: 'tokens',
    check: async () => {
      const all = await Promise.all(
        tokens().map(async ({ name, status }) => ({ name, problem: await problemOf(status) })),
      );
      const away = all.filter(({ problem }) => problem !== null);
      if (away.length === 0) return ok(`active: ${all.map(({ name }) => name).join(', ') || 'none'}`);
      const detail = away.map(({ name, problem }) => `${name}: ${problem}`).join('; ');
      return away.some(({ name }) => sealing().includes(name)) ? failed(detail) : warning(detail);
    },
  };
}

/** Why a token can't be used now, or null. */
async function problemOf(status: () => Promise<TokenStatus>): Promise<string | null> {
  try {
    const found = await status();
    return found.state === 'active' ? null : found.reason;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Told at most this old, ms: asking starts a program. */
const SYNC_AGE_MS = 60_000;

export function timeSyncCheck(ask: () => Promise<TimeSync> = timeSync): HealthCheck {
  let asked: { readonly at: number; readonly answer: Promise<TimeSync> } | null = null;
  return {
    name: 'time-sync',
    check: async () => {
      if (asked === null || performance.now() - asked.at > SYNC_AGE_MS)
        asked = { at: performance.now(), answer: ask() };
      const answer = await asked.answer;
      if (answer === 'synchronised') return ok('the clock is kept in step with a time source');
      if (answer === 'unsynchronised')
        return warning('the clock is not in step with a time source; see chronyc, ntpq or timedatectl');
      return { state: 'unknown', detail: 'nothing here tells whether the clock is kept in step' };
    },
  };
}

const MIB = 1024 * 1024;
const LITTLE_BYTES = 1024 * MIB;
/** Less than a batch and the store's own files may need. Whether records are refused already, the seal says. */
const TOO_LITTLE_BYTES = 64 * MIB;

export function diskCheck(
  directory: string,
  free: (path: string) => Promise<number> = freeBytes,
): HealthCheck {
  return {
    name: 'disk',
    check: async () => {
      const bytes = await free(directory);
      const detail = `${Math.floor(bytes / MIB).toLocaleString('en-US')} MiB free for ${directory}`;
      if (bytes < TOO_LITTLE_BYTES) return warning(`${detail}; free some now`);
      return bytes < LITTLE_BYTES ? warning(`${detail}; free some before it is full`) : ok(detail);
    },
  };
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Records that the index may be behind without a word: it takes them in seconds. */
const BEHIND = 100_000;

export function indexCheck(position: () => Promise<number>, size: () => number): HealthCheck {
  return {
    name: 'index',
    check: async () => {
      let behind: number;
      try {
        behind = Math.max(0, size() - (await position()));
      } catch (error) {
        return warning(`searching does not work: ${(error as Error).message}`);
      }
      const detail = `${behind.toLocaleString('en-US')} records behind the log`;
      return behind > BEHIND ? warning(`${detail}; searches wait for it`) : ok(detail);
    },
  };
}

export function lateActsCheck(waiting: () => number): HealthCheck {
  return {
    name: 'late-acts',
    check: () => {
      const count = waiting();
      if (count === 0) return ok('every act is recorded');
      return warning(`${count} acts wait to be recorded until the log seals again`);
    },
  };
}

/** Certificates of the sealing keys, and whatever else ends: sealing goes on, what it is worth may not. */
export function expiryCheck(
  things: () => readonly Expiring[] | Promise<readonly Expiring[]>,
  now: () => number = Date.now,
): HealthCheck {
  return {
    name: 'expiry',
    check: async () => {
      const all = await things();
      const soon = all.filter(({ expires }) => stageOf(expires, now()) !== null);
      if (soon.length === 0)
        return ok(all.length === 0 ? 'nothing here expires' : 'nothing expires within 30 days');
      const told = soon.map(({ type, id, name, expires }) => {
        const verb = expires <= now() ? 'expired' : 'expires';
        return `${type} ${name ?? id} ${verb} ${new Date(expires).toISOString()}`;
      });
      return warning(`${told.join('; ')}; renew in time`);
    },
  };
}

function ok(detail: string): Condition {
  return { state: 'ok', detail };
}

function warning(detail: string): Condition {
  return { state: 'warning', detail };
}

function failed(detail: string): Condition {
  return { state: 'failed', detail };
}
