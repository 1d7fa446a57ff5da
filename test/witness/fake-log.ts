import { checkpointBody, formatNote, signCheckpoint, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { formatAddCheckpoint } from '../../src/witness/protocol.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { leavesOf, naiveRoot, naiveSubproof } from '../merkle/naive.ts';

const SIZE = 40;

/** A log as a witness sees it: checkpoints and proofs, made by the naive definitions. */
export class FakeLog {
  readonly origin: string;
  readonly signer: Signer;
  readonly vkey: string;
  readonly #leaves: readonly Uint8Array[];

  /** @param salt logs of one origin and different salt show different trees. */
  constructor(origin = 'log.example/a', salt = 0) {
    this.origin = origin;
    this.signer = testSigner(origin);
    this.vkey = vkeyFromSpki(origin, this.signer.algorithm, this.signer.publicKey);
    this.#leaves = leavesOf(SIZE, salt);
  }

  root(size: number): Uint8Array {
    return naiveRoot(this.#leaves.slice(0, size));
  }

  body(size: number): string {
    return checkpointBody(this.origin, size, this.root(size));
  }

  async note(size: number): Promise<string> {
    const body = this.body(size);
    return formatNote(body, await signCheckpoint(body, this.origin, this.signer));
  }

  proof(old: number, size: number): Uint8Array[] {
    return old === 0 || old >= size ? [] : naiveSubproof(old, this.#leaves.slice(0, size));
  }

  /** The request that shows `size` to a witness that knows `old`. */
  async request(old: number, size: number, proof = this.proof(old, size)): Promise<Uint8Array> {
    return utf8(formatAddCheckpoint({ old, proof, note: await this.note(size) }));
  }
}
