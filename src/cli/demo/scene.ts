import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpointBody, type Pin, signCheckpoint, vkeyFromSpki } from '../../checkpoint/mod.ts';
import { fromUtf8, toHex, utf8 } from '../../crypto/bytes.ts';
import type { Signer } from '../../crypto/signer.ts';
import { leafHash, Tree } from '../../merkle/mod.ts';
import { type AuditLog, LAYOUT, openLog } from '../../open.ts';
import { type AuditRecord, canonicalize, type Json, type RecordDraft } from '../../record/mod.ts';
import { TamperedStore } from '../../store/sqlite/tamper.ts';
import { openSoftwareKey } from '../../tokens/software.ts';

/** Whose log it is. */
export const NODE = 'demo';
/** Records of the log: a full hash tile of level 1 is far away, two full bundles and an edge are there. */
export const SIZE = 600;
/** What the older copy of it has. */
export const OLDER = 300;
/** The record that is tampered with: in the second bundle, behind the older copy's end. */
export const AT = 310;
/** The record that carries a payload. */
export const WITH_PAYLOAD = 400;
const BATCH = 50;

const EVENTS = ['KEY_CREATED', 'KEY_USED', 'CERT_ISSUED', 'CERT_REVOKED', 'LOGIN'];

/** A log to be tampered with, the copy that was made of it half-way, and what was remembered of it elsewhere. */
export class Scene {
  readonly #dir: string;
  readonly data: string;
  readonly older: string;
  readonly signer: Signer;
  /** What a verifier remembered when the log was whole. */
  readonly pin: Pin;
  #copies = 0;

  private constructor(dir: string, signer: Signer, pin: Pin) {
    this.#dir = dir;
    this.data = join(dir, 'log');
    this.older = join(dir, 'older');
    this.signer = signer;
    this.pin = pin;
  }

  static async make(): Promise<Scene> {
    const dir = mkdtempSync(join(tmpdir(), 'tallystick-demo-'));
    try {
      const [data, state] = [join(dir, 'log'), join(dir, 'state')];
      await fill(data, state, OLDER);
      cpSync(data, join(dir, 'older'), { recursive: true });
      const pin = await fill(data, state, SIZE);
      const signer = openSoftwareKey({ file: join(data, LAYOUT.key) });
      return new Scene(dir, signer, pin);
    } catch (error) {
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** A copy to work on. */
  copy(): string {
    const path = join(this.#dir, `copy-${++this.#copies}`);
    cpSync(this.data, path, { recursive: true });
    return path;
  }

  /** Puts a copy of another data directory in the place of one. */
  replace(data: string, by: string): void {
    rmSync(data, { recursive: true });
    cpSync(by, data, { recursive: true });
  }

  /** Opens a copy as its owner would, who remembers nothing of the original. */
  open(data: string): Promise<AuditLog> {
    return openLog({ data, index: false, state: join(this.#dir, `state-${this.#copies}`) });
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Appends records until the log has `to`, and resolves with a pin of that. */
async function fill(data: string, state: string, to: number): Promise<Pin> {
  const log = await openLog({ data, node: NODE, name: 'demo', index: false, state });
  try {
    while (log.head.size < to) {
      const first = log.head.size;
      const drafts = Array.from({ length: Math.min(BATCH, to - first) }, (_, i) => draft(first + i));
      await log.append(drafts, { source: 'demo' });
    }
    const { origin, size, root, note } = log.head;
    return { origin, keys: [log.vkey], size, root: toHex(root), checkpoint: note, savedAt: 0 };
  } finally {
    await log.close();
  }
}

/** Some event of an imagined signing service. */
export function draft(n: number, more: Partial<RecordDraft> = {}): RecordDraft {
  return {
    system: 'demo',
    event: EVENTS[n % EVENTS.length] as string,
    outcome: n % 7 === 3 ? 'failure' : 'success',
    time: Date.UTC(2026, 9, 5) + 1000 * n,
    actor: { name: `CN=Operator ${n % 5}` },
    details: { REQUEST: `r-${n}`, ...(n === WITH_PAYLOAD ? { DOCUMENT: 'x'.repeat(20_000) } : {}) },
    ...more,
  };
}

/** Lets somebody who can write the store's file work on it. */
export function tamper<T>(data: string, work: (store: TamperedStore) => T): T {
  const store = new TamperedStore(data, NODE);
  try {
    return work(store);
  } finally {
    store.close();
  }
}

/** An entry with something else in it, in canonical form again. */
export function edited(entry: Uint8Array, change: Partial<AuditRecord>): Uint8Array {
  const record = JSON.parse(fromUtf8(entry)) as AuditRecord;
  return utf8(canonicalize({ ...record, ...change } as unknown as Json));
}

/** Puts other entries in place of a log's own, and all hashes over them: what the key is not needed for. */
export function rebuild(
  store: TamperedStore,
  entries: readonly Uint8Array[],
): { size: number; root: Uint8Array } {
  const leaves = entries.map(leafHash);
  const tree = new Tree();
  for (const leaf of leaves) tree.append(leaf);
  store.write(entries, leaves);
  for (const { level, index, hashes } of tree.changedTiles()) store.setTile(level, index, hashes);
  return { size: tree.size, root: tree.root() };
}

/** As `rebuild`, and signs the result: what somebody can do who has a key. Older checkpoints are swept away. */
export async function forge(
  data: string,
  entries: readonly Uint8Array[],
  origin: string,
  signer: Signer,
): Promise<void> {
  const { size, root } = tamper(data, (store) => {
    store.dropCheckpoints(0);
    return rebuild(store, entries);
  });
  const signatures = await signCheckpoint(checkpointBody(origin, size, root), origin, signer);
  tamper(data, (store) => store.setHead({ origin, size, root, signatures }));
}

/** A key as a verifier knows it. */
export function vkeyOf(origin: string, signer: Signer): string {
  return vkeyFromSpki(origin, signer.algorithm, signer.publicKey);
}
