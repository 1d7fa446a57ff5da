import type { Pin } from '../checkpoint/mod.ts';
import { equalBytes, fromHex, toHex } from '../crypto/bytes.ts';
import { Ahead } from './ahead.ts';
import type { FindingInput, Findings } from './findings.ts';
import { type FixedHead, reportBehind } from './head.ts';
import { composeNote } from './note.ts';
import type { KeyPolicy, Opening } from './policy.ts';
import type { LogSource, SourceCheckpoint } from './source.ts';
import { counted } from './words.ts';

/** Signatures handed to the platform's threads at one time. While they are checked, the next are gathered. */
const AT_ONCE = 32;

/** A statement about the tree at a size, and what the tree was there. */
interface Statement {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
  /** null when the tree is not known at that size. */
  readonly actual: Uint8Array | null;
  readonly isPin: boolean;
}

type Verdict = Opening | { readonly result: 'good' };
/** Of the pin: it is believed because it was given, and that its keys signed it has been seen to. */
const GOOD: Verdict = { result: 'good' };

/** Checks the kept checkpoints, and the pin, against the tree while the records are read: signature and root. */
export class CheckpointCheck {
  readonly #source: LogSource;
  readonly #checkpoints: Ahead<SourceCheckpoint>;
  readonly #head: FixedHead;
  readonly #policy: KeyPolicy;
  readonly #findings: Findings;
  /** Takes what is to be said of checkpoints by keys that are not known, where records that may tell of them can't be had. */
  readonly #unfollowed: FindingInput[];
  #pin: Pin | null;
  #waiting: Statement[] = [];
  /** The ones before those that are waiting. */
  #opening: Promise<readonly (readonly [Statement, Verdict])[]> = Promise.resolve([]);
  #visited = 0;
  /** Size of the newest one that agreed. */
  #agreed = 0;
  #contradicted = false;
  #stranger: boolean;
  #good = 0;
  #unknown = 0;

  constructor(
    source: LogSource,
    head: FixedHead,
    policy: KeyPolicy,
    pin: Pin | undefined,
    findings: Findings,
    unfollowed: FindingInput[],
  ) {
    this.#unfollowed = unfollowed;
    this.#source = source;
    this.#checkpoints = new Ahead(source.checkpoints());
    this.#head = head;
    this.#policy = policy;
    this.#pin = pin !== undefined && pin.origin === head.origin ? pin : null;
    this.#findings = findings;
    this.#stranger = !head.isSigned;
  }

  /** How many had a good signature and the right root; the pin is not counted. */
  get good(): number {
    return this.#good;
  }

  /** How many could not be compared with the tree. */
  get unknown(): number {
    return this.#unknown;
  }

  /** Whether the pin has been compared with the tree. */
  get pinChecked(): boolean {
    return this.#pin === null;
  }

  /**
   * Takes the checkpoints of sizes up to `size`. `rootAt` gives the root of the tree at a size, null when it is not
   * known; it is asked for ascending sizes.
   */
  async visit(size: number, rootAt: (size: number) => Uint8Array | null): Promise<void> {
    // Written so that a size that is no number is taken and found bad.
    for (let next = await this.#checkpoints.peek(); next !== null && !(next.size > size); ) {
      await this.#checkpoints.take();
      this.#visitPin(next.size, rootAt);
      await this.#add(next, rootAt);
      next = await this.#checkpoints.peek();
    }
    this.#visitPin(size, rootAt);
  }

  /** Takes what is left, without the tree: of checkpoints above what could be read the signature is all to check. */
  async finish(): Promise<void> {
    let newest: SourceCheckpoint | null = null;
    for (let next = await this.#checkpoints.take(); next !== null; next = await this.#checkpoints.take()) {
      if (next.size <= this.#head.size) await this.#add(next, () => null);
      else if (newest === null || next.size > newest.size) newest = next;
    }
    await this.#open();
    await this.#open();
    // A pin that is newer than the head has said so already.
    const isSaid = this.#pin !== null && this.#pin.size > this.#head.size;
    if (newest !== null && !isSaid) await this.#checkNewer(newest);
  }

  /**
   * A checkpoint larger than the head was sealed after the head was fixed; unless the head is still behind it: then
   * somebody put back an older head and left the newer checkpoint standing.
   */
  async #checkNewer({ size, root, signatures }: SourceCheckpoint): Promise<void> {
    const now = await this.#source.head();
    const note = composeNote(this.#head.origin, size, root, signatures);
    if (note === null || (now !== null && now.size >= size)) return;
    const opening = await this.#policy.open(note, size);
    if (opening.result !== 'good') return;
    reportBehind(this.#head, { size, root: toHex(root), note, where: 'a kept checkpoint' }, this.#findings);
  }

  /** Judges those whose signatures are being checked, and has those of the waiting ones checked meanwhile. */
  async #open(): Promise<void> {
    const before = this.#opening;
    this.#opening = Promise.all(
      this.#waiting.map(async (s) => [s, s.isPin ? GOOD : await this.#policy.open(s.note, s.size)] as const),
    );
    // A failure is met when its turn comes.
    this.#opening.catch(() => {});
    this.#waiting = [];
    for (const [statement, opening] of await before) this.#judge(statement, opening);
  }

