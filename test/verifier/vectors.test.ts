import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { directory, makeVectors } from '../../scripts/vectors/main.ts';
import { openCheckpoint, parseCheckpoint, parseNote, parsePin } from '../../src/checkpoint/mod.ts';
import { equalBytes, fromHex, toHex, utf8 } from '../../src/crypto/bytes.ts';
import { TallystickError } from '../../src/errors.ts';
import { verifyEvidence } from '../../src/evidence/mod.ts';
import {
  bundleEntries,
  leafHash,
  splitSharedInclusion,
  Tree,
  verifyConsistency,
  verifyInclusion,
} from '../../src/merkle/mod.ts';
import { parseTimestamps } from '../../src/published/timestamps.ts';
import { decodeEntry, payloadMatches } from '../../src/record/mod.ts';
import { followKeys } from '../../src/verify/mod.ts';
import { brief } from '../evidence/fixture.ts';
import {
  canonical,
  erasOf,
  leafOf,
  rangeHolds,
  rootByInclusion,
  rootByShared,
  rootOf,
  rootsByConsistency,
  signersOf,
  stampsIn,
} from './second.ts';

// biome-ignore lint/suspicious/noExplicitAny: the vectors are read as another program would read them.
function read(name: string): any {
  return JSON.parse(readFileSync(path.join(directory, name), 'utf8'));
}

function hexes(all: readonly string[]): Uint8Array[] {
  return all.map((hex) => fromHex(hex) as Uint8Array);
}

