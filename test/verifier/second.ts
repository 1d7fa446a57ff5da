import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

/**
 * A second verifier, written from docs/verification.md alone: it imports nothing of Tallystick. What it and the
 * verifier agree upon is what the document says.
 */

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

const text = (of: string): Buffer => Buffer.from(of, 'utf8');

/** RFC 8785. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`;
}

export function leafOf(entry: string): string {
  return sha256(Buffer.of(0), text(entry)).toString('hex');
}

function nodeOf(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(Buffer.of(1), left, right);
}

/** The largest power of two below n. */
function half(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1));
}

/** MTH of RFC 6962 over leaf hashes. */
export function rootOf(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return Buffer.from(leaves[0] as Uint8Array);
  const k = half(leaves.length);
  return nodeOf(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

/** The root that an inclusion proof leads to, by the definition of PATH in RFC 6962. */
export function rootByInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
): Buffer | null {
  const last = proof.at(-1);
  if (size === 1) return proof.length === 0 ? Buffer.from(leaf) : null;
  if (last === undefined) return null;
  const [k, rest] = [half(size), proof.slice(0, -1)];
  const inside =
    index < k ? rootByInclusion(index, k, leaf, rest) : rootByInclusion(index - k, size - k, leaf, rest);
  if (inside === null) return null;
  return index < k ? nodeOf(inside, last) : nodeOf(last, inside);
}

/** The two roots that a consistency proof leads to, by SUBPROOF of RFC 6962. */
export function rootsByConsistency(
  from: number,
  to: number,
  proof: readonly Uint8Array[],
  fromRoot: Uint8Array,
): [Buffer, Buffer] | null {
  return walk(from, to, [...proof], true, Buffer.from(fromRoot));
}

function walk(
  from: number,
  to: number,
  proof: Uint8Array[],
  isWhole: boolean,
  known: Buffer,
): [Buffer, Buffer] | null {
  if (from === to) {
    const hash = isWhole ? known : proof.pop();
    return hash === undefined || proof.length > 0 ? null : [Buffer.from(hash), Buffer.from(hash)];
  }
  const last = proof.pop();
  if (last === undefined) return null;
  const k = half(to);
  if (from <= k) {
    const left = walk(from, k, proof, isWhole, known);
    return left === null ? null : [left[0], nodeOf(left[1], last)];
  }
  const right = walk(from - k, to - k, proof, false, known);
  return right === null ? null : [nodeOf(last, right[0]), nodeOf(last, right[1])];
}

/** The root of a tree some of whose leaves are known, the other subtrees' hashes being listed once each. */
export function rootByShared(
  leaves: ReadonlyMap<number, Uint8Array>,
  size: number,
  hashes: readonly Uint8Array[],
): Buffer | null {
  const list = hashes.map((hash) => Buffer.from(hash));
  const seqs = [...leaves.keys()];
  const holds = (from: number, to: number): boolean => seqs.some((seq) => seq >= from && seq < to);
  const read = (from: number, to: number): Buffer => {
    if (to - from === 1) return Buffer.from(leaves.get(from) as Uint8Array);
    const middle = from + half(to - from);
    const [left, right] = [holds(from, middle), holds(middle, to)];
    // Of either half, when the other one has a listed leaf; then what is below the left, then below the right.
    const given = [right ? list.shift() : null, left ? list.shift() : null];
    const found = [left ? read(from, middle) : given[0], right ? read(middle, to) : given[1]].map(
      (hash, i) => {
        const other = given[i] ?? hash;
        if (hash === undefined || hash === null || !other?.equals(hash)) throw new RangeError('not a proof');
        return hash;
      },
    ) as [Buffer, Buffer];
    return nodeOf(...found);
  };
  try {
    const root = read(0, size);
    return list.length === 0 ? root : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Whether the range of a log in evidence is there, and is shown to be all of the time that it names: docs/evidence.md, completeness. */
// biome-ignore lint/suspicious/noExplicitAny: the file is read as it stands.
export function rangeHolds({ checkpoint, range, records }: any): boolean {
  const { from, to, since, until } = range;
  const size = readNote(checkpoint)?.size ?? 0;
  const logged = new Map<number, number>(
    records.map(({ seq, entry }: { seq: number; entry: string }) => [seq, JSON.parse(entry).logged]),
  );
  for (let seq = from; seq < to; seq++) if (!logged.has(seq)) return false;
  if (since === null && until === null) return to > from;
  const begins = from === 0 || (since !== null && (logged.get(from - 1) ?? Infinity) < Date.parse(since));
  const ends = until === null ? to === size : (logged.get(to) ?? -1) > Date.parse(until);
  for (let seq = from; seq < to; seq++) {
    const time = logged.get(seq) as number;
    if (time < Date.parse(since ?? '1970-01-01') || time > Date.parse(until ?? '9999-12-31')) return false;
  }
  return begins && ends;
}

interface Line {
  readonly name: string;
  readonly id: string;
  readonly blob: Buffer;
}

interface Note {
  readonly text: string;
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly lines: readonly Line[];
}

function strictBase64(of: string): Buffer | null {
  const bytes = Buffer.from(of, 'base64');
  return bytes.toString('base64') === of ? bytes : null;
}

/** A signed checkpoint of a log; null when it is none. */
export function readNote(note: string): Note | null {
  const at = note.lastIndexOf('\n\n');
  const isControl = (character: string): boolean => character < ' ' && character !== '\n';
  if (at < 0 || !note.endsWith('\n') || [...note].some(isControl)) return null;
  const body = note.slice(0, at + 1);
  const [origin = '', size = '', base64 = '', end, ...more] = body.split('\n');
  const root = strictBase64(base64);
  if (
    origin === '' ||
    !/^(0|[1-9][0-9]*)$/.test(size) ||
    root?.length !== 32 ||
    end !== '' ||
    more.length > 0
  )
    return null;
  const lines: Line[] = [];
  for (const line of note.slice(at + 2, -1).split('\n')) {
    const [, name, encoded] = /^— ([^ +]+) (\S+)$/.exec(line) ?? [];
    const blob = encoded === undefined ? null : strictBase64(encoded);
    if (name === undefined || blob === null || blob.length < 5) return null;
    lines.push({ name, id: blob.subarray(0, 4).toString('hex'), blob: blob.subarray(4) });
  }
  return { text: body, origin, size: Number(size), root, lines };
}

const SPKI = {
  1: '302a300506032b6570032100',
  4: '302a300506032b6570032100',
  6: '30820532300b06096086480165030403110382052100',
} as const;
const RSA_NAME = 'tallystick/rsa-pkcs1-sha256/v1';

interface Key {
  readonly name: string;
  readonly id: string;
  readonly type: number;
  readonly key: KeyObject;
}

export function readVkey(vkey: string): Key | null {
  const [name = '', id, ...rest] = vkey.split('+');
  const blob = strictBase64(rest.join('+'));
  const type = blob?.[0];
  if (blob === null || type === undefined) return null;
  const material = blob.subarray(1);
  const isRsa = type === 0xff && material.subarray(0, RSA_NAME.length).equals(text(RSA_NAME));
  if (type === 0xff && !isRsa) return null;
  const spki = isRsa
    ? material.subarray(RSA_NAME.length)
    : type === 2
      ? material
      : Buffer.concat([Buffer.from(SPKI[type as 1], 'hex'), material]);
  const digest = type === 2 ? sha256(material) : sha256(text(`${name}\n`), blob);
  if (digest.subarray(0, 4).toString('hex') !== id) return null;
  return { name, id, type, key: createPublicKey({ key: spki, format: 'der', type: 'spki' }) };
}

/** What a signature of a checkpoint is over, and the signature itself. */
function signedBy(
  { name, type }: Key,
  { text: body, origin, size, root }: Note,
  blob: Buffer,
): [Buffer, Buffer] {
  if (type !== 4 && type !== 6) return [text(body), blob];
  const [time, signature] = [blob.subarray(0, 8), blob.subarray(8)];
  if (type === 4) return [text(`cosignature/v1\ntime ${time.readBigUInt64BE()}\n${body}`), signature];
  const range = Buffer.alloc(16);
  range.writeBigUInt64BE(BigInt(size), 8);
  const [by, of] = [text(name), text(origin)];
  return [
    Buffer.concat([
      text('subtree/v1\n\0'),
      Buffer.of(by.length),
      by,
      time,
      Buffer.of(of.length),
      of,
      range,
      root,
    ]),
    signature,
  ];
}

/** Which of the keys have signed a note; null when a signature by one of them is bad, or it is no note. */
export function signersOf(note: string, vkeys: readonly string[]): string[] | null {
  const read = readNote(note);
  if (read === null) return null;
  const good = new Set<string>();
  for (const vkey of vkeys) {
    const key = readVkey(vkey);
    if (key === null) return null;
    for (const { name, id, blob } of read.lines) {
      if (name !== key.name || id !== key.id) continue;
      const [data, signature] = signedBy(key, read, blob);
      const algorithm = key.type === 2 || key.type === 0xff ? 'sha256' : null;
      if (!verify(algorithm, data, key.key, signature)) return null;
      good.add(vkey);
    }
  }
  return [...good];
}

interface Era {
  readonly from: number;
  readonly to: number | null;
  readonly keys: readonly string[];
  readonly takenOver: boolean;
}

/** Which lines of the file `timestamps` are time stamps. */
export function stampsIn(file: string, origin: string, size: number): unknown {
  const lines = file === '' ? [] : file.split('\n');
  const sizes: number[] = [];
  let [ahead, bad, last] = [0, file === '' || lines.pop() === '' ? 0 : 1, 0];
  for (const line of lines) {
    const at = sizeIn(line, origin);
    if (at === null || at < last) bad++;
    else if (at > size) ahead++;
    else sizes.push(at);
    last = Math.max(last, at ?? 0);
  }
  return { sizes, ahead, bad };
}

function sizeIn(line: string, origin: string): number | null {
  // What is not canonical does not come back the same.
  const [, checkpoint, base64] = /^\{"checkpoint":(".*"),"token":("[^"]*")\}$/.exec(line) ?? [];
  if (checkpoint === undefined || base64 === undefined) return null;
  try {
    const [note, token] = [JSON.parse(checkpoint), JSON.parse(base64)];
    if (canonical({ checkpoint: note, token }) !== line || strictBase64(token) === null) return null;
    const read = readNote(note);
    return read?.origin === origin ? read.size : null;
  } catch {
    return null;
  }
}

/** Which keys sealed up to where, from all entries and the checkpoints that were kept. */
export function erasOf(origin: string, entries: readonly string[], notes: readonly string[]): Era[] {
  const leaves = entries.map((entry) => Buffer.from(leafOf(entry), 'hex'));
  const eras: Era[] = [{ from: 0, to: null, keys: keysIn(entries[0] as string), takenOver: false }];
  let standBy: readonly string[] = [];
  for (const note of notes) {
    const read = readNote(note);
    if (
      read === null ||
      read.origin !== origin ||
      read.size < 2 ||
      !rootOf(leaves.slice(0, read.size)).equals(read.root)
    )
      continue;
    const last = entries[read.size - 1] as string;
    const { system, event, outcome, details = {} } = JSON.parse(last);
    if (system !== 'tallystick' || outcome !== 'success') continue;
    const now = eras.at(-1) as Era;
    const keys = keysIn(last);
    const isStandBy = event === 'KEY_STANDBY';
    const takenOver = details.standBy === true && !isStandBy;
    if (!isStandBy && (event !== 'KEY_CHANGE' || keys.length === 0 || details.previousKey !== now.keys[0]))
      continue;
    if (isStandBy && keys.some((key) => now.keys.includes(key))) continue;
    const mayTake =
      keys.every((key) => now.keys.includes(key) || standBy.includes(key)) &&
      keys.some((key) => standBy.includes(key));
    if (takenOver && !mayTake) continue;
    const needed = takenOver ? keys : [...now.keys, ...keys];
    const signed = signersOf(note, [...new Set(needed)]);
    if (signed === null || !needed.every((key) => signed.includes(key))) continue;
    if (isStandBy) standBy = keys;
    else {
      eras[eras.length - 1] = { ...now, to: read.size };
      eras.push({ from: read.size, to: null, keys, takenOver });
      standBy = standBy.filter((key) => !keys.includes(key));
    }
  }
  return eras;
}

function keysIn(entry: string): string[] {
  const { key, keys } = JSON.parse(entry).details ?? {};
  return keys ?? (key === undefined ? [] : [key]);
}
