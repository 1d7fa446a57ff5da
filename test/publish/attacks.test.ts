import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { bundleEntries, encodeBundle, leafHashes } from '../../src/merkle/mod.ts';
import { DirectoryFiles } from '../../src/publish/mod.ts';
import { PublishedLog } from '../../src/published/mod.ts';
import { type Report, verifyRange } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, entryOf, forged, makeRecord, rebuild, VKEY } from '../verify/built-log.ts';
import { contentOf, publishTo, tempDir, verifyCopy } from './fixture.ts';

const log = await BuiltLog.build(600);
const older = await BuiltLog.build(500);
const whole = tempDir({ after });
await publishTo(whole, log);

/** Code, first record, end: of the findings that fail. */
type Expected = readonly (readonly [string, number, number])[];

interface Attack {
  readonly what: string;
  change(at: (path: string) => string): void | Promise<void>;
  readonly finds: Expected;
  /** What is found when the last published checkpoint is pinned; the same by default. */
  readonly pinned?: Expected;
}

function edit(file: string, change: (entries: Uint8Array[]) => Uint8Array[]): void {
  writeFileSync(file, encodeBundle(change(bundleEntries(readFileSync(file)))));
}

function swap(a: string, b: string): void {
  renameSync(a, `${a}.x`);
  renameSync(b, a);
  renameSync(`${a}.x`, b);
}

