import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import type { Sandbox } from '../cli/harness.ts';
import { programPath } from './programs.ts';

/** Why litewitness can't be run here, besides that it is not built: its keys live in an ssh-agent. */
export const missingAgent: string | undefined =
  spawnSync('ssh-agent', ['-h']).error === undefined
    ? undefined
    : 'ssh-agent is not installed (Debian: apt-get install openssh-client)';
assert.ok(process.env.CI === undefined || missingAgent === undefined, `needed here: ${missingAgent}`);

/** torchwood's witness, with a key of its own in an ssh-agent of its own. */
export class Litewitness {
  readonly url: string;
  readonly #argv: readonly string[];
  readonly #database: string;
  #process: ChildProcess | null = null;
  #vkey = '';

  private constructor(port: number, database: string, argv: readonly string[]) {
    this.url = `http://127.0.0.1:${port}`;
    this.#database = database;
    this.#argv = [...argv, '-db', database, '-listen', `127.0.0.1:${port}`];
  }

  static async start(t: TestContext, box: Sandbox, name: string): Promise<Litewitness> {
    const [key, socket] = [box.at('litewitness.key'), box.at('agent')];
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    t.after(() => agent.kill());
    await until(() => existsSync(socket));
    execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    const [, fingerprint] = execFileSync('ssh-keygen', ['-lf', key], { encoding: 'utf8' }).split(' ');
    const argv = ['-name', name, '-ssh-agent', socket, '-key', fingerprint as string];
    const it = new Litewitness(await freePort(), box.at('litewitness.db'), argv);
    t.after(() => it.stop());
    await it.start();
    return it;
  }

  get vkey(): string {
    return this.#vkey;
  }

  async start(): Promise<void> {
    const child = spawn(programPath('litewitness'), this.#argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    let told = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`litewitness ended: ${told}`);
      return fetch(this.url).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    this.#vkey = / vkey=(\S+)/.exec(told)?.[1] ?? assert.fail(told);
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** What `witnessctl add-log` and `add-key` write. */
  know(origin: string, vkey: string): void {
    const database = new DatabaseSync(this.#database);
    const empty = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
    database.prepare('INSERT INTO log VALUES (?, 0, ?)').run(origin, empty);
    database.prepare('INSERT INTO key VALUES (?, ?)').run(origin, vkey);
    database.close();
  }

  /** The tree that it knows of a log. */
  sizeOf(origin: string): number {
    const database = new DatabaseSync(this.#database);
    const row = database.prepare('SELECT tree_size FROM log WHERE origin = ?').get(origin);
    database.close();
    return row?.tree_size as number;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((go) => setTimeout(go, 20));
}
