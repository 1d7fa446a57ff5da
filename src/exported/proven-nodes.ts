import { equalBytes, toHex, utf8 } from '../crypto/bytes.ts';
import {
  inclusionPath,
  isIncluded,
  leafHash,
  type Node,
  nodeHash,
  rootFromNodes,
  TILE_WIDTH,
} from '../merkle/mod.ts';
import type { FindingInput } from '../verify/findings.ts';
import { recordRange } from '../verify/words.ts';
import type { ExportHeader } from './format.ts';

/** Of the records that tell the keys so many at each end are looked at: more of them narrow little. */
const MAX_KEY_RECORDS = 16;

type Range = Omit<Node, 'hash'>;

interface Proof {
  readonly seq: number;
  readonly leaf: Uint8Array | null;
  readonly hashes: readonly Uint8Array[];
}

/**
 * What the inclusion proofs in an export's first line say of the tree besides its root: hashes of subtrees, each of them
 * sealed where the proof holds. Where the root does not come out of the records, and nothing beside them tells which were
 * changed, they tell in which subtrees that was.
 */
export class ProvenNodes {
  readonly #header: ExportHeader;
  /** Complete subtrees that are asked for, and what they are by the records. */
  readonly #found = new Map<string, Uint8Array | null>();
  /** Bundles with parts that are asked for. */
  readonly #parts = new Set<number>();

  constructor(header: ExportHeader) {
    this.#header = header;
    for (const { seq } of this.#proofs(null, null)) {
      for (const range of [{ from: seq, to: seq + 1 }, ...inclusionPath(seq, header.size)]) {
        for (const part of this.#isHere(range) ? completeParts(range) : []) {
          this.#found.set(keyOf(part), null);
          if (part.to - part.from < TILE_WIDTH) this.#parts.add(Math.floor(part.from / TILE_WIDTH));
        }
      }
    }
  }

  /** Whether of the bundle that begins there more is asked for than its root. */
  asksWithin(from: number): boolean {
    return this.#parts.has(from / TILE_WIDTH);
  }

  /** Takes a subtree as it comes out of the records. */
  readonly take = ({ from, to, hash }: Node): void => {
    const key = keyOf({ from, to });
    if (this.#found.has(key)) this.#found.set(key, hash);
  };

  /**
   * What was changed, as far as it can be told, once all records were taken; empty when it can't.
   *
   * @param first leaf hash of the first record by its bytes.
   * @param last of the last one.
   */
  altered(first: Uint8Array | null, last: Uint8Array | null): FindingInput[] {
    const { from, to, version } = this.#header;
    const [beside, besides] =
      version === 1 ? ['', ''] : [', and the hash beside it', ', and the hashes beside them'];
    const findings: FindingInput[] = [];
    const untold: FindingInput[] = [];
    for (const node of this.#finest(first, last)) {
      if (!this.#isHere(node)) {
        const message = 'no proof that holds says what they were';
        const range = { from: Math.max(from, node.from), to: Math.min(to, node.to) };
        if (range.from < range.to) untold.push({ code: 'coverage-ends', ...range, message });
        continue;
      }
      const found = this.#foundOf(node);
      if (found === null || equalBytes(found, node.hash)) continue;
      const one = node.to - node.from === 1;
      const message = one
        ? `line ${node.from - from + 2}: record ${node.from} was changed${beside}`
        : `${recordRange(node.from, node.to)}: one or more were changed${besides}; the proofs in the first line tell no more`;
      findings.push({
        ...{
          code: 'altered',
          from: node.from,
          to: node.to,
          expected: toHex(node.hash),
          actual: toHex(found),
        },
        ...(one ? { line: node.from - from + 2 } : {}),
        message,
      });
    }
    return findings.length === 0 ? [] : [...findings, ...untold];
  }

  /**
   * Root of the tree of the first `size` records, where the proofs that hold have the subtrees that it consists of; null
   * for most sizes. Leaf hashes as for `altered`.
   */
  rootAt(size: number, first: Uint8Array | null, last: Uint8Array | null): Uint8Array | null {
    return size < 1 || size > this.#header.size ? null : rootFromNodes(this.#told(first, last).nodes, size);
  }

  /** The subtrees that the proofs that hold tell of, none within another: every leaf of the tree is in one. */
  #finest(first: Uint8Array | null, last: Uint8Array | null): Node[] {
    const { nodes, proven } = this.#told(first, last);
    const isFinest = ({ from, to }: Node): boolean =>
      to - from === 1 || !proven.some((seq) => seq >= from && seq < to);
    return nodes.filter(isFinest).sort((a, b) => a.from - b.from);
  }

  /** The subtrees that the proofs that hold tell of, and of which records these are. */
  #told(first: Uint8Array | null, last: Uint8Array | null): { nodes: Node[]; proven: number[] } {
    const { size, root } = this.#header;
    const nodes = new Map<string, Node>();
    const proven: number[] = [];
    for (const { seq, leaf, hashes } of this.#proofs(first, last)) {
      if (leaf === null || !isIncluded(seq, size, leaf, hashes, root)) continue;
      proven.push(seq);
      const path = inclusionPath(seq, size).map((each, i) => ({ ...each, hash: hashes[i] as Uint8Array }));
      for (const node of [{ from: seq, to: seq + 1, hash: leaf }, ...path]) nodes.set(keyOf(node), node);
    }
    return { nodes: [...nodes.values()], proven };
  }

  #proofs(first: Uint8Array | null, last: Uint8Array | null): Proof[] {
    const { from, to, proof, history } = this.#header;
    const records = history ?? [];
    const some =
      records.length <= 2 * MAX_KEY_RECORDS
        ? records
        : [...records.slice(0, MAX_KEY_RECORDS), ...records.slice(-MAX_KEY_RECORDS)];
    return [
      { seq: from, leaf: first, hashes: proof.first },
      { seq: to - 1, leaf: last, hashes: proof.last },
      ...some.map(({ seq, entry, proof: hashes }) => ({ seq, leaf: leafHash(utf8(entry)), hashes })),
    ];
  }

  #isHere({ from, to }: Range): boolean {
    return from >= this.#header.from && to <= this.#header.to;
  }

  #foundOf(range: Range): Uint8Array | null {
    const parts: Uint8Array[] = [];
    for (const part of completeParts(range)) {
      const hash = this.#found.get(keyOf(part));
      if (!hash) return null;
      parts.push(hash);
    }
    return parts.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** The complete subtrees that a subtree at the end of a tree consists of, the largest first. */
function completeParts({ from, to }: Range): Range[] {
  const parts: Range[] = [];
  for (let at = from; at < to; at = parts.at(-1)?.to ?? to) {
    let length = 1;
    while (length * 2 <= to - at) length *= 2;
    parts.push({ from: at, to: at + length });
  }
  return parts;
}

function keyOf({ from, to }: Range): string {
  return `${from}-${to}`;
}