const ATTACKS: readonly Attack[] = [
  {
    what: 'nothing at all',
    change: () => {},
    finds: [],
  },
  ...[0, 7, 255, 256, 511, 512, 599].map((seq) => ({
    what: `record ${seq} edited`,
    change: (at: (path: string) => string) => {
      const path = seq < 512 ? `tile/entries/00${seq >> 8}` : 'tile/entries/002.p/88';
      edit(at(path), (entries) => entries.with(seq % 256, forged(seq)));
    },
    finds: [['altered', seq, seq + 1]] as Expected,
  })),
  {
    what: 'one byte of a record changed',
    change: (at) => {
      const bytes = readFileSync(at('tile/entries/001'));
      bytes[40] = (bytes[40] as number) ^ 1;
      writeFileSync(at('tile/entries/001'), bytes);
    },
    finds: [['altered', 256, 257]],
  },
  {
    what: 'a record edited, and its hash tile with it',
    change: (at) => {
      edit(at('tile/entries/001'), (entries) => entries.with(3, forged(259)));
      writeFileSync(at('tile/0/001'), leafHashes(new Uint8Array(readFileSync(at('tile/entries/001')))));
    },
    finds: [['altered', 256, 512]],
  },
  {
    what: 'two records exchanged',
    change: (at) =>
      edit(at('tile/entries/000'), (e) => e.with(5, e[9] as Uint8Array).with(9, e[5] as Uint8Array)),
    finds: [
      ['reordered', 5, 6],
      ['reordered', 9, 10],
    ],
  },
  {
    what: 'a record taken out',
    change: (at) => edit(at('tile/entries/000'), (entries) => entries.toSpliced(9, 1)),
    finds: [['missing', 9, 10]],
  },
  {
    what: 'a record put in at the end',
    change: (at) => edit(at('tile/entries/002.p/88'), (entries) => [...entries, forged(600)]),
    finds: [['inserted', 600, 601]],
  },
  {
    what: 'two bundles exchanged',
    change: (at) => swap(at('tile/entries/000'), at('tile/entries/001')),
    // As many as are listed.
    finds: [['altered', 0, 100]],
  },
  {
    what: 'a bundle missing',
    change: (at) => rmSync(at('tile/entries/001')),
    finds: [['missing', 256, 512]],
  },
  {
    what: 'the last bundle missing',
    change: (at) => rmSync(at('tile/entries/002.p/88')),
    finds: [['missing', 512, 600]],
  },
  {
    what: 'all records missing',
    change: (at) => rmSync(at('tile/entries'), { recursive: true }),
    finds: [['missing', 0, 600]],
  },
  {
    what: 'a bundle cut within a record',
    change: (at) => {
      const bytes = readFileSync(at('tile/entries/000'));
      writeFileSync(at('tile/entries/000'), bytes.subarray(0, bytes.length - 1));
    },
    finds: [['unreadable', 0, 256]],
  },
  {
    what: 'bytes behind the last record of a bundle',
    change: (at) => appendFileSync(at('tile/entries/001'), Uint8Array.of(0)),
    finds: [['unreadable', 256, 512]],
  },
  {
    what: 'a bundle larger than any can be',
    change: (at) => writeFileSync(at('tile/entries/001'), new Uint8Array(17_000_000)),
    finds: [['unreadable', 256, 512]],
  },
  {
    what: 'a directory in the place of a bundle',
    change: (at) => {
      rmSync(at('tile/entries/001'));
      mkdirSync(at('tile/entries/001'));
    },
    finds: [['unreadable', 256, 512]],
  },
  ...(['tile/0/000', 'tile/0/001'] as const).map((path, i) => ({
    what: `${path} cut short`,
    change: (at: (path: string) => string) =>
      writeFileSync(at(path), readFileSync(at(path)).subarray(0, 8000)),
    finds: [['tile-missing', 256 * i, 256 * (i + 1)]] as Expected,
  })),
  {
    what: 'bytes behind a tile',
    change: (at) => appendFileSync(at('tile/0/000'), new Uint8Array(32)),
    finds: [['tile-missing', 0, 256]],
  },
  { what: 'a tile missing', change: (at) => rmSync(at('tile/0/000')), finds: [['tile-missing', 0, 256]] },
  {
    what: 'the partial tile of the leaves missing',
    change: (at) => rmSync(at('tile/0/002.p/88')),
    finds: [['tile-missing', 512, 600]],
  },
  {
    what: 'the tile of level 1 changed',
    change: (at) => {
      const bytes = readFileSync(at('tile/1/000.p/2'));
      bytes[33] = (bytes[33] as number) ^ 1;
      writeFileSync(at('tile/1/000.p/2'), bytes);
    },
    finds: [['tile-altered', 256, 512]],
  },
  {
    what: 'hashes of a tile exchanged',
    change: (at) => {
      const bytes = readFileSync(at('tile/0/001'));
      writeFileSync(
        at('tile/0/001'),
        Buffer.concat([bytes.subarray(32, 64), bytes.subarray(0, 32), bytes.subarray(64)]),
      );
    },
    finds: [['tile-altered', 256, 258]],
  },
  {
    what: 'two tiles exchanged',
    change: (at) => swap(at('tile/0/000'), at('tile/0/001')),
    finds: [
      ['tile-altered', 0, 256],
      ['tile-altered', 256, 512],
    ],
  },
  {
    what: 'an old checkpoint put back, with its tiles',
    change: async (at) => {
      rmSync(at('.'), { recursive: true });
      await publishTo(at('.'), older);
    },
    finds: [],
    pinned: [['rolled-back', 500, 600]],
  },
  {
    what: 'an old checkpoint put back alone, its partial tiles gone: they are cut from the full ones',
    change: (at) => writeFileSync(at('checkpoint'), older.note),
    // Level 1 was one hash wide then, and its partial tile has not been there.
    finds: [['tile-missing', 0, 256]],
    pinned: [
      ['tile-missing', 0, 256],
      ['rolled-back', 500, 600],
    ],
  },
  {
    what: 'a size changed in the checkpoint',
    change: (at) => writeFileSync(at('checkpoint'), log.note.replace('\n600\n', '\n599\n')),
    // Nor was anything published for that size.
    finds: [
      ['bad-signature', 0, 599],
      ['coverage-ends', 0, 599],
      ['missing', 512, 599],
    ],
    pinned: [
      ['bad-signature', 0, 599],
      ['coverage-ends', 0, 599],
      ['missing', 512, 599],
      ['truncated', 599, 600],
    ],
  },
  {
    what: 'a checkpoint that is none',
    change: (at) => writeFileSync(at('checkpoint'), 'hello\n'),
    finds: [['bad-checkpoint', 0, 0]],
  },
  {
    what: 'a checkpoint that never ends',
    change: (at) => writeFileSync(at('checkpoint'), log.note + 'x'.repeat(600_000)),
    finds: [['bad-checkpoint', 0, 0]],
  },
  {
    what: 'no checkpoint',
    change: (at) => rmSync(at('checkpoint')),
    finds: [],
    pinned: [['truncated', 0, 600]],
  },
  {
    what: 'another log in its place, rebuilt with its own key',
    change: async (at) => {
      rmSync(at('.'), { recursive: true });
      const other = await rebuild(log, testSigner('log'), (seq) =>
        makeRecord(seq, seq === 300 ? { event: 'NEVER' } : {}),
      );
      await publishTo(at('.'), other);
    },
    finds: [],
    pinned: [['split-view', 0, 600]],
  },
];

/** Failures, neighbours of one code as one. */
function failures({ findings }: Report): Expected {
  const found: [string, number, number][] = [];
  for (const { class: kind, code, from, to } of findings) {
    if (kind !== 'fail') continue;
    const last = found.at(-1);
    if (code === 'altered' && last?.[0] === code && last[2] === from) last[2] = to;
    else found.push([code, from, to]);
  }
  return found;
}

describe('a published log attacked', () => {
  for (const { what, change, finds, pinned = finds } of ATTACKS) {
    test(what, async (t) => {
      const dir = tempDir(t);
      cpSync(whole, dir, { recursive: true });
      await change((path) => join(dir, path));
      assert.deepEqual(failures(await verifyCopy(dir, { keys: [VKEY] })), finds);
      assert.deepEqual(failures(await verifyCopy(dir, { pin: log.pin() })), pinned);
    });
  }
});