  async close(): Promise<void> {
    await this.#checkpoints.close();
  }

  #visitPin(size: number, rootAt: (size: number) => Uint8Array | null): void {
    const pin = this.#pin;
    if (pin === null || pin.size > size) return;
    this.#pin = null;
    const root = fromHex(pin.root) as Uint8Array;
    this.#waiting.push({ size: pin.size, root, note: pin.checkpoint, actual: rootAt(pin.size), isPin: true });
  }

  async #add(
    { size, root, signatures }: SourceCheckpoint,
    rootAt: (size: number) => Uint8Array | null,
  ): Promise<void> {
    const note = composeNote(this.#head.origin, size, root, signatures);
    if (note === null) {
      const message = 'a kept checkpoint is malformed';
      this.#findings.add({ code: 'bad-checkpoint', from: 0, to: 0, size: 0, notes: [], message });
      return;
    }
    // Behind one of a larger size the tree has gone on: its root is not known any more.
    const actual = size >= this.#visited ? rootAt(size) : null;
    this.#visited = Math.max(this.#visited, size);
    this.#waiting.push({ size, root, note, actual, isPin: false });
    if (this.#waiting.length >= AT_ONCE) await this.#open();
  }

  #judge(statement: Statement, opening: Verdict): void {
    const { size, root, actual, note, isPin } = statement;
    // The head has been judged already.
    const isHead = note === this.#head.note;
    if (opening.result !== 'good') {
      // Of checkpoints by a stranger one is enough, and the head counts.
      const isKnown = opening.result === 'unknown-key' && this.#stranger;
      this.#stranger ||= opening.result === 'unknown-key';
      if (isHead || isKnown) return;
      const message = `the checkpoint at ${counted(size, 'record')}: ${opening.message}`;
      const finding = {
        ...{ code: opening.result, from: this.#agreed, to: size, size },
        ...{ notes: [note], message },
      };
      // Fewer keys may have sealed then, or others.
      const isOfKeys = opening.result === 'unknown-key' || opening.result === 'missing-signature';
      const isUnfollowed = isOfKeys && !this.#policy.isFollowed;
      if (isUnfollowed) this.#unfollowed.push(finding);
      else this.#findings.add(finding);
    } else if (actual === null) {
      this.#unknown++;
    } else if (!equalBytes(root, actual)) {
      this.#contradict(statement);
    } else {
      this.#agreed = size;
      if (!isPin) this.#good++;
    }
  }

  /** Only the first is reported: all that follow must contradict too. */
  #contradict({ size, root, actual, note, isPin }: Statement): void {
    if (this.#contradicted) return;
    this.#contradicted = true;
    const place = {
      from: this.#agreed,
      to: size,
      expected: toHex(root),
      actual: toHex(actual as Uint8Array),
    };
    const whose = isPin ? 'the pinned checkpoint' : 'a kept checkpoint';
    if (this.#head.isSigned) {
      const message = `${whose} at ${size} records and the head are both signed, but the log under the head had another root there`;
      this.#findings.add({ code: 'split-view', ...place, size, notes: [note, this.#head.note], message });
    } else {
      const message = `records ${this.#agreed} to ${size - 1} do not lead to ${whose} at ${size}`;
      this.#findings.add({ code: 'altered', ...place, message });
    }
  }
}

/** Checkpoints that are signed and so can vouch for the tree, ascending, the head among them when it is. */
export async function* signedCheckpoints(
  source: LogSource,
  head: FixedHead,
  policy: KeyPolicy,
): AsyncGenerator<{ readonly size: number; readonly root: Uint8Array; readonly note: string }> {
  let last = 0;
  for await (const { size, root, signatures } of source.checkpoints()) {
    const note = composeNote(head.origin, size, root, signatures);
    if (note === null || size <= last || size >= head.size) continue;
    last = size;
    const opening = await policy.open(note, size);
    if (opening.result === 'good') yield { size, root, note };
  }
  if (head.isSigned) yield head;
}
