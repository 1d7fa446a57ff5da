import { Catalogs } from '../../src/catalog/catalogs.ts';
import { checkpointBody } from '../../src/checkpoint/mod.ts';
import type { Medium } from '../../src/cli/demo/attacks.ts';
import { NODE, tamper } from '../../src/cli/demo/scene.ts';
import { fromUtf8, utf8 } from '../../src/crypto/bytes.ts';
import { type EvidenceOptions, formatEvidence, verifyEvidence } from '../../src/evidence/mod.ts';
import { verifyExport } from '../../src/exported/mod.ts';
import {
  encodeBundle,
  makeConsistency,
  makeSharedInclusion,
  type TileReader,
  tilePath,
  tileWidth,
} from '../../src/merkle/mod.ts';
import { formatKeyChanges, payloadPath } from '../../src/published/layout.ts';
import { PublishedLog } from '../../src/published/mod.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { SqliteStore } from '../../src/store/sqlite/mod.ts';
import { entriesOf, leavesOf, type StoredLog } from '../../src/store/stored-log.ts';
import {
  type Finding,
  type LogSource,
  type NotChecked,
  type Report,
  verifyLog,
} from '../../src/verify/mod.ts';
import { type Held, WITNESS_KEY } from './anchors.ts';
import { exportOf } from './exported.ts';

/** What a verification came to, whatever it was of. */
export interface Verdict {
  readonly verdict: Report['verdict'];
  readonly findings: readonly Finding[];
  readonly notChecked: readonly NotChecked[];
}

/** A place where a log lies; what is put there was altered by somebody who may write there. */
export interface Place {
  /** Lays a log out as the medium does; null: nothing. What it gives verifies that, with what a verifier holds. */
  put(log: StoredLog | null): Promise<(held: Held, deep: boolean) => Promise<Verdict>>;
  /** Sizes of the kept checkpoints that it has of a log. */
  kept(log: StoredLog): readonly number[];
  close?(): Promise<void>;
}

const allKept = (log: StoredLog): number[] => log.checkpoints.map(({ size }) => size);
const mustStay = (log: StoredLog): number[] =>
  log.checkpoints.filter(({ keep }) => keep).map(({ size }) => size);

/** @param data of a whole log, which is overwritten; @param whole what evidence is made of before it is altered. */
export async function placesOf(data: string, whole: StoredLog): Promise<Readonly<Record<Medium, Place>>> {
  const store = await SqliteStore.open({ dir: data, readOnly: true });
  return {
    memory: { kept: allKept, put: async (log) => overSource(inMemory(log)) },
    SQLite: {
      kept: allKept,
      close: () => store.close(),
      put: async (log) => {
        tamper(data, (tampered) => tampered.replace(log));
        return overSource(store.source(NODE));
      },
    },
    tiles: { kept: mustStay, put: async (log) => overSource(published(log)) },
    export: {
      kept: () => [],
      put: async (log) => {
        const file = await exportOf(log as StoredLog, inMemory(log), inMemory(whole));
        return ({ log: held }, deep) => verifyExport(once(file), { ...held, deep });
      },
    },
    evidence: { kept: () => [], put: async (log) => inEvidence(log as StoredLog, whole) },
  };
}

function overSource(source: LogSource): (held: Held, deep: boolean) => Promise<Verdict> {
  return ({ log }, deep) => verifyLog(source, { ...log, deep });
}

async function* once(file: Uint8Array): AsyncGenerator<Uint8Array> {
  yield file;
}

function inMemory(log: StoredLog | null): LogSource {
  const disk = new MemoryDisk();
  if (log !== null) {
    const { head, leaves, tiles, checkpoints, payloads } = log;
    disk.logs.set(NODE, {
      head: { node: NODE, epoch: 1, ...head },
      keep: false,
      entries: rowsOf(log),
      leaves,
      tiles,
      checkpoints,
      payloads: new Map(payloads.map((payload) => [payload.digest, payload])),
      ids: new Map(),
    });
  }
  return new MemoryStore(disk).source(NODE);
}

/** Entries with their length; where a bundle was spoilt, its bytes stand in the first one's place. */
function rowsOf({ entries, spoilt }: StoredLog): Uint8Array[] {
  return entries.map(({ bytes }, at) => {
    const instead = spoilt.get(Math.floor(at / 256));
    if (!instead) return encodeBundle([bytes]);
    return at % 256 === 0 ? instead : new Uint8Array(0);
  });
}

