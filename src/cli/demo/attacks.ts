import { utf8 } from '../../crypto/bytes.ts';
import type { Signer } from '../../crypto/signer.ts';
import { copyOf, type StoredLog } from '../../store/stored-log.ts';
import type { FindingCode } from '../../verify/mod.ts';
import { edit, edited, forge, hashAgain, sealAgain, vkeyOf } from './forge.ts';
import type { Scene } from './scene.ts';

/**
 * The ways to falsify a log, and what must come of each: the one table that the demonstration, the test matrix
 * (`test/attacks`) and `docs/attacks.md` are made from.
 */

/** Where a log can lie when it is altered and verified. */
export const MEDIA = ['memory', 'SQLite', 'tiles', 'export', 'evidence'] as const;
export type Medium = (typeof MEDIA)[number];

/** What a verifier holds besides. All but the old pin are about the log when it was whole. */
export const ANCHORS = ['none', 'key', 'old pin', 'pin', 'witness', 'time stamp', 'receipt'] as const;
export type Anchor = (typeof ANCHORS)[number];

/** One verification. */
export interface Cell {
  /** The record that the attack is on. */
  readonly at: number;
  /** Records of the log, and of its older state. */
  readonly size: number;
  readonly older: number;
  /** Sizes of the kept checkpoints that the medium has, the head's not among them. */
  readonly kept: readonly number[];
  readonly medium: Medium;
  readonly anchor: Anchor;
}

/** A finding and the records that it must name: [from, to). */
export type Expected = readonly [code: FindingCode, from: number, to: number];

export interface Attack {
  /** Of the 15 classes of attacks; several ways may belong to one. */
  readonly number: number;
  readonly title: string;
  /** Alters the log; one that gives null takes it away. */
  alter(log: StoredLog, at: number, scene: Scene): undefined | null | Promise<undefined | null>;
  /** Which records it can be made on, of those that a test names; any by default. */
  readonly places?: (at: number, size: number, older: number) => boolean;
  /** It is about the log as a whole: one place is enough. */
  readonly once?: true;
  /** Where it can be made; everywhere by default. */
  readonly media?: readonly Medium[];
  /** What must be found; null where nothing can be. */
  finds(cell: Cell): Expected | null;
  /** Whether it takes `--deep` to be seen. */
  readonly deep?: true;
  /** The log that is vouched for outside is the falsified one: it was false before anybody saw it. */
  readonly fromTheStart?: true;
  /** Why nothing, or not everything, finds it. */
  readonly why?: string;
}

const STORES: readonly Medium[] = ['memory', 'SQLite'];
const HASHED: readonly Medium[] = [...STORES, 'tiles'];
const BUNDLE = 256;

const RENEW =
  'Nothing that was remembered before the change can show it: renew pins, cosignatures and time stamps.';
const OWN_WORD = 'The log is consistent in itself; only what somebody outside remembers contradicts it.';

