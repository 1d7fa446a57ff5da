import type { Catalogs } from '../catalog/catalogs.ts';
import { checkPinSigned, nodeOf, type Pin } from '../checkpoint/mod.ts';
import { toHex } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { TILE_WIDTH } from '../merkle/mod.ts';
import { ContentCheck, type DeepChecker, inline } from './content.ts';
import { type CosignedCheckpoints, demandedBy } from './cosigned.ts';
import { boundsOf, type DatedCheckpoint } from './dated.ts';
import { type FindingInput, Findings } from './findings.ts';
import { type FixedHead, fixHead } from './head.ts';
import type { KeyHistory } from './key-history.ts';
import { PayloadCheck } from './payloads.ts';
import { KeyPolicy, short } from './policy.ts';
import type { Attempts, Certified, Checked, NotChecked, Report, Witnessed } from './report.ts';
import { RowCheck } from './rows.ts';
import type { IndexSource, LogSource, SourceHead } from './source.ts';
import type { SealedTiles, Slice } from './tiles.ts';
import { type WalkedBundle, walk, walkTiles } from './walk.ts';
import { counted, isoTime, MAY_BE_OWN } from './words.ts';

export interface VerifyOptions {
  /** vkeys to believe. Without these and without a pin, the key that the log's first record names is used. */
  readonly keys?: readonly string[];
  /** vkeys that a policy names as the log's: demanded beside `keys`, as those are. */
  readonly logKeys?: readonly string[];
  /** What was remembered of the log. Its keys are believed; the witnesses that it names are demanded unless `cosigned` is given. */
  readonly pin?: Pin;
  /** Checkpoints of the log that verified time stamps date: anchors, and of a whole log bounds for the records' times. */
  readonly dated?: readonly DatedCheckpoint[];
  /** Checkpoints of the log that witnesses have cosigned: anchors; with a policy, of a whole log, what witnesses must vouch for. */
  readonly cosigned?: CosignedCheckpoints;
  /**
   * Certificates (DER) to believe: the report then says which keys stood on one that leads there. Of a whole log with its
   * records only.
   */
  readonly trustAnchors?: readonly Uint8Array[];
  /** Whether to read every record: canonical form, node, number, times, and which payloads it refers to. */
  readonly deep?: boolean;
  /** The source has no records, only what proves them: that is verified, and nothing said of the records. Excludes `deep`. */
  readonly hashesOnly?: boolean;
  /** An index to compare with the records. Means `deep`. */
  readonly index?: IndexSource;
  /** Node id; the last part of the origin when not given. */
  readonly node?: string;
  /** Called now and then with how many of how many records have been read. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** The catalogs that the index was made with; the built-in ones by default. */
  readonly catalogs?: Catalogs;
  /** Where to read the records of bundles, with these catalogs; on this thread when not given. */
  readonly checker?: DeepChecker;
}

/** Records are not even asked for: where only hashes are public, that is refused. */
function withoutRecords(source: LogSource): LogSource {
  return {
    head: () => source.head(),
    bundles: async function* () {},
    tiles: (level, from, to) => source.tiles(level, from, to),
    checkpoints: () => source.checkpoints(),
    keyChanges: () => source.keyChanges(),
    payloads: async function* () {},
  };
}

export const PIN_NAME = 'the pinned checkpoint';

/** Bundles between two calls of `onProgress`. */
const PROGRESS_BUNDLES = 64;

const BARE = 'which keys sealed before, or since, only records tell: give the key that seals now';

