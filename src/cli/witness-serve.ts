import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isKeyName, parseNote, parsePolicy, parseVkey, type VerifierKey } from '../checkpoint/mod.ts';
import type { Signer } from '../crypto/signer.ts';
import { StoreError, TallystickError, UsageError } from '../errors.ts';
import { PinSource } from '../tokens/pin.ts';
import { SoftwareToken } from '../tokens/software.ts';
import {
  DEFAULT_WITNESS_PORT,
  listing,
  startWitness,
  Witness,
  WitnessDatabase,
} from '../witness/server/mod.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { counted, grouped, utc } from './format.ts';
import { listenAddress } from './listen-address.ts';
import { safeText } from './safe-text.ts';

/** Files in a witness's directory; its database is `witness.db`. */
const KEYS = 'keys';
/** Aliases of its keys. */
const ED25519 = 'ed25519';
const ML_DSA_44 = 'ml-dsa-44';

/** Runs until it is asked to stop. */
export async function witnessServe(call: Call): Promise<number> {
  const { io } = call;
  const { host, port } = listenAddress(call, 'listen', String(DEFAULT_WITNESS_PORT));
  const logs = call.operands.flatMap((operand) => logsOf(call, operand));
  const database = WitnessDatabase.open(directory(call));
  try {
    const witness = await openWitness(call, database);
    await believe(call, database, logs);
    const onTrouble = (error: unknown): void => {
      void io.stderr.line(`tallystick witness: ${safeText((error as Error).message)}`);
    };
    const server = await startWitness({ witness, host, port, onTrouble });
    try {
      await (call.json
        ? io.stdout.record(facts(call, witness, server.url))
        : greet(call, witness, server.url));
      if (!io.signal.aborted) await once(io.signal, 'abort');
      return EXIT.ok;
    } finally {
      await server.close();
    }
  } finally {
    database.close();
  }
}

/**
 * A key that was removed stays so: whoever removed it did that after this command was written into a start-up file, when
 * the log had another.
 */
async function believe(call: Call, database: WitnessDatabase, logs: readonly NamedLog[]): Promise<void> {
  for (const { origin, key } of logs) {
    if (!database.isRemoved(key.vkey)) database.addKey(origin, key.vkey);
    else {
      await call.io.stderr.line(
        `tallystick witness: ${safeText(short(key.vkey))} was removed and is not believed; "tallystick witness add-log" believes it again`,
      );
    }
  }
}

export async function witnessAddLog(call: Call): Promise<number> {
  call.expect(1, 1);
  const logs = logsOf(call, call.operands[0] as string);
  return withDatabase(call, async (database) => {
    const added = logs.filter(({ origin, key }) => database.addKey(origin, key.vkey));
    const { stdout } = call.io;
    if (call.json) await stdout.json(added.map(({ origin, key }) => ({ origin, vkey: key.vkey })));
    for (const { origin, key } of call.json ? [] : logs) {
      await stdout.line(`${safeText(origin)} is believed by ${safeText(short(key.vkey))}.`);
      const others = (database.log(origin)?.keys ?? []).filter((vkey) => vkey !== key.vkey);
      for (const vkey of others) {
        await stdout.line(`  and by ${safeText(short(vkey))}; once the log has retired that key, remove it:`);
        await stdout.line(`  tallystick witness remove-log '${safeText(vkey)}'`);
      }
    }
    return EXIT.ok;
  });
}

/** Exit code 1 when the key was not believed before either. */
export async function witnessRemoveLog(call: Call): Promise<number> {
  call.expect(1, 1);
  const { vkey } = parseVkey(call.operands[0] as string);
  return withDatabase(call, async (database) => {
    const isRemoved = database.removeKey(vkey);
    const text = isRemoved ? 'The key is believed no more. What was seen stays.' : 'No log had that key.';
    await (call.json ? call.io.stdout.json({ vkey, removed: isRemoved }) : call.io.stdout.line(text));
    return isRemoved ? EXIT.ok : EXIT.refused;
  });
}

/** With an origin the checkpoint alone, as others verify it. */
export async function witnessLogs(call: Call): Promise<number> {
  call.expect(0, 1);
  const [origin] = call.operands;
  return withDatabase(call, async (database) => {
    const { stdout } = call.io;
    if (origin !== undefined) {
      const latest = database.latest(origin);
      if (latest === null) {
        throw new UsageError(
          'LOG_NOT_FOUND',
          `this witness has seen nothing of ${origin}; see: tallystick witness logs`,
        );
      }
      await stdout.write(`${latest.note}${latest.cosignatures}`);
      return EXIT.ok;
    }
    const { logs } = listing({ name: '', keys: [], database });
    if (call.json) await stdout.json(logs);
    else if (logs.length === 0)
      await stdout.line('No log has been added: "tallystick witness add-log" adds one.');
    for (const { origin: name, keys, size, time, conflicts } of call.json ? [] : logs) {
      const seen =
        size === null ? 'not seen yet' : `${counted(size, 'record')}, ${utc((time as number) * 1_000)}`;
      await stdout.line(`${safeText(name)}  ${seen}`);
      const signers = signersIn(database.latest(name)?.note);
      for (const vkey of keys) {
        const did = signers.includes(short(vkey)) ? ', signed the newest' : '';
        await stdout.line(`  believed by ${safeText(short(vkey))}${did}`);
      }
      if (keys.length === 0) await stdout.line('  believed no more: all of its keys were removed');
      for (const { kind, time: at } of conflicts) {
        const mark = kind === 'split-view' ? stdout.style(['red', 'bold'], 'SPLIT VIEW') : 'unproven';
        await stdout.line(`  ${mark} ${utc(at * 1_000)}: --json shows both notes`);
      }
    }
    return EXIT.ok;
  });
}

