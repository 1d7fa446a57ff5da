import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditLog } from '../../audit-log.ts';
import { checkpointBody, type Pin } from '../../checkpoint/mod.ts';
import { toHex } from '../../crypto/bytes.ts';
import type { Signer } from '../../crypto/signer.ts';
import { openLog } from '../../open.ts';
import { LAYOUT } from '../../places.ts';
import type { RecordDraft } from '../../record/mod.ts';
import { TamperedStore } from '../../store/sqlite/tamper.ts';
import type { StoredLog } from '../../store/stored-log.ts';
import { openSoftwareKey } from '../../tokens/software.ts';
import { vkeyOf } from './forge.ts';

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

/** A log to be tampered with, and what it was half-way. */
export class Scene {
  readonly #dir: string;
  readonly data: string;
  /** What is stored of it, not to be changed. */
  readonly whole: StoredLog;
  readonly older: StoredLog;
  readonly signer: Signer;
  /** Who sealed the older state: the same, unless the key changed in between. */
  readonly olderSigner: Signer;
  /** A key that is not the log's. */
  readonly stranger: Signer;
  #copies = 0;

  private constructor(dir: string, older: StoredLog, keyFile: string) {
    this.#dir = dir;
    this.data = join(dir, 'log');
    this.older = older;
    this.whole = tamper(this.data, (store) => store.contents());
    this.olderSigner = openSoftwareKey({ file: join(this.data, LAYOUT.key) });
    this.signer = openSoftwareKey({ file: join(this.data, keyFile) });
    this.stranger = openSoftwareKey({ file: join(dir, 'stranger.key'), create: 'ed25519' });
  }

  /**
   * @param sizes of the older state and of the log.
   * @param isRekeyed whether the sealing key changed behind the older state.
   */
  static async make(
    [older, size]: readonly [number, number] = [OLDER, SIZE],
    isRekeyed = false,
  ): Promise<Scene> {
    const dir = mkdtempSync(join(tmpdir(), 'tallystick-demo-'));
    try {
      const [data, state] = [join(dir, 'log'), join(dir, 'state')];
      await fill(data, state, older);
      const before = tamper(data, (store) => store.contents());
      if (isRekeyed) await changeKey(data, state);
      await fill(data, state, size);
      return new Scene(dir, before, isRekeyed ? `${NEW_KEY}.key` : LAYOUT.key);
    } catch (error) {
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** What a verifier remembers of a state of the log, here by default as it is when it is whole. */
  pin({ head }: StoredLog = this.whole): Pin {
    const { origin, size, root, signatures } = head;
    const checkpoint = `${checkpointBody(origin, size, root)}\n${signatures}`;
    const keys = [vkeyOf(origin, size <= this.older.head.size ? this.olderSigner : this.signer)];
    return { origin, keys, size, root: toHex(root), checkpoint, savedAt: 0 };
  }

  /** A copy to work on. */
  copy(): string {
    const path = join(this.#dir, `copy-${++this.#copies}`);
    cpSync(this.data, path, { recursive: true });
    return path;
  }

  /** Opens a copy as its owner would, who remembers nothing of the original. */
  open(data: string): Promise<AuditLog> {
    return openLog({ data, index: false, state: join(this.#dir, `state-${this.#copies}`) });
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Appends records until the log has `to`. */
async function fill(data: string, state: string, to: number): Promise<void> {
  const log = await openLog({ data, node: NODE, name: 'demo', index: false, state });
  try {
    while (log.head.size < to) {
      const first = log.head.size;
      const drafts = Array.from({ length: Math.min(BATCH, to - first) }, (_, i) => draft(first + i));
      await log.append(drafts, { source: 'demo' });
    }
  } finally {
    await log.close();
  }
}

const NEW_KEY = 'second';

/** Another key seals from then on. */
async function changeKey(data: string, state: string): Promise<void> {
  const log = await openLog({ data, node: NODE, index: false, state });
  const key = { token: 'software', alias: NEW_KEY };
  try {
    await log.keys.generate({ ...key, spec: 'ed25519' });
    await log.keys.select({ keys: [key] });
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
