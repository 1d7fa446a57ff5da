import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { DirectoryFiles } from '../../src/publish/mod.ts';
import { PublishedLog } from '../../src/published/mod.ts';
import { verifyLog } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { Sandbox } from '../cli/harness.ts';
import { entryOf, makeRecord, NODE } from '../verify/built-log.ts';
import { serveWitness } from '../witness/organisation.ts';
import { missing, programPath, run } from './programs.ts';

/** Tessera's logs with our witness: `posix-oneshot` adds files to a log, and publishes no checkpoint without its quorum. */

const NAME = 'own.example/w';

/** A Tessera log in a directory, sealed by a key of its own. Its entries are our records, so that our verifier reads it whole. */
class TesseraLog {
  readonly origin = `tessera-0a1b2c3d/${NODE}`;
  readonly vkey: string;
  readonly dir: string;
  readonly #box: Sandbox;
  readonly #key: string;
  #rounds = 0;

  constructor(box: Sandbox) {
    this.#box = box;
    this.dir = box.at('tessera');
    const { publicKey } = testSigner(this.origin);
    this.vkey = vkeyFromSpki(this.origin, 'ed25519', publicKey);
    const seed = createHash('sha256').update(`seed of ${this.origin}`).digest();
    const [, id] = this.vkey.split('+');
    this.#key = box.at('tessera.key');
    const secret = Buffer.concat([Buffer.of(1), seed]).toString('base64');
    writeFileSync(this.#key, `PRIVATE+KEY+${this.origin}+${id}+${secret}`);
  }

  get checkpoint(): string {
    return readFileSync(`${this.dir}/checkpoint`, 'utf8');
  }

  get size(): number {
    return Number(this.checkpoint.split('\n')[1]);
  }

  /** Adds entries; ends when a checkpoint over them is published, which may be never. */
  add(from: number, to: number, policy: string, source = 'test'): ChildProcess {
    const entries = this.#box.at(`entries-${++this.#rounds}`);
    mkdirSync(entries);
    for (let seq = from; seq < to; seq++) {
      const genesis = { details: { key: this.vkey, origin: this.origin, software: 'test' } };
      const record = makeRecord(seq, seq === 0 ? genesis : { source });
      writeFileSync(`${entries}/${String(seq).padStart(6, '0')}`, entryOf(record));
    }
    const where = [`--storage_dir=${this.dir}`, `--private_key=${this.#key}`, `--entries=${entries}/*`];
    const argv = [...where, `--witness_policy_file=${policy}`, '--witness_timeout=10s'];
    return spawn(programPath('posix-oneshot'), argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

/** What a program says until it has ended, or has said this: it is ended then. */
async function said(child: ChildProcess, enough = /^$/): Promise<string> {
  let told = '';
  for await (const text of child.stderr!.setEncoding('utf8')) {
    told += text;
    if (enough.test(told)) child.kill('SIGKILL');
  }
  return told;
}

test('a Tessera log is cosigned by our witness as it grows; its checkpoints stand for torchwood and for us', {
  skip: missing,
}, async (t) => {
  const box = new Sandbox(t);
  const log = new TesseraLog(box);
  const argv = [log.vkey, '--data', box.at('w'), '--name', NAME, '--ml-dsa'];
  let witness = await serveWitness(t, box, argv);
  const policy = box.at('policy');
  let size = 0;
  // Tessera takes one key of a witness: at first Ed25519.
  let kind = 0;
  for (const next of [1, 3, 256, 257, 600]) {
    const key = witness.keys[kind] as string;
    writeFileSync(policy, `log ${log.vkey}\nwitness own ${key} ${witness.url}\nquorum own\n`);
    const told = await said(log.add(size, next, policy));
    assert.equal(log.size, next, told);
    size = next;
    const signed = await run('signers', [`${log.dir}/checkpoint`, log.vkey, key]);
    assert.deepEqual(signed, { status: 0, output: 'signed by 2 keys\n' });
    if (next !== 256) continue;
    const judged = await run('policy', [policy, `${log.dir}/checkpoint`]);
    assert.match(judged.output, new RegExp(`^${log.origin} 256 \\S+\nsigned by .*\nsigned by ${NAME}\n$`));
    // Another process of the witness, at another address, goes on from what it cosigned; from now on ML-DSA-44.
    await witness.stop();
    witness = await serveWitness(t, box, argv.slice(1));
    kind = 1;
  }
  // Read as a log of ours that somebody else published.
  const report = await verifyLog(new PublishedLog(new DirectoryFiles(log.dir)), { keys: [log.vkey] });
  const findings = report.findings.map(({ code }) => code);
  assert.deepEqual([report.verdict, findings], ['intact', ['foreign-signature']]);
  // And what the witness holds of it is the other half.
  const held = await box.run(['witness', 'logs', log.origin, '--data', box.at('w')]);
  writeFileSync(box.at('held'), held.out);
  const signed = await run('signers', [box.at('held'), log.vkey, ...witness.keys]);
  assert.deepEqual(signed, { status: 0, output: 'signed by 3 keys\n' });
  const verify = ['verify', '--no-pin', '--published', log.dir, '--policy', policy];
  for (const argv of [verify, [...verify, '--cosigned', box.at('held')]]) {
    assert.match((await box.ok(argv)).out, /witnesses vouch for all 600 records/);
  }
});

test('our witness cosigns for Tessera neither an older copy nor one that went on otherwise', {
  skip: missing,
}, async (t) => {
  const box = new Sandbox(t);
  const log = new TesseraLog(box);
  const witness = await serveWitness(t, box, ['--data', box.at('w'), '--name', NAME]);
  const policy = box.at('policy');
  writeFileSync(policy, `witness own ${witness.keys[0]} ${witness.url}\nquorum own\n`);
  assert.match(await said(log.add(0, 10, policy), /origin is unknown: 404/), /origin is unknown/);
  rmSync(log.dir, { recursive: true });
  await box.ok(['witness', 'add-log', log.vkey, '--data', box.at('w')]);
  await said(log.add(0, 10, policy));
  const older = box.at('older');
  cpSync(log.dir, older, { recursive: true });
  await said(log.add(10, 20, policy));
  assert.equal(log.size, 20);
  const put = (): void => {
    rmSync(log.dir, { recursive: true });
    cpSync(older, log.dir, { recursive: true });
  };

  put();
  await said(log.add(10, 15, policy), /x\.tlog\.size 20, larger than log size 15/);
  assert.equal(log.size, 10);
  put();
  await said(log.add(10, 20, policy, 'another'), /consistency proof is bad: 422/);
  assert.equal(log.size, 10);
  put();
  await said(log.add(10, 30, policy, 'another'), /consistency proof is bad: 422/);
  assert.equal(log.size, 10);
  const { json } = await box.ok(['witness', 'logs', '--data', box.at('w'), '--json']);
  const [{ conflicts, size }] = json;
  assert.equal(size, 20);
  const kinds = (conflicts as { kind: string }[]).map(({ kind }) => kind);
  assert.ok(kinds.includes('split-view') && kinds.includes('unproven'), kinds.join());
  // Both notes of a split view bear the log's signature, for anybody.
  const split = conflicts.find(({ kind }: { kind: string }) => kind === 'split-view');
  writeFileSync(policy, `log ${log.vkey}\nquorum none\n`);
  const roots = new Set<string>();
  for (const note of [split.known, split.offered]) {
    writeFileSync(box.at('note'), note);
    const { status, output } = await run('policy', [policy, box.at('note')]);
    assert.equal(status, 0, output);
    assert.match(output, new RegExp(`^${log.origin} 20 `));
    roots.add(output);
  }
  assert.equal(roots.size, 2);
});
