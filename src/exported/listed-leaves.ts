import { equalBytes, toBase64, toHex } from '../crypto/bytes.ts';
import { type CompactRange, HASH } from '../merkle/mod.ts';
import { type Finding, type FindingInput, finding, MAX_FINDINGS } from '../verify/findings.ts';
import { counted } from '../verify/words.ts';

/** A record that does not hash to what its line says. */
interface Difference {
  readonly seq: number;
  readonly listed: Uint8Array;
  readonly found: Uint8Array;
  readonly entry: Uint8Array;
}

/**
 * The leaf hashes that stand beside the records of an export. Nothing vouches for them but the root that they lead to: where
 * that is the signed one, each is the sealed hash of its record, and a record that has another was changed. As long as all
 * agree there is one tree for both.
 */
export class ListedLeaves {
  readonly #first: number;
  #differences: Difference[] = [];
  #count = 0;
  #last = 0;
  /** The tree by them; null while it is that of the records. */
  #tree: CompactRange | null = null;

  /** @param first the export's first record, in line 2. */
  constructor(first: number) {
    this.#first = first;
  }

  get tree(): CompactRange | null {
    return this.#tree;
  }

  /**
   * Takes those of the next records; none in an export that has none.
   *
   * @param tree of the records before these.
   * @param found what these hash to, 32 bytes each.
   */
  compare(
    tree: CompactRange,
    found: Uint8Array,
    listed: readonly Uint8Array[],
    entries: readonly Uint8Array[],
  ): void {
    for (const [i, leaf] of listed.entries()) {
      const actual = found.subarray(i * HASH, (i + 1) * HASH);
      if (equalBytes(actual, leaf)) continue;
      this.#tree ??= tree.clone();
      this.#last = this.#tree.size + i;
      if (this.#count++ >= MAX_FINDINGS) continue;
      const entry = (entries[i] as Uint8Array).slice();
      this.#differences.push({ seq: tree.size + i, listed: leaf, found: actual.slice(), entry });
    }
    // Once they differ there are two trees.
    for (const leaf of this.#tree === null ? [] : listed) this.#tree?.add(leaf, 1);
  }

  /** The records that were changed, when these hashes are the sealed ones. */
  altered(): Finding[] {
    const findings = this.#differences.map(({ seq, listed, found, entry }) =>
      finding({
        ...{ code: 'altered', from: seq, to: seq + 1, line: this.#lineOf(seq) },
        ...{ expected: toHex(listed), actual: toHex(found), found: toBase64(entry) },
        message: `line ${this.#lineOf(seq)}: record ${seq} was changed: its bytes hash to ${toHex(found)}, sealed was ${toHex(listed)}`,
      }),
    );
    const more = this.#count - findings.length;
    const last = this.#differences.at(-1);
    if (more === 0 || last === undefined) return findings;
    const message = `${counted(more, 'more record')} of ${last.seq + 1} to ${this.#last} were changed`;
    return [...findings, finding({ code: 'altered', from: last.seq + 1, to: this.#last + 1, message })];
  }

  /** What is wrong with them where the records are the sealed ones. */
  wrong(): FindingInput {
    const { seq, listed, found } = this.#differences[0] as Difference;
    const more = this.#count > 1 ? `, and ${counted(this.#count - 1, 'more line')} likewise` : '';
    return {
      ...{ code: 'bad-export', from: seq, to: seq + 1, expected: toHex(found), actual: toHex(listed) },
      message: `line ${this.#lineOf(seq)}: the leaf hash beside record ${seq} is not that of the record, which is as sealed${more}`,
    };
  }

  #lineOf(seq: number): number {
    return seq - this.#first + 2;
  }
}
