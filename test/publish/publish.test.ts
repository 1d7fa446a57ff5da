import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkpointBody } from '../../src/checkpoint/mod.ts';
import { type ErrorCode, TallystickError } from '../../src/errors.ts';
import { tilePath, tilesOf } from '../../src/merkle/mod.ts';
import { payloadDigest } from '../../src/record/mod.ts';
import type { SourceCheckpoint } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, entryOf, forged, makeRecord, rebuild, VKEY } from '../verify/built-log.ts';
import { CutAt, contentOf, publishTo, tempDir, verifyCopy } from './fixture.ts';

const refuses = (code: ErrorCode) => (error: unknown) =>
  error instanceof TallystickError && error.code === code;

async function grown(log: BuiltLog, size: number): Promise<BuiltLog> {
  const more = log.copy();
  await more.append(Array.from({ length: size - log.size }, (_, i) => entryOf(makeRecord(log.size + i))));
  return more;
}

/** The tiles and bundles that a tree of a size has, by their paths. */
function pathsAt(size: number): string[] {
  return [...tilesOf(size)]
    .flatMap((tile) => (tile.level === 0 ? [tile, { ...tile, level: 'entries' as const }] : [tile]))
    .map(tilePath);
}

describe('a published log', () => {
  test('verifies with the same verifier, pinned or not', async (t) => {
    const log = await BuiltLog.build(600);
    const dir = tempDir(t);
    assert.deepEqual(await publishTo(dir, log), { from: 0, size: 600, files: pathsAt(600).length + 1 });
    const report = await verifyCopy(dir, { keys: [VKEY], pin: log.pin(), deep: true });
    assert.equal(report.verdict, 'intact', JSON.stringify(report.findings));
    assert.deepEqual(report.findings, []);
    const { records, bundles, checkpoints } = report.checked;
    assert.deepEqual([records, bundles, checkpoints], [600, 3, 1]);
  });

  test('has exactly the files that C2SP tlog-tiles names, and the checkpoint', async (t) => {
    for (const size of [1, 255, 256, 257]) {
      const dir = tempDir(t);
      await publishTo(dir, await BuiltLog.build(size));
      assert.deepEqual([...contentOf(dir).keys()].sort(), ['checkpoint', ...pathsAt(size)].sort(), `${size}`);
    }
  });

  test('has the checkpoints at which the key changed, as far as the log goes', async (t) => {
    const log = await BuiltLog.build(600);
    const dir = tempDir(t);
    await publishTo(dir, log, {}, [200, 500, 600]);
    const report = await verifyCopy(dir);
    assert.deepEqual([report.verdict, report.checked.checkpoints], ['intact', 3]);
    const text = contentOf(dir).get('key-changes')?.toString() ?? '';
    const notes = [200, 500, 600].map((size) => {
      const kept = log.kept.find((checkpoint) => checkpoint.size === size) as SourceCheckpoint;
      return `${checkpointBody(log.origin, size, kept.root)}\n${kept.signatures}`;
    });
    assert.equal(text, notes.join('\n'));
    // Written before the checkpoint: whoever is cut off in between leaves one that is newer than the head.
    const early = tempDir(t);
    await publishTo(early, await BuiltLog.build(300));
    writeFileSync(join(early, 'key-changes'), text);
    assert.deepEqual((await verifyCopy(early)).findings, []);
    for (const damage of [
      'x',
      text.slice(0, -1),
      `${text}\n`,
      text.replace('200', '0200'),
      '\n\n'.repeat(9999),
    ]) {
      writeFileSync(join(dir, 'key-changes'), damage);
      const codes = (await verifyCopy(dir)).findings.map(({ code }) => code);
      assert.ok(codes.includes('bad-checkpoint'), `${damage.length}`);
    }
    writeFileSync(join(dir, 'key-changes'), 'x'.repeat(2_000_000));
    assert.equal((await verifyCopy(dir)).verdict, 'not-intact');
  });

  test('with payloads: stored under their digest, checked, and missed without harm', async (t) => {
    const bytes = Buffer.from('"a long text"');
    const salt = new Uint8Array(16).fill(7);
    const digest = payloadDigest(salt, bytes);
    const raw = { payload: digest, bytes: bytes.length };
    const log = await BuiltLog.build(10, 100, undefined, (seq) =>
      makeRecord(seq, seq === 4 ? { raw: raw as never } : {}),
    );
    log.sealedPayloads = [{ seq: 4, digest, salt, bytes }];
    const dir = tempDir(t);
    await publishTo(dir, log);
    const file = join(dir, 'payload', digest.slice(0, 2), digest);
    assert.equal((await verifyCopy(dir, { deep: true })).checked.payloads, 1);
    writeFileSync(file, Buffer.concat([salt, Buffer.from('"another text"')]));
    assert.deepEqual(
      (await verifyCopy(dir, { deep: true })).findings.map(({ code, from }) => [code, from]),
      [['payload-altered', 4]],
    );
    truncateSync(file, 5);
    assert.equal((await verifyCopy(dir)).verdict, 'not-intact');
    cpSync(join(dir, 'checkpoint'), file);
    const without = tempDir(t);
    log.sealedPayloads = [];
    await publishTo(without, log);
    const report = await verifyCopy(without, { deep: true });
    assert.equal(report.verdict, 'intact');
    assert.ok(report.notChecked.some(({ what }) => what === '1 payload'));
  });
});