export const ATTACKS: readonly Attack[] = [
  {
    ...{ number: 1, title: 'edit a record' },
    alter: (log, at) => done(edit(log, at, { actor: { name: 'somebody else' } })),
    finds: altered,
  },
  {
    ...{ number: 1, title: 'edit a record, and the hashes over it' },
    alter: (log, at) => {
      edit(log, at, { outcome: 'void' });
      return done(hashAgain(log));
    },
    finds: betweenCheckpoints,
  },
  {
    ...{ number: 1, title: 'write rubbish over a bundle', media: HASHED },
    alter: (log, at) => done(log.spoilt.set(bundleOf(at), utf8('rubbish'))),
    finds: (cell) => ['unreadable', ...bundleRange(cell)],
  },
  {
    ...{ number: 2, title: 'delete a record' },
    places: notTheLast,
    alter: (log, at) => done(log.entries.splice(at, 1)),
    finds: ({ at, size, medium }) => {
      // Where all that follow move up, a bundle ends with the record behind it, and the next ones begin one too late.
      if (medium === 'memory' && at % BUNDLE === 0) return ['reordered', at, size - 1];
      if (medium === 'memory' && at % BUNDLE === BUNDLE - 1) return ['altered', at, at + 1];
      return ['missing', at, at + 1];
    },
  },
  {
    ...{ number: 2, title: 'delete a bundle', media: ['SQLite', 'tiles'] },
    alter: (log, at) => done(log.spoilt.set(bundleOf(at), null)),
    finds: (cell) => ['missing', ...bundleRange(cell)],
  },
  {
    ...{ number: 3, title: 'cut the newest records off' },
    alter: (log, at) => {
      log.entries.length = at;
      return done();
    },
    finds: ({ at, size }) => ['missing', at, size],
  },
  {
    ...{ number: 3, title: 'cut back to an older signed checkpoint', once: true },
    places: (_, size) => size > 1,
    alter: (log) => {
      const last = log.checkpoints.at(-1);
      if (last === undefined) throw new TypeError('the log keeps no older checkpoint');
      return done(cutTo(log, last));
    },
    finds: (cell) => behind(cell, LAST_KEPT),
    why: RENEW,
  },
  {
    ...{ number: 4, title: 'swap two records' },
    places: (_, size) => size > 1,
    alter: (log, at) => {
      const [a, b] = [log.entries[at], log.entries[otherOf(at, log.head.size)]];
      if (a === undefined || b === undefined) throw new TypeError('there are no two records to swap');
      [a.bytes, b.bytes] = [b.bytes, a.bytes];
      return done();
    },
    finds: (cell) => {
      const first = Math.min(cell.at, otherOf(cell.at, cell.size));
      if (!HASHED.includes(cell.medium)) return altered({ ...cell, at: first });
      // Each bundle by itself: what comes from another is foreign to it.
      const isNear = bundleOf(cell.at) === bundleOf(otherOf(cell.at, cell.size));
      return [isNear ? 'reordered' : 'altered', first, first + 1];
    },
  },
  {
    ...{ number: 5, title: 'slip in a record' },
    alter: (log, at) => done(slipIn(log, at)),
    finds: ({ at, size, medium }) => {
      if (medium === 'evidence') return ['bad-evidence', 0, 0];
      // A store gives no more than it is asked for: what is behind the head's end it keeps to itself.
      if (at === size - 1 && STORES.includes(medium)) return ['altered', at, at + 1];
      if (medium === 'memory' && at % BUNDLE === 0) return ['reordered', at, size];
      if (medium === 'memory' && at % BUNDLE === BUNDLE - 1) return ['altered', at, at + 1];
      return ['inserted', at, at + 1];
    },
  },
  {
    ...{ number: 5, title: "slip in a record with the log's own key" },
    alter: async (log, at, { signer }) => {
      slipIn(log, at);
      await forge(log, signer);
      return undefined;
    },
    finds: (cell) => contradicted(cell, 0, cell.size + 1),
    why: OWN_WORD,
  },
  {
    ...{ number: 6, title: "rebuild everything with the log's own key" },
    alter: async (log, at, { signer }) => {
      edit(log, at, { event: 'NEVER_HAPPENED' });
      await forge(log, signer);
      return undefined;
    },
    finds: (cell) => contradicted(cell, 0),
    why: OWN_WORD,
  },
  {
    ...{ number: 7, title: 'put an older copy back', once: true },
    places: (_, size) => size > 1,
    alter: (log, _, { older }) => done(Object.assign(log, copyOf(older))),
    finds: (cell) => behind(cell, cell.older),
    why: RENEW,
  },
  {
    ...{ number: 7, title: 'put an older copy back, and go on from it', once: true },
    places: (_, size) => size > 1,
    alter: (log, _, scene) => goOn(log, scene, scene.whole.head.size + 50),
    finds: (cell) => contradicted({ ...cell, at: cell.older }, cell.older, cell.size + 50),
    why: RENEW,
  },
  {
    ...{ number: 8, title: 'show another log of the same length to others', once: true },
    places: (_, size) => size > 1,
    alter: (log, _, scene) => goOn(log, scene, scene.whole.head.size),
    finds: (cell) => contradicted({ ...cell, at: cell.older }, cell.older),
    why: 'Each of them is consistent in itself; whoever has a checkpoint of both sees that they contradict each other.',
  },
  {
    ...{ number: 9, title: 'seal the head with another key', once: true },
    alter: async (log, _, { stranger }) => {
      await forge(log, stranger);
      return undefined;
    },
    finds: ({ size }) => ['unknown-key', 0, size],
  },
  {
    ...{ number: 9, title: 'rebuild everything with another key', once: true },
    alter: withOtherKey,
    finds: ({ anchor, size }) => (anchor === 'none' ? null : ['unknown-key', 0, size]),
    why: 'The key that a log names itself proves only that the log agrees with itself: know the key from elsewhere.',
  },
  {
    ...{ number: 9, title: 'put another log in its place', once: true },
    alter: (log, at, scene) => {
      log.head.origin = 'demo-00000000/demo';
      return withOtherKey(log, at, scene);
    },
    finds: (cell) => {
      if (cell.anchor === 'none') return null;
      return otherLog(cell) ?? ['unknown-key', 0, cell.size];
    },
    why: 'A log says itself which one it is: a key or a pin of the one that was meant shows that it is another.',
  },
  {
    ...{ number: 10, title: 'let a second writer go on from an older head', once: true },
    places: (_, size) => size > 1,
    alter: (log, _, scene) => goOn(log, scene, scene.whole.head.size + 1),
    finds: (cell) => contradicted({ ...cell, at: cell.older }, cell.older, cell.size + 1),
    why: 'What a second writer makes of a copy, with a store of its own, only an anchor shows.',
  },
  {
    ...{ number: 11, title: 'seal a record with an earlier time', deep: true },
    places: (at) => at > 0,
    alter: async (log, at, { signer }) => {
      edit(log, at, { logged: Date.UTC(2020, 0) });
      await forge(log, signer);
      return undefined;
    },
    finds: (cell) => {
      const found = contradicted(cell, 0);
      if (found !== null || cell.medium === 'evidence') return found;
      return ['clock-skew', cell.at, cell.at + 1];
    },
    why: 'Evidence says of times only what those outside say who saw a checkpoint that covers them.',
  },
  {
    ...{ number: 11, title: 'seal with a clock that is ahead', deep: true, once: true, fromTheStart: true },
    alter: async (log, _, { signer }) => {
      for (let at = 0; at < log.entries.length; at++) edit(log, at, { logged: Date.UTC(2090, 0) + at });
      await forge(log, signer);
      return undefined;
    },
    finds: ({ anchor, medium, size }) => {
      if (anchor !== 'witness' && (anchor !== 'time stamp' || medium === 'evidence')) return null;
      return medium === 'evidence' ? ['clock-skew', 0, 1] : ['clock-skew', size - 1, size];
    },
    why: 'Times that follow one another are what the log says; only somebody with a clock of his own can say that they came earlier.',
  },
  {
    ...{ number: 11, title: 'seal with a clock that is behind', deep: true, once: true, fromTheStart: true },
    alter: async (log, _, { signer }) => {
      for (let at = 0; at < log.entries.length; at++) edit(log, at, { logged: Date.UTC(2020, 0) + at });
      await forge(log, signer);
      return undefined;
    },
    finds: () => null,
    why: 'Not detectable without a value from outside that was sealed with it and could not be known before: a time stamp says “not later than”, and nothing says “not earlier than”. A running log holds appends when its clock jumps.',
  },
  {
    ...{ number: 13, title: "change the head's size", once: true },
    places: (_, size) => size > 1,
    alter: (log) => {
      log.head.size -= 1;
      return done();
    },
    finds: ({ size, medium }) =>
      medium === 'evidence' ? ['bad-evidence', 0, 0] : ['bad-signature', 0, size - 1],
  },
  {
    ...{ number: 13, title: "change the head's root", once: true },
    alter: (log) => {
      log.head.root = new Uint8Array(32);
      return done();
    },
    finds: (cell) =>
      cell.medium === 'evidence' && cell.anchor === 'none'
        ? betweenCheckpoints(cell)
        : ['bad-signature', 0, cell.size],
  },
  {
    ...{ number: 13, title: "change the head's origin", once: true },
    alter: (log) => {
      log.head.origin = 'demo-00000000/demo';
      return done();
    },
    finds: (cell) => otherLog(cell) ?? ['bad-signature', 0, cell.size],
  },
  {
    ...{ number: 13, title: 'change the hash stored for a record', media: HASHED },
    alter: (log, at) => {
      log.leaves[at] = new Uint8Array(32);
      return done();
    },
    finds: ({ at }) => ['tile-altered', at, at + 1],
  },
  {
    ...{ number: 13, title: 'change a hash tile above', media: HASHED },
    places: (_, size) => size > BUNDLE,
    ...{ once: true },
    alter: (log) => {
      const tile = log.tiles.get('1/0');
      if (tile === undefined) throw new TypeError('there is no tile of level 1');
      return done(log.tiles.set('1/0', new Uint8Array(tile.length)));
    },
    finds: ({ size }) => ['tile-altered', 0, size - (size % BUNDLE)],
  },
  {
    ...{ number: 13, title: 'change a kept checkpoint', media: STORES, once: true },
    places: (_, size) => size > 1,
    alter: (log) => {
      const [first, second] = log.checkpoints;
      if (first === undefined || second === undefined)
        throw new TypeError('the log keeps no two checkpoints');
      first.signatures = second.signatures;
      return done();
    },
    finds: () => ['bad-signature', 0, 1],
  },
  {
    ...{ number: 13, title: 'change a payload', once: true },
    places: (_, size) => size > 1,
    alter: (log) => done(onPayload(log, (payload) => (payload.bytes = utf8('"y"')))),
    finds: () => ['payload-altered', PAYLOAD, PAYLOAD + 1],
  },
  {
    ...{ number: 13, title: 'take a payload away', once: true, deep: true },
    places: (_, size) => size > 1,
    alter: (log) => {
      log.payloads = [];
      return done();
    },
    finds: () => null,
    why: 'Sealed content may be removed on purpose; its record and proof stand. The report counts what is not there, and does not accuse.',
  },
  {
    ...{ number: 14, title: 'never write a record', once: true, deep: true, fromTheStart: true },
    places: (_, size) => size > 1,
    alter: async (log, _, { signer }) => {
      log.entries.pop();
      await forge(log, signer);
      return undefined;
    },
    finds: () => null,
    why: 'What is not there leaves no trace: no log can be asked for it, only whoever was to write it.',
  },
  {
    ...{ number: 15, title: "remove a node's log", once: true, media: HASHED },
    alter: () => null,
    finds: ({ anchor, size, older }) => {
      if (anchor === 'none' || anchor === 'key') return null;
      return ['truncated', 0, anchor === 'old pin' ? older : size];
    },
    why: 'Where nothing is, nothing can be verified, and the report says so; that there was something, an anchor knows.',
  },
];