/** Name and id of the keys whose lines a note has. */
function signersIn(note: string | undefined): readonly string[] {
  if (note === undefined) return [];
  return parseNote(note).signatures.map(({ name, keyId }) => `${name}+${keyId}`);
}

/** A vkey as it is shown: name and id. */
function short(vkey: string): string {
  return vkey.split('+', 2).join('+');
}

function directory(call: Call): string {
  return call.path(call.text('data') ?? 'tallystick-witness');
}

async function withDatabase(
  call: Call,
  work: (database: WitnessDatabase) => Promise<number>,
): Promise<number> {
  const dir = directory(call);
  if (!existsSync(join(dir, 'witness.db')) && call.command.name !== 'witness add-log') {
    throw new StoreError(
      'STORE_UNAVAILABLE',
      `there is no witness in ${dir}; --data DIR names another place`,
    );
  }
  const database = WitnessDatabase.open(dir);
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

interface NamedLog {
  readonly origin: string;
  readonly key: VerifierKey;
}

/** A verifier key, or the logs of a policy file. */
function logsOf(call: Call, operand: string): readonly NamedLog[] {
  const origin = call.command.name === 'witness add-log' ? call.text('origin') : undefined;
  const path = call.path(operand);
  if (!existsSync(path)) {
    const key = parseVkey(operand);
    if (key.cosigns && key.type === 0x04) {
      throw call.usage('that is the key of a witness; the key of a log is shown by "tallystick serve"');
    }
    return [{ origin: origin ?? key.name, key }];
  }
  const { logs } = parsePolicy(readPolicy(path));
  if (origin !== undefined) throw call.usage('--origin is for one key, not for a policy');
  if (logs.length === 0) throw call.usage(`the policy ${path} names no log`);
  return logs.map(({ key }) => ({ origin: key.name, key }));
}

function readPolicy(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError('FILE_UNREADABLE', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** `HOST:PORT`, `[::1]:PORT`, or a port alone. */
/** The witness as it was begun; a new one gets its name and keys. */
async function openWitness(call: Call, database: WitnessDatabase): Promise<Witness> {
  const known = database.fact('name');
  const asked = call.text('name');
  if (known !== null && asked !== undefined && asked !== known) {
    throw call.usage(
      `this witness is called ${known}, which its keys say too; begin another in another directory`,
    );
  }
  const name = known ?? asked ?? `${hostname().replace(/[^A-Za-z0-9._-]/g, '-')}/witness`;
  if (!isKeyName(name))
    throw call.usage(`${JSON.stringify(name)} is no name: it has no space and no plus sign`);
  const signers = await signersOf(call, database);
  const witness = new Witness({ name, signers, database });
  for (const { type, vkey } of witness.keys) {
    database.setFact(`key ${type}`, vkey);
    if (database.fact(`key ${type}`) !== vkey) {
      throw new TallystickError(
        'LOG_KEY_MISMATCH',
        `the key in ${join(directory(call), KEYS)} is not the one this witness has cosigned with; put that one back, or begin a new witness in another directory`,
      );
    }
  }
  database.setFact('name', name);
  return witness;
}

async function signersOf(call: Call, database: WitnessDatabase): Promise<readonly Signer[]> {
  const dir = join(directory(call), KEYS);
  const { env } = call.io;
  const passphrase = PinSource.environment('TALLYSTICK_PASSPHRASE', env);
  const source = env.TALLYSTICK_PASSPHRASE === undefined ? {} : { passphrase };
  const token = new SoftwareToken({ name: 'witness', path: dir, ...source });
  const there = (await token.list()).map(({ alias }) => alias);
  // A key is made for a new witness alone: for one that exists, another would only hide that its own is lost.
  if (!there.includes(ED25519) && database.fact('key 4') === null) await token.generate(ED25519, 'ed25519');
  const isWanted = call.isSet('ml-dsa') && database.fact('key 6') === null;
  if (isWanted && !there.includes(ML_DSA_44)) await token.generate(ML_DSA_44, 'ml-dsa-44');
  const wanted = [ED25519, ...(database.fact('key 6') !== null || call.isSet('ml-dsa') ? [ML_DSA_44] : [])];
  return Promise.all(wanted.map((alias) => token.signer(alias)));
}

function facts(call: Call, { name, keys, database }: Witness, url: string): Record<string, unknown> {
  return {
    ...{ url, data: directory(call), name, keys: keys.map(({ vkey }) => vkey) },
    logs: database.logs().map(({ origin }) => origin),
  };
}

async function greet(call: Call, { name, keys, database }: Witness, url: string): Promise<void> {
  const { stdout } = call.io;
  const logs = database.logs().filter((log) => log.keys.length > 0);
  await stdout.write(`Tallystick witness ${safeText(name)}, in ${safeText(directory(call))}.

  ${stdout.style('bold', url)}
${keys.map(({ vkey }) => `  key   ${safeText(vkey)}\n`).join('')}
`);
  for (const { origin, latest } of logs) {
    const seen = latest === null ? 'not seen yet' : `${grouped(latest.size)} records`;
    await stdout.line(`  log   ${safeText(origin)}, ${seen}`);
  }
  if (logs.length === 0) await stdout.line('It knows no log yet: tallystick witness add-log VKEY');
  const key = safeText(keys[0]?.vkey ?? '');
  await stdout.write(`
Whoever keeps one of these logs enters, with the address by which this machine is reached:
  tallystick witness add ${url} ${key}

Ctrl-C stops it.
`);
}
