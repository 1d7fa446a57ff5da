import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { AuditLog } from '../src/audit-log.ts';
import {
  checkpointBody,
  cosignerKeyFromSpki,
  formatNote,
  signCheckpoint,
  vkeyFromSpki,
} from '../src/checkpoint/mod.ts';
import { Tree } from '../src/merkle/mod.ts';
import { openLog } from '../src/open.ts';
import { Timestamps } from '../src/timestamps/mod.ts';
import { openSoftwareKey } from '../src/tokens/software.ts';
import { Witnesses } from '../src/witness/client/mod.ts';
import { formatAddCheckpoint } from '../src/witness/protocol.ts';
import { type Figure, quantile } from './measure.ts';
import { BenchRecords } from './records.ts';

const CHILD = fileURLToPath(new URL('witness-child.ts', import.meta.url));
const ORIGIN = 'bench/log';
/** Logs that ask at the same time, one request each. */
const CLIENTS = 16;
const REQUESTS = 4_000;
const ROUNDS = 3;

interface Child {
  readonly process: ChildProcess;
  readonly url: string;
}

async function start(argv: readonly string[]): Promise<Child> {
  const child = spawn(process.execPath, [CHILD, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { process: child, url: line.toString().trim() };
}

async function stop({ process: child }: Child): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

function post(url: string, agent: Agent, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/add-checkpoint`, { method: 'POST', agent }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Requests/s; every one of them must be answered with 200. */
async function rate(url: string, body: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const drive = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const status = await post(url, agent, body);
      if (status !== 200) throw new Error(`answered ${status}`);
    }
  };
  const all = (count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: CLIENTS }, () => drive(Math.ceil(count / CLIENTS))));
  await all(REQUESTS / 4);
  const began = performance.now();
  await all(REQUESTS);
  const seconds = (performance.now() - began) / 1_000;
  agent.destroy();
  return REQUESTS / seconds;
}

/** How many checkpoints a second a witness takes, each on the disk before it is answered. */
export async function witnessServer(dir: string): Promise<Figure> {
  const signer = openSoftwareKey({ file: join(dir, 'bench-log.key'), create: 'ed25519' });
  const body = checkpointBody(ORIGIN, 0, new Tree().root());
  const note = formatNote(body, await signCheckpoint(body, ORIGIN, signer));
  const vkey = vkeyFromSpki(ORIGIN, 'ed25519', signer.publicKey);
  const sent = formatAddCheckpoint({ old: 0, proof: [], note });
  mkdirSync(join(dir, 'witness'), { recursive: true });
  const witness = await start(['witness', join(dir, 'witness'), ORIGIN, vkey]);
  const bare = await start(['bare', dir]);
  try {
    const rounds: { base: number; value: number }[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      rounds.push({ base: await rate(bare.url, sent), value: await rate(witness.url, sent) });
    }
    rounds.sort((a, b) => a.value / a.base - b.value / b.base);
    const { base, value } = rounds[Math.floor(ROUNDS / 2)] as (typeof rounds)[number];
    return {
      ...{ name: 'witness: add-checkpoint, 16 clients', value, unit: 'requests/s' },
      ratio: { to: `bare HTTP and SQLite (${Math.round(base)}/s)`, value: value / base },
      ...{ goal: 'above 500/s', met: value > 500 },
    };
  } finally {
    await stop(witness);
    await stop(bare);
  }
}

const BATCH = 1_000;
const BATCHES = 60;
/** As often as this in the bench; a log in use is shown once a minute, and dated once an hour. */
const EVERY_MS = 1_000;

async function seal(log: AuditLog): Promise<number> {
  const records = new BenchRecords();
  const batches = Array.from({ length: BATCHES }, () => Array.from({ length: BATCH }, () => records.next()));
  const began = performance.now();
  for (const batch of batches) await log.append(batch);
  return (BATCH * BATCHES) / ((performance.now() - began) / 1_000);
}

/**
 * What being cosigned, and being dated, costs sealing: each once a second here, sixty and 3,600 times as often as in use.
 * By turns with sealing alone.
 */
export async function vouchedSealing(dir: string): Promise<readonly Figure[]> {
  const data = join(dir, 'witnessed');
  const log = await openLog({ data, index: false, state: join(dir, 'witnessed-state') });
  mkdirSync(join(dir, 'witness-2'), { recursive: true });
  const witness = await start(['witness', join(dir, 'witness-2'), log.head.origin, log.vkey]);
  const authority = await start(['authority', join(dir, 'authority')]);
  try {
    const key = openSoftwareKey({ file: join(dir, 'witness-2', 'witness.key') });
    const { vkey } = cosignerKeyFromSpki('bench', key.algorithm, key.publicKey);
    await new Witnesses(log).add(witness.url, vkey);
    const root = new Uint8Array(readFileSync(join(dir, 'authority', 'root.der')));
    await new Timestamps(log).set({ url: authority.url, roots: [root], policy: null });
    const shares: { cosigned: number[]; dated: number[] } = { cosigned: [], dated: [] };
    await seal(log);
    for (let i = 0; i < ROUNDS * 2 - 1; i++) {
      const alone = await seal(log);
      shares.cosigned.push(1 - (await sealCosigned(log)) / alone);
      shares.dated.push(1 - (await sealDated(log)) / alone);
    }
    return [
      cost('sealing while cosigned once a second (in use: a minute)', shares.cosigned, 60, 'minute'),
      cost('sealing while dated once a second (in use: an hour)', shares.dated, 3_600, 'hour'),
    ];
  } finally {
    await stop(authority);
    await stop(witness);
    await log.close();
  }
}

function cost(name: string, shares: readonly number[], times: number, interval: string): Figure {
  const value = Math.max(0, quantile(shares, 0.5)) * 100;
  const goal = `below 2 % at once ${interval === 'hour' ? 'an' : 'a'} ${interval}`;
  return { name, value, unit: '% slower', goal, met: value / times < 2 };
}

async function sealCosigned(log: AuditLog): Promise<number> {
  let cosigned = 0;
  const witnesses = new Witnesses(log, {
    intervalMs: EVERY_MS,
    onAsked: ({ result }) => {
      if (result === 'cosigned') cosigned++;
    },
  });
  witnesses.start();
  const rate = await seal(log);
  await witnesses.close();
  if (cosigned === 0) throw new Error('nothing was cosigned while the log was filled');
  return rate;
}

async function sealDated(log: AuditLog): Promise<number> {
  let dated = 0;
  const timestamps = new Timestamps(log, {
    intervalMs: EVERY_MS,
    onStamped: (outcome) => {
      if (!('error' in outcome)) dated++;
    },
  });
  timestamps.start();
  const rate = await seal(log);
  await timestamps.close();
  if (dated === 0) throw new Error('nothing was dated while the log was filled');
  return rate;
}