/** An attack on a log whose sealing key changed behind its older state. */
export interface KeyChangeAttack extends Attack {
  /** Which of its keys a verifier knows who has no pin. */
  readonly knows: 'first' | 'newest';
}

const OTHER_KEY =
  'A copy from before a key change does not name the key of now. Whoever knows that key misses its signature; whoever knows the first one alone takes what later checkpoints say, a witness’s excepted, for a stranger’s: pins and policies name keys, so renew them when the key changes.';
const BACK = { number: 7, once: true, why: OTHER_KEY } as const;

/** As `ATTACKS`, of a log whose key changed. */
export const KEY_CHANGE_ATTACKS: readonly KeyChangeAttack[] = [
  {
    ...{ ...BACK, title: 'put a copy from before a key change back, to one who knows the newest key' },
    knows: 'newest',
    alter: (log, _, { older }) => done(Object.assign(log, copyOf(older))),
    finds: (cell) => byOldKey(cell, cell.older),
  },
  {
    ...{ ...BACK, title: 'put a copy from before a key change back, to one who knows the first key' },
    knows: 'first',
    alter: (log, _, { older }) => done(Object.assign(log, copyOf(older))),
    finds: ({ anchor, medium, size, older }) => {
      if (medium === 'evidence') return anchor === 'witness' ? ['no-quorum', 0, older] : null;
      if (anchor === 'pin') return ['rolled-back', older, size];
      return anchor === 'witness' ? ['unknown-key', older, size] : null;
    },
  },
  {
    ...{ ...BACK, title: 'go on with the retired key, to one who knows the newest key' },
    knows: 'newest',
    alter: (log, _, scene) => goOn(log, scene, scene.whole.head.size + 50, scene.olderSigner),
    finds: (cell) => byOldKey(cell, cell.size + 50),
  },
  {
    ...{ ...BACK, title: 'go on with the retired key, to one who knows the first key' },
    knows: 'first',
    alter: (log, _, scene) => goOn(log, scene, scene.whole.head.size + 50, scene.olderSigner),
    finds: ({ anchor, medium, size }) => {
      if (anchor === 'pin') return ['unknown-key', 0, size + 50];
      if (medium !== 'evidence') return anchor === 'witness' ? ['unknown-key', 0, size] : null;
      if (anchor === 'witness') return ['no-quorum', 0, size + 50];
      return anchor === 'time stamp' || anchor === 'receipt' ? ['unknown-key', 0, size + 50] : null;
    },
  },
];

