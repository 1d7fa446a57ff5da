import { ProofError } from '../errors.ts';
import { nodeHash } from './hash.ts';
import { type Subtree, split } from './proof.ts';

/** A subtree and the hash over it, 32 bytes. */
export interface Node extends Subtree {
  readonly hash: Uint8Array;
}

/**
 * The beginning of a tree as the roots of its complete subtrees, which is all that going on takes: so a tree can be gone
 * on with from any size, without the leaves before. What was given for those is proven by the root that comes out.
 */
export class CompactRange {
  readonly #nodes: Node[];
  readonly #onNode: ((node: Node) => void) | null;

  /**
   * @param nodes the complete subtrees of the leaves so far, the largest first: one for each bit set in their number.
   * @param onNode called with each complete subtree that comes out from now on.
   */
  constructor(nodes: readonly Node[] = [], onNode: ((node: Node) => void) | null = null) {
    this.#nodes = [...nodes];
    this.#onNode = onNode;
  }

  /** A copy that goes on by itself. */
  clone(): CompactRange {
    return new CompactRange(this.#nodes);
  }

  /** Number of leaves. */
  get size(): number {
    return this.#nodes.at(-1)?.to ?? 0;
  }

  /** Adds `count` leaves by the hash over them: a power of two that divides the size. */
  add(hash: Uint8Array, count: number): void {
    let node: Node = { from: this.size, to: this.size + count, hash };
    this.#onNode?.(node);
    for (let left = this.#nodes.at(-1); left !== undefined; left = this.#nodes.at(-1)) {
      if (left.to - left.from !== node.to - node.from) break;
      this.#nodes.pop();
      node = { from: left.from, to: node.to, hash: nodeHash(left.hash, node.hash) };
      this.#onNode?.(node);
    }
    this.#nodes.push(node);
  }

  /**
   * Root of the tree of the leaves so far and those under `rest`, the subtrees behind them from left to right. Throws
   * `ProofError` PROOF_INVALID when those are not the ones that a tree of that size has there.
   */
  root(rest: readonly Node[] = []): Uint8Array {
    const root = rootFromNodes([...this.#nodes, ...rest], rest.at(-1)?.to ?? this.size);
    if (root !== null) return root;
    throw new ProofError('PROOF_INVALID', 'the subtrees given do not make up a tree');
  }
}

/** Root of the tree of `size` leaves, 1 or more, out of subtrees of it in any order; null when they do not cover it. */
export function rootFromNodes(nodes: readonly Node[], size: number): Uint8Array | null {
  return over(new Map(nodes.map(({ from, to, hash }) => [`${from}-${to}`, hash])), 0, size);
}

function over(nodes: ReadonlyMap<string, Uint8Array>, from: number, to: number): Uint8Array | null {
  const known = nodes.get(`${from}-${to}`);
  if (known !== undefined || to - from < 2) return known ?? null;
  const middle = from + split(to - from);
  const left = over(nodes, from, middle);
  const right = left && over(nodes, middle, to);
  return left && right && nodeHash(left, right);
}
