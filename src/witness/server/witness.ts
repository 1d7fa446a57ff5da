import {
  type Checkpoint,
  cosignCheckpoint,
  cosignerKeyFromSpki,
  Keyring,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  signatureLine,
  type VerifierKey,
} from '../../checkpoint/mod.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import type { Signer } from '../../crypto/signer.ts';
import { ProofError, TallystickError } from '../../errors.ts';
import { emptyRoot, verifyConsistency } from '../../merkle/mod.ts';
import { type AddCheckpoint, parseAddCheckpoint } from '../protocol.ts';
import type { ConflictKind, Latest, WitnessDatabase } from './database.ts';

/** What an add-checkpoint request is answered with, and nothing else. */
export type WitnessAnswer =
  | { readonly status: 200; readonly cosignatures: string }
  | { readonly status: 400 | 403 | 404 | 422; readonly why: string }
  /** The size of the newest tree that was cosigned. */
  | { readonly status: 409; readonly size: number };

export interface WitnessOptions {
  readonly name: string;
  /** Ed25519 and ML-DSA-44 keys: each cosigns every checkpoint. At least one. */
  readonly signers: readonly Signer[];
  readonly database: WitnessDatabase;
  /** ms since 1970. */
  readonly now?: () => number;
}

/** Ends the judging of a request. */
class Refused extends Error {
  readonly answer: WitnessAnswer;

  constructor(answer: WitnessAnswer) {
    super();
    this.answer = answer;
  }
}

/**
 * A witness (C2SP tlog-witness v1.0.0): cosigns checkpoints of the logs it knows, and only such as continue what it
 * cosigned before. An answer with a cosignature is given when what it says is on the disk; a cosignature of a step that
 * was not taken never leaves this object.
 */
export class Witness {
  readonly name: string;
  /** What its cosignatures are checked with. */
  readonly keys: readonly VerifierKey[];
  readonly database: WitnessDatabase;
  readonly #signers: readonly Signer[];
  readonly #now: () => number;
  /** By the vkeys in them: importing a key costs more than using it. */
  readonly #keyrings = new Map<string, Keyring>();

  /** Throws `ProofError` KEY_INVALID for a name or a key that can't cosign. */
  constructor({ name, signers, database, now = Date.now }: WitnessOptions) {
    this.name = name;
    this.keys = signers.map((signer) => cosignerKeyFromSpki(name, signer.algorithm, signer.publicKey));
    this.database = database;
    this.#signers = signers;
    this.#now = now;
  }

  /** Rejects with `StoreError` or `TokenError` when it can't answer; nothing has been vouched for then. */
  async addCheckpoint(body: Uint8Array): Promise<WitnessAnswer> {
    try {
      return await this.#judge(body);
    } catch (error) {
      if (error instanceof Refused) return error.answer;
      throw error;
    }
  }

  async #judge(body: Uint8Array): Promise<WitnessAnswer> {
    const { request, text, checkpoint } = read(body);
    const { origin, size, root } = checkpoint;
    const log = this.database.log(origin);
    if (log === null) throw refused(404, 'the origin is not one that this witness knows');
    const note = await this.#open(request.note, text, log.keys);
    if (request.old > size) throw refused(400, 'the old size is above that of the checkpoint');
    const before = log.latest;
    if (before?.size === size && !equalBytes(before.root, root))
      this.#keep('split-view', origin, before, note);
    if (request.old !== (before?.size ?? 0)) throw new Refused({ status: 409, size: before?.size ?? 0 });
    this.#checkProof(request, checkpoint, before, note);
    const time = Math.floor(this.#now() / 1_000);
    const lines = this.#signers.map((signer) => cosignCheckpoint(text, this.name, signer, time));
    const cosignatures = (await Promise.all(lines)).join('');
    if (await this.database.advance(origin, before, { size, root, note, cosignatures, time })) {
      return { status: 200, cosignatures };
    }
    // Another request was faster, and the log is known otherwise now: this one is judged as if it had come after it.
    return this.#judge(body);
  }

  /** The note with the signatures of the log alone. */
  async #open(note: string, text: string, vkeys: readonly string[]): Promise<string> {
    try {
      const { verifiedBy } = await openCheckpoint(note, this.#keyring(vkeys));
      const isLogs = (name: string, id: string): boolean =>
        verifiedBy.some((key) => key.name === name && key.id === id);
      const lines = parseNote(note).signatures.filter(({ name, keyId }) => isLogs(name, keyId));
      const kept = lines.map(({ name, keyId, signature }) => signatureLine(name, keyId, signature));
      return `${text}\n${[...new Set(kept)].join('')}`;
    } catch (error) {
      if (error instanceof ProofError && error.code === 'NOTE_UNTRUSTED') throw refused(403, error.message);
      throw error;
    }
  }

  #keyring(vkeys: readonly string[]): Keyring {
    const name = vkeys.join('\n');
    const keyring = this.#keyrings.get(name) ?? new Keyring(vkeys);
    this.#keyrings.set(name, keyring);
    return keyring;
  }

  #checkProof(
    { old, proof }: AddCheckpoint,
    { origin, size, root }: Checkpoint,
    before: Latest | null,
    note: string,
  ): void {
    if (size === 0 && !equalBytes(root, emptyRoot())) {
      throw refused(422, 'a log of size 0 has the root of the empty tree');
    }
    if (old === 0) {
      if (proof.length > 0) throw refused(422, 'nothing can be proven from size 0: the proof must be empty');
      return;
    }
    const known = before as Latest;
    try {
      verifyConsistency(old, size, proof, known.root, root);
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
      if (size > old) this.#keep('unproven', origin, known, note);
      throw refused(422, error.message);
    }
  }

  /** Keeps both notes. */
  #keep(kind: ConflictKind, origin: string, before: Latest, offered: string): void {
    const time = Math.floor(this.#now() / 1_000);
    this.database.addConflict({ origin, kind, time, known: before.note, offered });
  }
}

function read(body: Uint8Array): { request: AddCheckpoint; text: string; checkpoint: Checkpoint } {
  try {
    const request = parseAddCheckpoint(body);
    const { text } = parseNote(request.note);
    return { request, text, checkpoint: parseCheckpoint(text) };
  } catch (error) {
    if (error instanceof TallystickError && error.code === 'NOTE_INVALID') throw refused(400, error.message);
    throw error;
  }
}

function refused(status: 400 | 403 | 404 | 422, why: string): Refused {
  return new Refused({ status, why });
}