/** A state that the key of now has not signed; a pin that is newer judges it by its own key, and knows what came after. */
function byOldKey({ anchor, medium, size, older }: Cell, now: number): Expected | null {
  if (anchor === 'none' || anchor === 'old pin') return null;
  const isPin = anchor === 'pin' || (medium === 'evidence' && anchor !== 'key' && anchor !== 'witness');
  if (!isPin || now > size) return ['unknown-key', 0, now];
  return medium === 'evidence' ? null : ['rolled-back', older, size];
}

/** Size of the newest checkpoint that a log of the scene keeps beside its head. */
const LAST_KEPT = 500;
/** The record of the scene that has a payload. */
const PAYLOAD = 400;

function done(_result?: unknown): undefined {
  return undefined;
}

function bundleOf(at: number): number {
  return Math.floor(at / BUNDLE);
}

function bundleRange({ at, size }: Cell): [number, number] {
  return [bundleOf(at) * BUNDLE, Math.min(size, (bundleOf(at) + 1) * BUNDLE)];
}

function otherOf(at: number, size: number): number {
  return at + 7 < size ? at + 7 : at - 7;
}

function notTheLast(at: number, size: number): boolean {
  return size > 1 && at < size;
}

function altered({ at }: Cell): Expected {
  return ['altered', at, at + 1];
}