describe('publishing again', () => {
  for (const [before, after] of [
    [254, 255],
    [255, 256],
    [256, 257],
    [255, 257],
    [256, 256],
    [1, 600],
    [300, 301],
    [511, 768],
  ] as const) {
    test(`from ${before} to ${after} records writes what is new, and it is as if published at once`, async (t) => {
      const log = await BuiltLog.build(before);
      const [dir, fresh] = [tempDir(t), tempDir(t)];
      await publishTo(dir, log);
      const old = contentOf(dir);
      const more = after === before ? log : await grown(log, after);
      const { from, size, files } = await publishTo(dir, more);
      assert.deepEqual([from, size], [before, after]);
      await publishTo(fresh, more);
      const now = contentOf(dir);
      for (const [name, bytes] of contentOf(fresh)) assert.deepEqual(now.get(name), bytes, name);
      const added = pathsAt(after).filter((path) => !old.has(path));
      assert.equal(files, added.length + (after === before ? 0 : 1));
      // Partial tiles are there until the full one is.
      for (const path of pathsAt(before)) {
        const full = path.replace(/\.p\/.*$/, '');
        assert.ok(existsSync(join(dir, path)) || (path !== full && existsSync(join(dir, full))), path);
        if (path !== full && now.has(full)) assert.ok(!now.has(path), `${path} is gone`);
      }
      assert.equal((await verifyCopy(dir, { pin: log.pin() })).verdict, 'intact');
    });
  }

  test('over the edges of 65,536 records', async (t) => {
    const [dir, fresh] = [tempDir(t), tempDir(t)];
    let log = await BuiltLog.build(65_535, 20_000);
    for (const size of [65_535, 65_536, 65_537]) {
      if (size > log.size) log = await grown(log, size);
      await publishTo(dir, log);
      for (const path of pathsAt(size)) assert.ok(existsSync(join(dir, path)), `${size}: ${path}`);
      assert.equal((await verifyCopy(dir)).verdict, 'intact', `${size}`);
    }
    await publishTo(fresh, log);
    const now = contentOf(dir);
    for (const [name, bytes] of contentOf(fresh)) assert.deepEqual(now.get(name), bytes, name);
    assert.ok(
      !existsSync(join(dir, 'tile/1/000.p')),
      'the partial tile of level 1 has gone for the full one',
    );
  });

  test('cut off anywhere, leaves the state before or after, and goes on the next time', async (t) => {
    const [base, fresh] = [tempDir(t), tempDir(t)];
    const log = await BuiltLog.build(250);
    const more = await grown(log, 530);
    await publishTo(base, log);
    await publishTo(fresh, more);
    const steps = new CutAt(Number.POSITIVE_INFINITY);
    const whole = tempDir(t);
    cpSync(base, whole, { recursive: true });
    await publishTo(whole, more, { signal: steps.signal });
    assert.ok(steps.asked > 10);
    for (let n = 1; n <= steps.asked; n++) {
      const dir = tempDir(t);
      cpSync(base, dir, { recursive: true });
      await assert.rejects(publishTo(dir, more, { signal: new CutAt(n).signal }), /cut off/);
      const report = await verifyCopy(dir, { pin: log.pin() });
      assert.equal(report.verdict, 'intact', `cut at ${n}: ${JSON.stringify(report.findings)}`);
      assert.ok([250, 530].includes(report.size));
      // What was being written when it was cut off is torn.
      for (const name of contentOf(dir).keys()) {
        if (report.size === 250 && !contentOf(base).has(name)) truncateSync(join(dir, name), 1);
      }
      await publishTo(dir, more);
      const now = contentOf(dir);
      for (const [name, bytes] of contentOf(fresh)) assert.deepEqual(now.get(name), bytes, `${n}: ${name}`);
      assert.equal((await verifyCopy(dir, { pin: more.pin() })).verdict, 'intact');
    }
  });
});