/** The files of a published log, as `publish` lays them out (which a test of this folder holds it to). */
export function filesOf(log: StoredLog): Map<string, Uint8Array> {
  const { head, spoilt, tiles, checkpoints, payloads } = log;
  const files = new Map<string, Uint8Array>();
  const { origin, size, root, signatures } = head;
  files.set('checkpoint', utf8(`${checkpointBody(origin, size, root)}\n${signatures}`));
  files.set(
    'key-changes',
    utf8(
      formatKeyChanges(
        origin,
        checkpoints.filter(({ keep }) => keep),
      ),
    ),
  );
  const bundles = Math.ceil(size / 256);
  for (let index = 0; index < bundles; index++) {
    const own = entriesOf(log, index, index === bundles - 1);
    const bytes = spoilt.has(index) ? spoilt.get(index) : encodeBundle(own);
    const width = tileWidth(0, index, size);
    if (bytes && own.length > 0) files.set(tilePath({ level: 'entries', index, width }), bytes);
    const hashes = Buffer.concat(leavesOf(log, index)).subarray(0, width * 32);
    files.set(tilePath({ level: 0, index, width }), new Uint8Array(hashes));
  }
  for (const [place, hashes] of tiles) {
    const [level, index] = place.split('/').map(Number) as [number, number];
    files.set(tilePath({ level, index, width: hashes.length / 32 }), hashes);
  }
  for (const { digest, salt, bytes } of payloads) {
    files.set(payloadPath(digest), new Uint8Array(Buffer.concat([salt, bytes])));
  }
  return files;
}

function published(log: StoredLog | null): LogSource {
  const files = log === null ? new Map<string, Uint8Array>() : filesOf(log);
  return new PublishedLog({ place: 'a test', read: async (path) => files.get(path) ?? null });
}

/** Evidence of every record, as somebody would falsify it who has no program that refuses to. */
async function inEvidence(
  log: StoredLog,
  whole: StoredLog,
): Promise<(held: Held, deep: boolean) => Promise<Verdict>> {
  const { origin, size, root, signatures } = log.head;
  const payloads = Map.groupBy(log.payloads, ({ seq }) => seq);
  const checkpoint = `${checkpointBody(origin, size, root)}\n${signatures}`;
  const records = log.entries.map(({ number, bytes }) => ({
    ...{ seq: number, entry: fromUtf8(bytes) },
    payloads: (payloads.get(number) ?? []).map((each) => ({
      salt: each.salt,
      content: fromUtf8(each.bytes),
    })),
  }));
  const text = (cosignature: string): string =>
    formatEvidence({
      made: {
        ...{ at: 0, by: null, software: 'test', query: '', more: false },
        catalogs: Catalogs.builtIn.version,
      },
      logs: [
        {
          ...{ checkpoint: checkpoint + cosignature, searched: null, records, hashes },
          ...{ matches: log.entries.map(({ number }) => number), checkpoints, timestamps: [] },
          ...{
            range: { from: 0, to: size, since: null, until: null },
            witnesses: [WITNESS_KEY],
            certificates: [],
          },
        },
      ],
    });
  const numbers = records.map(({ seq }) => seq);
  const hashes = await proofOf(log, numbers)
    .catch(() => proofOf(whole, numbers))
    .catch(() => []);
  // Those behind key changes; the one behind the first record is none.
  const changes = log.checkpoints.filter((each) => each.keep && each.size > 1);
  const checkpoints = await Promise.all(
    changes.map(async (each) => ({
      checkpoint: `${checkpointBody(origin, each.size, each.root)}\n${each.signatures}`,
      consistency: await makeConsistency(each.size, size, tilesOf(log)),
    })),
  );
  const plain = text('');
  // What anchors have in common is verified once.
  const verdicts = new Map<EvidenceOptions, Promise<Verdict>>();
  return ({ evidence, cosignatures }) => {
    // A witness's line is of use with the very checkpoint that it was made for.
    const line = cosignatures.get(checkpoint) ?? '';
    const found = verdicts.get(evidence) ?? judge(line, evidence);
    verdicts.set(evidence, found);
    return found;
  };

  async function judge(line: string, evidence: EvidenceOptions): Promise<Verdict> {
    const { verdict, findings, logs } = await verifyEvidence(line === '' ? plain : text(line), evidence);
    const notChecked = logs.flatMap((each) => each.notChecked);
    return { verdict, findings: [...findings, ...logs.flatMap((each) => each.findings)], notChecked };
  }
}

function tilesOf(log: StoredLog): TileReader {
  return async (level, index, width) => {
    const hashes =
      level === 0
        ? Buffer.concat(leavesOf(log, index))
        : (log.tiles.get(`${level}/${index}`) ?? new Uint8Array(0));
    return new Uint8Array(hashes.subarray(0, width * 32));
  };
}

function proofOf(log: StoredLog, numbers: readonly number[]): Promise<Uint8Array[]> {
  return makeSharedInclusion(numbers, log.head.size, tilesOf(log));
}
