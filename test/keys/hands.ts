import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { TallystickError } from '../../src/errors.ts';
import { type Act, type Answer, administer, type Given } from '../../src/keys/administration.ts';
import { certificateState } from '../../src/keys/sealing-keys.ts';
import type { TokenSettings } from '../../src/keys/settings.ts';
import { openLog } from '../../src/open.ts';
import { draft, type Json, ndjson, Sandbox } from '../cli/harness.ts';
import { exitCode, firstLine, start } from '../cli/spawn.ts';

/** Somebody who administers keys: a program, or a person at the command line. */
export interface Hands {
  /** A folder of its own. */
  readonly dir: string;
  /** Rejects with an error of `code` and `message`. */
  do<A extends Act>(act: A, given: Given<A>): Promise<Answer<A>>;
  /** Seals a record. */
  append(): Promise<void>;
  verdict(): Promise<{ readonly verdict: string; readonly keys: number }>;
  /** Own records, oldest first. */
  records(): Promise<readonly Json[]>;
  /** The certificates that are given out, PEM. */
  certificate(): Promise<string | null>;
}

export type HandsKind = 'library' | 'command line' | 'command line and server';

export async function hands(kind: HandsKind, t: TestContext): Promise<Hands> {
  if (kind === 'library') return libraryHands(t);
  const box = new Sandbox(t);
  if (kind === 'command line') {
    // Begins the log.
    await box.fill(1);
    return commandHands(box);
  }
  const server = start(box, ['serve', '--port', '0', '--json', '--log-level', 'silent']);
  t.after(async () => {
    server.kill('SIGTERM');
    assert.equal(await exitCode(server), 0);
  });
  await firstLine(server);
  return commandHands(box);
}

async function libraryHands(t: TestContext): Promise<Hands> {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-keys-'));
  const log = await openLog({ data: join(dir, 'data'), state: join(dir, 'state'), index: false });
  t.after(async () => {
    await log.close();
    rmSync(dir, { recursive: true });
  });
  const admin = log.administration({ name: 'library' });
  return {
    dir,
    do: (act, given) => administer(admin, act, given),
    append: async () => void (await log.append(draft(1) as never)),
    verdict: async () => {
      const { verdict, eras } = (await log.verify()) as Json;
      return { verdict, keys: eras.length };
    },
    records: async () => {
      const records: Json[] = [];
      for (let seq = 0; seq < log.head.size; seq++) records.push((await log.get(seq)).record);
      return records.filter(({ system }) => system === 'tallystick');
    },
    certificate: async () =>
      (await log.state(certificateState(log.node))).get(certificateState(log.node)) ?? null,
  };
}

function commandHands(box: Sandbox): Hands {
  let files = 0;
  const file = (content: Uint8Array): string => {
    const path = box.at(`given-${++files}`);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const run = async (argv: readonly string[]): Promise<Json> => {
    const { out, err, json } = await box.run([...argv, '--json']);
    assert.ok(out !== '', `${argv.join(' ')}: ${err}`);
    if (json.error !== undefined) throw new TallystickError(json.error.code, json.error.message);
    return json;
  };
  return {
    dir: box.dir,
    do: async (act, given) => {
      const answer = await run(wordsOf(act, given as Json, file));
      return answer.tokens ?? answer.keys ?? answer.results ?? answer;
    },
    append: async () => void (await box.ok(['append'], { stdin: ndjson(1) })),
    verdict: async () => {
      const { verdict, eras } = (await box.ok(['verify', '--json', '--no-pin'])).json;
      return { verdict, keys: eras.length };
    },
    records: async () => {
      const lines = (await box.ok(['export'])).lines.filter(({ entry }) => entry !== undefined);
      return lines.map(({ entry }) => entry).filter(({ system }) => system === 'tallystick');
    },
    certificate: async () => (await box.ok(['checkpoint', '--json'])).json.certificate,
  };
}

/** The command of an act. */
function wordsOf(act: Act, given: Json, file: (content: Uint8Array) => string): string[] {
  const name = act
    .replace('/', ' ')
    .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    .split(' ');
  const key =
    given.token === undefined ? [] : [given.token, ...(given.alias === undefined ? [] : [given.alias])];
  const isDefault = given.token === undefined && ['keys/csr', 'keys/installChain'].includes(act);
  const [first, ...others] = given.keys ?? [];
  return [
    ...name,
    ...(given.name === undefined ? [] : [given.name]),
    ...key,
    ...(first === undefined ? [] : [first.token, first.alias]),
    ...(given.to === undefined ? [] : [given.to]),
    ...(isDefault ? ['--default-key'] : []),
    ...(given.spec === undefined ? [] : ['--spec', given.spec]),
    ...(given.subject === undefined ? [] : ['--subject', given.subject]),
    ...(given.file === undefined ? [] : ['--file', file(Buffer.from(given.file, 'base64'))]),
    ...(given.pem === undefined ? [] : ['--file', file(Buffer.from(given.pem))]),
    ...(given.allowExpired === true ? ['--expired'] : []),
    ...(given.standBy === true ? ['--stand-by'] : []),
    ...(given.withoutOld === true ? ['--without-old'] : []),
    ...(others.length === 0
      ? []
      : ['--also', others.map((one: Json) => `${one.token}/${one.alias}`).join(',')]),
    ...(given.settings === undefined ? [] : settingsOf(given.settings)),
  ];
}

function settingsOf(settings: TokenSettings): string[] {
  const pin = settings.pin === undefined ? [] : ['--pin', settings.pin];
  const kind = ['--kind', settings.kind, ...pin];
  if (settings.kind !== 'pkcs11') return [...kind, '--path', settings.path];
  return [...kind, '--library', settings.library, '--slot-label', (settings.slot as { label: string }).label];
}