/** Hashes that were made anew lead to no signed root: which records it are, signed checkpoints around them say. */
function betweenCheckpoints({ at, size, kept, medium }: Cell): Expected {
  if (medium === 'evidence') return size === 1 ? ['altered', 0, 1] : ['coverage-ends', 0, size];
  // The proof of the first record, which came along to tell the keys, has the hashes of the subtrees behind it.
  if (medium === 'export') {
    const half = at === 0 ? 0 : 2 ** Math.floor(Math.log2(at));
    return ['altered', half, Math.min(size, Math.max(1, half * 2))];
  }
  const from = kept.findLast((each) => each <= at) ?? 0;
  return ['altered', from, kept.find((each) => each > at) ?? size];
}

/** A genuine state that is older than what the anchor says. */
function behind({ anchor, medium, size, older }: Cell, now: number): Expected | null {
  if (anchor === 'none' || anchor === 'key') return null;
  // Evidence of what was once the newest state stays true; nobody has cosigned it, though.
  if (medium === 'evidence') return anchor === 'witness' ? ['no-quorum', 0, now] : null;
  if (anchor === 'old pin') return older > now ? ['rolled-back', now, older] : null;
  return ['rolled-back', now, size];
}

/**
 * A log that its own key signed, and that is another from record `at` on.
 *
 * @param agreed size of the newest checkpoint that is still right where checkpoints are kept.
 * @param now size of what is there now.
 */