/** One verification: what it was asked, what it has found so far. */
export class Run {
  readonly source: LogSource;
  readonly options: VerifyOptions;
  /** What the pin is called in messages. */
  readonly pinName: string;
  /** As it was given; else nothing, and the witnesses that the pin demands. */
  readonly cosigned: CosignedCheckpoints;
  /** Keys of the policy's witnesses, `name+id`. */
  readonly witnesses: ReadonlySet<string>;
  readonly findings: Findings = new Findings();
  readonly checked: Checked = { records: 0, bundles: 0, tiles: 0, checkpoints: 0, payloads: 0, rows: 0 };
  readonly #notChecked: NotChecked[] = [];
  readonly #unanchored: NotChecked = {
    what: 'an outside anchor',
    why: 'no pin was given: a cut tail, or a log rebuilt with its own key, would not show',
  };
  /** What is to be said of checkpoints by keys that are not known, where records that may tell of them can't be had. */
  readonly unfollowed: FindingInput[] = [];
  attempts: Attempts | null = null;
  witnessed: Witnessed | null = null;
  /** Those given that the log continues. */
  dated: readonly DatedCheckpoint[] = [];
  certified: Certified | null = null;
  head: FixedHead | null = null;
  /** Whether all of the log is read. */
  isWhole: boolean = true;
  /** Root of the tree of `size` leaves under the head, whatever else is wrong with the log; null when it can't be known. */
  rootAt: (size: number) => Promise<Uint8Array | null> = async (size) => this.rootOfHead(size);
  /** Why that may be; `isNormal`: also where nobody touched anything. */
  unknownRoot: { readonly why: string; readonly isNormal: boolean } = {
    why: 'the records up to them are not all as sealed',
    isNormal: false,
  };
  #policy: KeyPolicy | null = null;

  constructor(source: LogSource, options: VerifyOptions, pinName: string = PIN_NAME) {
    this.source = options.hashesOnly === true ? withoutRecords(source) : source;
    this.options = options;
    this.pinName = pinName;
    this.cosigned = options.cosigned ?? demandedBy(options.pin);
    const named = this.cosigned.policy?.witnesses ?? [];
    this.witnesses = new Set(named.map(({ key }) => `${key.name}+${key.id}`));
  }

  /** What a signed head says of its own size, whatever the records lead to. */
  rootOfHead(size: number): Uint8Array | null {
    const { head } = this;
    return head?.isSigned === true && size === head.size ? head.root : null;
  }

  /** Once the head is open. */
  get policy(): KeyPolicy {
    return this.#policy as KeyPolicy;
  }

  skip(what: string, why: string): void {
    this.#notChecked.push({ what, why });
  }

  /**
   * Fixes the head and checks it by itself. Null when there is none to go on from; that is in the report then.
   *
   * @param history which keys seal the log, where that is not for the source to say.
   */
  async openHead(history?: KeyHistory | null): Promise<FixedHead | null> {
    const { pin, keys = [], logKeys = [] } = this.options;
    const given = [keys, logKeys];
    const stored = await this.#readHead();
    if (stored === null) {
      // Where nothing is, a pin says that something was: it has to be one.
      if (pin !== undefined) await checkPinSigned(pin);
      return null;
    }
    const policy = await (history === undefined
      ? KeyPolicy.read(this.source, stored, pin, given)
      : KeyPolicy.of(history, stored, pin, given));
    this.#policy = policy;
    const { findings, witnesses, pinName, unfollowed } = this;
    this.head = await fixHead(stored, policy, pin, findings, witnesses, pinName, unfollowed);
    for (const key of this.head?.unchecked ?? []) {
      this.skip(`signatures of ${short(key)}`, 'this platform cannot check signatures of its kind');
    }
    if (!policy.knowsKeys) {
      this.skip('signatures', 'no key was given, and the first record names none: give the key of the log');
    }
    if (this.head?.trust === 'log-key') {
      this.skip('whose key it is', 'no key was given: the one that the log itself names was believed');
    }
    if (pin === undefined) this.#notChecked.push(this.#unanchored);
    return this.head;
  }

  /** A quorum is an anchor as well, for what it has seen. */
  #beyondWitnesses({ what, why }: NotChecked): NotChecked {
    if (!this.witnessed?.covered) return { what, why };
    return {
      what,
      why: 'no pin was given: what was sealed behind what witnesses vouch for, and cut off, would not show',
    };
  }

  async #readHead(): Promise<SourceHead | null> {
    const { pin } = this.options;
    let head: SourceHead | null;
    try {
      head = await this.source.head();
    } catch (error) {
      if (!(error instanceof TallystickError) || error.code !== 'STORE_DAMAGED') throw error;
      const message = `the stored head can't be read: ${error.message}`;
      this.findings.add({ code: 'bad-checkpoint', from: 0, to: 0, size: 0, notes: [], message });
      return null;
    }
    if (head === null && pin !== undefined && pin.size > 0) {
      this.findings.add({
        code: 'truncated',
        from: 0,
        to: pin.size,
        size: pin.size,
        expected: `${pin.size} records, root ${pin.root}`,
        actual: 'no sealed state',
        notes: [pin.checkpoint],
        message: `the log ${pin.origin} had ${pin.size} sealed records when it was last remembered, on ${isoTime(pin.savedAt)}; nothing of it is here now`,
      });
    }
    if (head === null) this.skip('everything', 'the log has no sealed state');
    return head;
  }

  /** Reads a range of records and, as far as asked, what is in them. Yields each bundle once it has been compared. */
  async *records(
    head: FixedHead,
    tiles: SealedTiles,
    size: number,
    range: Slice,
  ): AsyncGenerator<WalkedBundle> {
    if (this.options.hashesOnly === true) {
      for await (const bundle of walkTiles(this.source, tiles, size, range, this.findings, this.checked)) {
        this.options.signal?.throwIfAborted();
        yield bundle;
      }
      this.checked.tiles += tiles.believed;
      this.skip('the records', 'not asked for: only their hashes were read');
      return;
    }
    const { source, options, findings, checked } = this;
    const { index, signal, onProgress } = options;
    const node = options.node ?? nodeOf(head.origin);
    const payloads = new PayloadCheck(source, range.from, range.to, findings);
    const rows = index ? await RowCheck.open(index, node, range.from, range.to, findings) : null;
    const isDeep = options.deep === true || index !== undefined;
    const checker = isDeep ? (options.checker ?? inline(options.catalogs)) : null;
    const content = new ContentCheck(checker, { node, rows: rows !== null }, payloads, rows, findings);
    try {
      for await (const bundle of walk(source, tiles, size, range, findings, checked)) {
        signal?.throwIfAborted();
        yield bundle;
        await content.add(bundle.from, bundle.to, bundle.entries);
        const done = bundle.to - range.from;
        if ((bundle.to / TILE_WIDTH) % PROGRESS_BUNDLES === 0) onProgress?.(done, range.to - range.from);
      }
      await content.finish();
      onProgress?.(range.to - range.from, range.to - range.from);
    } finally {
      await payloads.close();
      await rows?.close();
    }
    checked.tiles += tiles.believed;
    checked.payloads = payloads.good;
    checked.rows = rows?.good ?? 0;
    this.attempts = content.attempts;
    this.#skipContent(isDeep, content, payloads, rows, range);
  }

  #skipContent(
    isDeep: boolean,
    content: ContentCheck,
    payloads: PayloadCheck,
    rows: RowCheck | null,
    range: Slice,
  ): void {
    if (!isDeep)
      this.skip(
        'what is in the records',
        'not asked for: form, numbering, times, payload references, attempts without outcome',
      );
    else if (content.skipped > 0) {
      this.skip(`what is in ${counted(content.skipped, 'record')}`, 'in bundles that are not as sealed');
    }
    if (payloads.absent > 0) {
      this.skip(
        counted(payloads.absent, 'payload'),
        'not stored: removed on purpose, or lost; their records stand',
      );
    }
    if (rows === null) this.skip('the search index', 'none was given');
    else if (rows.end < range.to) {
      this.skip(`index rows from ${rows.end} on`, 'the index has not come that far');
    }
  }

  /**
   * Where records that may tell of keys can't be had, a key that is not known may be the log's own. Of the head that is said
   * beside what is found; kept checkpoints accuse nobody then. A copy of hashes alone can't tell at all.
   */
  #judgeUnfollowed(): void {
    const { findings, unfollowed } = this;
    if (unfollowed.length === 0) return;
    const isBare = this.options.hashesOnly === true;
    if (!isBare && !findings.failed) {
      for (const each of unfollowed) findings.add(each);
      return;
    }
    const isOfHead = ({ to }: FindingInput): boolean => to === this.head?.size;
    for (const each of unfollowed.filter(isOfHead)) {
      const message = `${each.message}; ${isBare ? BARE : MAY_BE_OWN}`;
      findings.add(
        isBare ? ({ ...each, code: 'not-compared', message } as FindingInput) : { ...each, message },
      );
    }
    const others = unfollowed.filter((each) => !isOfHead(each)).length;
    if (others > 0) {
      const what = `who signed ${counted(others, 'kept checkpoint')}, by keys that are not known`;
      this.skip(what, isBare ? BARE : MAY_BE_OWN);
    }
  }

  /** What has been found. No log is called intact of which a record was not found good. */
  report(range: Slice): Report {
    const { head, findings, checked } = this;
    this.#judgeUnfollowed();
    const isWhole = this.options.hashesOnly === true || checked.records === range.to - range.from;
    if (head !== null && !findings.failed && !isWhole) {
      const message = `${checked.records} of ${range.to - range.from} records could be checked`;
      findings.add({ code: 'coverage-ends', ...range, message });
    }
    return {
      verdict: findings.verdict,
      origin: head?.origin ?? null,
      range,
      size: head?.size ?? 0,
      root: head === null ? null : toHex(head.root),
      trust: head?.trust ?? 'none',
      keys: head?.keys ?? [],
      required: head === null || !head.isSigned ? [] : this.policy.required(head),
      eras: this.#policy?.history?.eras ?? [],
      checked,
      notChecked: this.#notChecked.map((left) =>
        left === this.#unanchored ? this.#beyondWitnesses(left) : left,
      ),
      findings: findings.list(),
      attempts: this.attempts,
      witnessed: this.witnessed,
      dated: boundsOf(this.dated),
      certified: this.certified,
    };
  }
}