describe('test vectors', () => {
  test('are what the script makes, and nothing else is there', async () => {
    const made = await makeVectors();
    const there = readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile() && each.name !== 'README.md')
      .map((each) => path.relative(directory, path.join(each.parentPath, each.name)));
    assert.deepEqual(there.sort(), [...made.keys()].sort());
    for (const [name, text] of made) {
      assert.equal(readFileSync(path.join(directory, name), 'utf8'), text, `${name}: run npm run vectors`);
    }
  });

  test('records: bytes and leaf hashes; what is not canonical is refused', () => {
    const { good, bad, payload } = read('records.json');
    for (const { name, entry, bytes, leaf } of good) {
      assert.equal(utf8(entry).length, bytes, name);
      assert.equal(toHex(leafHash(utf8(entry))), leaf, name);
      assert.equal(leafOf(entry), leaf, name);
      assert.equal(canonical(decodeEntry(utf8(entry))), entry, name);
    }
    for (const { name, entry } of bad) assert.throws(() => decodeEntry(utf8(entry)), TallystickError, name);
    const content = { salt: Buffer.from(payload.salt, 'base64'), bytes: utf8(payload.content) };
    assert.ok(payloadMatches(payload.reference, content));
  });

  test('trees: roots, proofs, tiles and bundles', () => {
    const { roots, inclusion, consistency, shared, tiles, bundle } = read('trees.json');
    const leaves = Array.from({ length: 513 }, (_, i) => leafHash(utf8(`entry ${i}`)));
    const tree = new Tree();
    const rootAt = (size: number): Buffer => rootOf(leaves.slice(0, size));
    for (const { size, root } of roots) {
      while (tree.size < size) tree.append(leaves[tree.size] as Uint8Array);
      assert.deepEqual([toHex(tree.root()), rootAt(size).toString('hex')], [root, root]);
    }
    for (const { index, size, proof } of inclusion) {
      const leaf = leaves[index] as Uint8Array;
      verifyInclusion(index, size, leaf, hexes(proof), rootAt(size));
      assert.ok(equalBytes(rootByInclusion(index, size, leaf, hexes(proof)) as Uint8Array, rootAt(size)));
    }
    for (const { from, to, proof } of consistency) {
      verifyConsistency(from, to, hexes(proof), rootAt(from), rootAt(to));
      assert.deepEqual(rootsByConsistency(from, to, hexes(proof), rootAt(from)), [rootAt(from), rootAt(to)]);
    }
    for (const { leaves: seqs, size, hashes } of shared) {
      const known = new Map(seqs.map((seq: number) => [seq, leaves[seq]]));
      assert.deepEqual(rootByShared(known as never, size, hexes(hashes)), rootAt(size));
      for (const [i, proof] of splitSharedInclusion(seqs, size, hexes(hashes)).entries()) {
        verifyInclusion(seqs[i], size, leaves[seqs[i]] as Uint8Array, proof, rootAt(size));
      }
    }
    assert.deepEqual(
      tiles.map(({ path: at, bytes }: { path: string; bytes: number }) => [at, bytes]),
      [
        ['tile/0/000', 8192],
        ['tile/0/001', 8192],
        ['tile/0/002.p/1', 32],
        ['tile/1/000.p/2', 64],
      ],
    );
    for (const { path: at, first, last } of tiles) {
      const [, level, index] = /^tile\/(\d)\/(\d+)/.exec(at) ?? [];
      const width = 256 ** Number(level);
      const hash = (i: number): string => {
        const from = (Number(index) * 256 + i) * width;
        return Buffer.from(rootOf(leaves.slice(from, from + width))).toString('hex');
      };
      const { bytes } = tiles.find(({ path: same }: { path: string }) => same === at);
      assert.deepEqual([first, last], [hash(0), hash(bytes / 32 - 1)], at);
    }
    const entries = bundleEntries(fromHex(bundle.hex) as Uint8Array);
    assert.deepEqual(
      entries.map((each) => new TextDecoder().decode(each)),
      bundle.entries,
    );
  });

  test('checkpoints: every type of key, and what is refused', async () => {
    const { good, bad } = read('checkpoints.json');
    assert.equal(good.length, 6);
    for (const { name, vkey, note } of good) {
      const { verifiedBy } = await openCheckpoint(note, [vkey]);
      assert.deepEqual(
        verifiedBy.map((key) => key.vkey),
        [vkey],
        name,
      );
      assert.deepEqual(signersOf(note, [vkey]), [vkey], name);
    }
    for (const { name, vkey, note } of bad) {
      await assert.rejects(openCheckpoint(note, [vkey]), TallystickError, name);
      assert.notDeepEqual(signersOf(note, [vkey]), [vkey], name);
    }
  });

  test('time stamps of a published log: which lines are some', () => {
    const { origin, size, cases } = read('timestamps.json');
    assert.ok(cases.length >= 15);
    for (const { name, file, sizes, ahead, bad } of cases) {
      const found = parseTimestamps(file, { origin, size });
      const { tokens, unreadable } = found;
      assert.deepEqual([tokens.map((each) => each.size), found.ahead, unreadable], [sizes, ahead, bad], name);
      assert.deepEqual(stampsIn(file, origin, size), { sizes, ahead, bad }, name);
    }
  });

  test('key history: who must have signed what', async () => {
    const { origin, cases } = read('key-history.json');
    assert.ok(cases.length >= 10);
    for (const { name, entries, checkpoints, eras } of cases) {
      assert.deepEqual(erasOf(origin, entries, checkpoints), eras, name);
      const leaves = entries.map((entry: string) => leafHash(utf8(entry)));
      const history = await followKeys(
        {
          entry: async (seq) => utf8(entries[seq]),
          keyChanges: async function* () {
            for (const note of checkpoints) {
              const { size, root } = parseCheckpoint(parseNote(note).text);
              yield { size, root, signatures: note.slice(parseNote(note).text.length + 1) };
            }
          },
          isLast: async (size, root) => equalBytes(rootOf(leaves.slice(0, size)), root),
        },
        origin,
        entries.length,
      );
      assert.deepEqual(history?.eras, eras, name);
    }
  });

  test('evidence: what is to be found in each file', async () => {
    for (const { file, given, verdict, findings } of read('evidence/expected.json')) {
      const inEvidence = (name: string): string =>
        readFileSync(path.join(directory, 'evidence', name), 'utf8');
      const report = await verifyEvidence(inEvidence(file), {
        pins: given.pin === undefined ? [] : [parsePin(inEvidence(given.pin))],
        keys: given.key === undefined ? [] : [given.key],
        complete: given.complete === true,
      });
      assert.deepEqual(
        [report.verdict, brief(report)],
        [verdict, findings],
        `${file} ${JSON.stringify(given)}`,
      );
      if (!file.includes('complete') && !file.startsWith('of-time')) continue;
      // That a time is not shown to be over is wrong where that was to be shown.
      if (file === 'of-time-open.json' && given.complete !== true) continue;
      const [log] = JSON.parse(inEvidence(file)).logs;
      const isWrong = findings.some(([code]: [string]) => code === 'not-complete');
      assert.equal(rangeHolds(log), !isWrong, file);
    }
  });
});
