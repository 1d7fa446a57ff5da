import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { formatTlogProof } from '../../src/checkpoint/mod.ts';
import { makeInclusion } from '../../src/merkle/mod.ts';
import { tileReader } from '../../src/store/tile-reader.ts';
import { BuiltLog, entryOf, makeRecord, VKEY } from '../verify/built-log.ts';
import { publishTo, tempDir, verifyCopy } from './fixture.ts';

/** Readers that others wrote, and that share no line with ours. */

/** Where Debian's package golang-golang-x-mod-dev puts the Go project's log and note packages. */
const GOPATH = '/usr/share/gocode';
const missing =
  existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb/tlog')) && spawnSync('go', ['version']).status === 0
    ? undefined
    : 'Go and its mod package are not installed (Debian: apt-get install golang-go golang-golang-x-mod-dev)';
assert.ok(process.env.CI === undefined || missing === undefined, `needed here: ${missing}`);

/** Tessera's fsck: `go install github.com/transparency-dev/tessera/cmd/fsck@v1.0.4`, which needs Go's module mirror. */
const FSCK = process.env.TALLYSTICK_FSCK;

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Ran {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    env,
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (error !== undefined) throw error;
  return { status, output: `${stdout}${stderr}` };
}

async function grown(log: BuiltLog, size: number): Promise<BuiltLog> {
  const more = log.copy();
  await more.append(Array.from({ length: size - log.size }, (_, i) => entryOf(makeRecord(log.size + i))));
  return more;
}

describe("Go's tlog and note packages", { skip: missing }, () => {
  const built = mkdtempSync(join(tmpdir(), 'tallystick-go-'));
  after(() => rmSync(built, { recursive: true, force: true }));
  const reader = join(built, 'reader');
  const source = join(import.meta.dirname, 'reader', 'main.go');
  const read = (...args: string[]): Ran => run(reader, [VKEY, ...args]);

  test('the reader builds without a network', () => {
    const env = { ...process.env, GO111MODULE: 'off', GOPATH, GOFLAGS: '', GOPROXY: 'off' };
    const { status, output } = run('go', ['build', '-o', reader, source], env);
    assert.equal(status, 0, output);
  });

  test('take what is published at every size, its growth, and its proofs', async (t) => {
    const dir = tempDir(t);
    const proofs = tempDir(t);
    let log = await BuiltLog.build(1);
    let older = log.note;
    for (const size of [1, 2, 255, 256, 257, 512, 600]) {
      if (size > log.size) log = await grown(log, size);
      await publishTo(dir, log);
      const names = await Promise.all(
        [...new Set([0, size >> 1, size - 1])].map((seq) => proofOf(log, seq, proofs)),
      );
      writeFileSync(join(proofs, 'older'), older);
      const { status, output } = read(dir, join(proofs, 'older'), ...names);
      assert.equal(status, 0, `${size}: ${output}`);
      assert.match(output, new RegExp(`^${size} entries under `));
      older = log.note;
    }
  });

  test('take a tree of three levels', async (t) => {
    const dir = tempDir(t);
    const log = await BuiltLog.build(65_537, 30_000);
    await publishTo(dir, log);
    const { status, output } = read(dir, join(dir, 'checkpoint'), await proofOf(log, 65_535, tempDir(t)));
    assert.equal(status, 0, output);
  });

  test('and refuse what we refuse', async (t) => {
    const log = await BuiltLog.build(600);
    const dir = tempDir(t);
    const files = ['tile/0/001', 'tile/0/002.p/88', 'tile/1/000.p/2', 'tile/entries/000', 'checkpoint'];
    for (const file of files) {
      rmSync(dir, { recursive: true, force: true });
      await publishTo(dir, log);
      const bytes = readFileSync(join(dir, file));
      const at = bytes.length >> 1;
      bytes[at] = (bytes[at] as number) ^ 1;
      writeFileSync(join(dir, file), bytes);
      assert.equal(read(dir).status, 1, file);
      assert.equal((await verifyCopy(dir, { keys: [VKEY] })).verdict, 'not-intact', file);
    }
    const proof = await proofOf(log, 7, tempDir(t));
    writeFileSync(proof, readFileSync(proof, 'utf8').replace('index 7', 'index 8'));
    rmSync(dir, { recursive: true, force: true });
    await publishTo(dir, log);
    assert.equal(read(dir, join(dir, 'checkpoint'), proof).status, 1);
  });
});

describe("Tessera's fsck", {
  skip: FSCK === undefined ? 'TALLYSTICK_FSCK does not name it' : undefined,
}, () => {
  const fsck = (dir: string, key: string): Ran =>
    // With one worker it never ends after the first thing it finds wrong.
    run(FSCK as string, ['--ui=false', '--N=16', `--storage_url=file://${dir}/`, `--public_key=${key}`]);

  test('takes what is published, and nothing that was changed', async (t) => {
    const [dir, other] = [tempDir(t), tempDir(t)];
    const key = join(other, 'key');
    writeFileSync(key, `${VKEY}\n`);
    let log = await BuiltLog.build(1);
    for (const size of [1, 255, 256, 257, 600]) {
      if (size > log.size) log = await grown(log, size);
      await publishTo(dir, log);
      // Its exit code is 0 whatever it finds.
      assert.match(fsck(dir, key).output, new RegExp(`Successfully fsck'd log with size ${size} `));
    }
    for (const file of ['tile/entries/001', 'tile/0/001', 'tile/1/000.p/2']) {
      const good = readFileSync(join(dir, file));
      const bad = Buffer.from(good);
      bad[40] = (bad[40] as number) ^ 1;
      writeFileSync(join(dir, file), bad);
      assert.doesNotMatch(fsck(dir, key).output, /Successfully/, file);
      writeFileSync(join(dir, file), good);
    }
  });
});

async function proofOf(log: BuiltLog, seq: number, dir: string): Promise<string> {
  const name = join(dir, `${seq}.tlog-proof`);
  const hashes = await makeInclusion(seq, log.size, tileReader(log));
  writeFileSync(name, formatTlogProof({ index: seq, hashes, checkpoint: log.note }));
  return name;
}