function contradicted(cell: Cell, agreed: number, now: number = cell.size): Expected | null {
  const { anchor, at, size, older, medium } = cell;
  if (anchor === 'none' || anchor === 'key') return null;
  if (medium === 'evidence') {
    // Evidence of every record has the tree of any size.
    if (anchor === 'old pin') return at < older ? ['split-view', 0, older] : null;
    if (anchor === 'witness') return ['no-quorum', 0, now];
    return size <= now ? ['split-view', 0, size] : null;
  }
  if (anchor === 'old pin') return at < older ? ['split-view', 0, older] : null;
  return ['split-view', anchor === 'pin' ? keptUpTo(cell, agreed) : 0, size];
}

/** A pin of the log that was meant. */
function otherLog({ anchor, size, older, medium }: Cell): Expected | null {
  if (anchor === 'pin') return ['other-log', 0, size];
  return anchor === 'old pin' ? ['other-log', 0, medium === 'evidence' ? older : size] : null;
}

function keptUpTo({ medium, kept }: Cell, size: number): number {
  return STORES.includes(medium) ? size : (kept.findLast((each) => each <= size) ?? 0);
}

function onPayload(log: StoredLog, change: (payload: StoredLog['payloads'][number]) => unknown): void {
  const [payload] = log.payloads;
  if (payload === undefined) throw new TypeError('the log to tamper with has no payload');
  change(payload);
}

function slipIn(log: StoredLog, at: number): void {
  const model = log.entries[at];
  if (model === undefined) throw new TypeError(`the log to tamper with has no record ${at}`);
  log.entries.splice(at, 0, { number: at, bytes: edited(model.bytes, { event: 'SLIPPED_IN' }) });
}

function cutTo(log: StoredLog, { size, root, signatures }: StoredLog['checkpoints'][number]): void {
  log.entries.length = size;
  hashAgain(log);
  log.checkpoints = log.checkpoints.filter((each) => each.size < size);
  log.head = { origin: log.head.origin, size, root, signatures };
}

/** The older state, continued with the log's own key and other records. */
async function goOn(
  log: StoredLog,
  scene: Scene,
  size: number,
  signer: Signer = scene.signer,
): Promise<undefined> {
  const { entries } = log;
  const older = copyOf(scene.older);
  const { head } = older;
  older.checkpoints.push({ size: head.size, root: head.root, signatures: head.signatures, keep: false });
  for (let seq = head.size; seq < size; seq++) {
    const model = entries[Math.min(seq, entries.length - 1)];
    if (model === undefined) throw new TypeError('there is nothing to go on from');
    older.entries.push({ number: seq, bytes: edited(model.bytes, { event: 'ANOTHER_STORY', seq }) });
  }
  await sealAgain(older, signer);
  Object.assign(log, older);
}

/** A log that says of itself that another key seals it. */
async function withOtherKey(log: StoredLog, _at: number, { stranger }: Scene): Promise<undefined> {
  const { origin } = log.head;
  const details = { origin, key: vkeyOf(origin, stranger), software: 'tallystick' };
  edit(log, 0, { details });
  await forge(log, stranger);
}