test('a part of it verifies alone, in whatever bundles it lies', async (t) => {
  const dir = tempDir(t);
  cpSync(whole, dir, { recursive: true });
  const source = (): PublishedLog => new PublishedLog(new DirectoryFiles(dir));
  for (const [from, to] of [
    [0, 1],
    [250, 260],
    [599, 600],
    [256, 512],
    [3, 600],
  ] as const) {
    const report = await verifyRange(source(), from, to, { deep: true, keys: [VKEY] });
    assert.deepEqual([report.verdict, report.checked.records], ['intact', to - from]);
  }
  edit(join(dir, 'tile/entries/001'), (entries) => entries.with(0, entryOf(makeRecord(256, { event: 'X' }))));
  assert.deepEqual(failures(await verifyRange(source(), 255, 258)), [['altered', 256, 257]]);
  assert.deepEqual(failures(await verifyRange(source(), 257, 258)), []);
});

describe('a log published without entries', () => {
  const options = { keys: [VKEY], hashesOnly: true };

  test('is verified up to the root and against the pin; nothing is said of the records', async (t) => {
    const dir = tempDir(t);
    await publishTo(dir, log, { entries: false });
    const report = await verifyCopy(dir, { ...options, pin: older.pin() });
    assert.deepEqual([report.verdict, report.findings], ['intact', []]);
    assert.deepEqual([report.checked.records, report.checked.tiles], [0, 3]);
    assert.ok(report.notChecked.some(({ what }) => what === 'the records'));
    // Without being told, a verifier misses them.
    assert.deepEqual(failures(await verifyCopy(dir, { keys: [VKEY] })), [['missing', 0, 600]]);
    const part = await verifyRange(new PublishedLog(new DirectoryFiles(dir)), 10, 300, options);
    assert.equal(part.verdict, 'intact');
  });

  for (const [what, change, finds] of [
    ['a hash changed', (at) => flip(at('tile/0/001'), 40), [['coverage-ends', 256, 512]]],
    ['a tile missing', (at) => rmSync(at('tile/0/000')), [['coverage-ends', 0, 256]]],
    ['a checkpoint changed', (at) => flip(at('checkpoint'), log.note.length), [['bad-signature', 0, 600]]],
    ['an older state', (at) => publishTo(at('.'), older, { entries: false }), [['rolled-back', 500, 600]]],
    ['no state', () => {}, [['truncated', 0, 600]]],
  ] as [string, Attack['change'], Expected][]) {
    test(what, async (t) => {
      const dir = tempDir(t);
      const isWhole = what.startsWith('a ');
      if (isWhole) await publishTo(dir, log, { entries: false });
      await change((path) => join(dir, path));
      assert.deepEqual(failures(await verifyCopy(dir, { ...options, pin: log.pin() })), finds);
    });
  }

  test('its right edge changed', async (t) => {
    for (const file of ['tile/0/002.p/88', 'tile/1/000.p/2']) {
      const dir = tempDir(t);
      await publishTo(dir, log, { entries: false });
      flip(join(dir, file), 3);
      assert.equal((await verifyCopy(dir, options)).verdict, 'not-intact', file);
    }
  });
});

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  const i = Math.min(at, bytes.length - 20);
  bytes[i] = (bytes[i] as number) ^ 1;
  writeFileSync(file, bytes);
}

test('whatever happens to its files is found or does no harm, and never throws', async (t) => {
  const names = [...contentOf(whole).keys()];
  const ways: readonly ((file: string, at: number) => void)[] = [
    flip,
    (file) => rmSync(file),
    (file, at) => truncateSync(file, at),
    (file, at) => appendFileSync(file, 'x'.repeat(1 + at)),
    (file) => writeFileSync(file, ''),
    (file) => {
      rmSync(file);
      mkdirSync(file);
    },
    (file, at) => writeFileSync(file, randomBytes(at)),
    (file, at) => cpSync(join(whole, names[at % names.length] as string), file),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.nat(ways.length - 1),
      fc.nat(2_000),
      fc.boolean(),
      async (name, way, at, isPinned) => {
        const dir = tempDir(t);
        cpSync(whole, dir, { recursive: true });
        ways[way]?.(join(dir, name), at);
        const isSame = contentOf(whole)
          .get(name)
          ?.equals(contentOf(dir).get(name) ?? Buffer.of());
        const report = await verifyCopy(dir, {
          ...(isPinned ? { pin: log.pin() } : { keys: [VKEY] }),
          deep: true,
        });
        rmSync(dir, { recursive: true });
        // Without a checkpoint there is nothing; only a pin knows that there was.
        if (isSame === true || (name === 'checkpoint' && report.size === 0 && !isPinned)) return;
        assert.equal(report.verdict, 'not-intact', `${name}, ${way}, ${at}`);
      },
    ),
    { numRuns: 60 },
  );
});