describe('what is not written over', () => {
  test('another log, something else, a checkpoint that does not read', async (t) => {
    const log = await BuiltLog.build(20);
    const dir = tempDir(t);
    const other = await BuiltLog.build(10);
    other.origin = 'other-00000000/node-1';
    await other.seal(other.size, other.root);
    await publishTo(dir, other);
    const before = contentOf(dir);
    await assert.rejects(publishTo(dir, log), refuses('COPY_MISMATCH'));
    assert.deepEqual(contentOf(dir), before);
    const full = tempDir(t);
    mkdirSync(join(full, 'etc'));
    await assert.rejects(publishTo(full, log), refuses('COPY_MISMATCH'));
    writeFileSync(join(dir, 'checkpoint'), 'hello\n');
    await assert.rejects(publishTo(dir, log), refuses('COPY_MISMATCH'));
  });

  test('a newer state: the log was rolled back', async (t) => {
    const log = await BuiltLog.build(300);
    const dir = tempDir(t);
    await publishTo(dir, await grown(log, 301));
    const before = contentOf(dir);
    await assert.rejects(publishTo(dir, log), refuses('ROLLED_BACK'));
    assert.deepEqual(contentOf(dir), before);
  });

  test('a state that the log contradicts', async (t) => {
    const log = await BuiltLog.build(300);
    const dir = tempDir(t);
    await publishTo(dir, log);
    const before = contentOf(dir);
    const rebuilt = await rebuild(log, testSigner('log'), (seq) =>
      makeRecord(seq, seq === 5 ? { event: 'OTHER' } : {}),
    );
    for (const size of [300, 400]) {
      const contradicting = size === 300 ? rebuilt : await grown(rebuilt, size);
      await assert.rejects(publishTo(dir, contradicting), refuses('SPLIT_VIEW'));
    }
    assert.deepEqual(contentOf(dir), before);
  });

  test('what can not be written is an error, and no checkpoint speaks of it', async (t) => {
    const log = await BuiltLog.build(300);
    for (const path of ['tile', 'tile/0/001.p', 'checkpoint.new']) {
      const dir = tempDir(t);
      mkdirSync(join(dir, path, '..'), { recursive: true });
      if (path === 'checkpoint.new') mkdirSync(join(dir, path));
      else writeFileSync(join(dir, path), 'a file where a directory belongs');
      await assert.rejects(publishTo(dir, log), refuses('STORE_UNAVAILABLE'), path);
      assert.ok(!existsSync(join(dir, 'checkpoint')), path);
    }
  });

  test('entries and no entries are not mixed', async (t) => {
    const log = await BuiltLog.build(300);
    const [dir, bare] = [tempDir(t), tempDir(t)];
    await publishTo(dir, log);
    await publishTo(bare, log, { entries: false });
    assert.ok(!existsSync(join(bare, 'tile', 'entries')));
    await assert.rejects(publishTo(dir, log, { entries: false }), refuses('COPY_MISMATCH'));
    await assert.rejects(publishTo(bare, log), refuses('COPY_MISMATCH'));
    await publishTo(bare, await grown(log, 600), { entries: false });
    assert.ok(existsSync(join(bare, 'tile', '0', '002.p', '88')));
  });

  test('a damaged log is not published, and the copy stays as it was', async (t) => {
    const log = await BuiltLog.build(300);
    const dir = tempDir(t);
    await publishTo(dir, log);
    const damages: ((log: BuiltLog) => void)[] = [
      (l) => l.bundle(350).splice(350 - 256, 1, forged(350)),
      (l) => l.bundle(290).splice(290 - 256, 1, forged(290)),
      (l) => l.bundle(350).splice(350 - 256, 1),
      (l) => l.stored.delete(2),
      (l) => l.stored.set(2, 'no zstd'),
    ];
    for (const damage of damages) {
      const more = await grown(log, 700);
      damage(more);
      await assert.rejects(publishTo(dir, more), refuses('LOG_DAMAGED'));
      const report = await verifyCopy(dir, { pin: log.pin() });
      assert.deepEqual([report.verdict, report.size], ['intact', 300]);
    }
    await publishTo(dir, await grown(log, 700));
    assert.equal((await verifyCopy(dir)).size, 700);
  });
});
