import { fromUtf8, toHex } from '../crypto/bytes.ts';

/**
 * An export: records exactly as they were sealed, with what proves them. NDJSON; `docs/verification.md` states the form.
 * The bytes of an entry and of sealed content are taken from a line as they stand, so that a line has only this one form.
 */
export const FORMAT = 'tallystick-export/2';

/** As the first line names them. In those of version 1 records have no leaf hashes, and `history` may be left out. */
export const FORMATS: ReadonlyMap<string, 1 | 2> = new Map([
  ['tallystick-export/1', 1],
  [FORMAT, 2],
]);

/** The first line. */
export interface ExportHeader {
  readonly version: 1 | 2;
  readonly origin: string;
  /** Records [from, to) follow. */
  readonly from: number;
  readonly to: number;
  /** Of the log. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** vkeys whose signatures of the checkpoint were found good. */
  readonly keys: readonly string[];
  /** The newest checkpoint, a signed note. */
  readonly checkpoint: string;
  /** RFC 9162 inclusion proofs of the first and the last record, leaf side first. */
  readonly proof: { readonly first: readonly Uint8Array[]; readonly last: readonly Uint8Array[] };
  /** Record 0, and those that changed the sealing keys, ascending; null where one of version 1 leaves them out. */
  readonly history: readonly KeyRecord[] | null;
}

/** A record that says which keys seal the log. */
export interface KeyRecord {
  readonly seq: number;
  /** Canonical JSON. */
  readonly entry: string;
  /** RFC 9162: that the record is in the newest tree. */
  readonly proof: readonly Uint8Array[];
  /** The checkpoint right behind it, a signed note; null for record 0. */
  readonly checkpoint: string | null;
  /** RFC 9162: that the newest tree goes on from that checkpoint's. */
  readonly consistency: readonly Uint8Array[];
}

/** Sealed content. */
export interface ExportedPayload {
  /** Lower-case hex. */
  readonly digest: string;
  readonly salt: Uint8Array;
  /** JSON. */
  readonly bytes: Uint8Array;
}

/** The node is the last part of the origin. */
export function formatHeader(node: string, header: ExportHeader): string {
  const { version, origin, from, to, size, root, keys, checkpoint, proof, history } = header;
  const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map(toHex);
  const records = history?.map((each) => ({
    ...each,
    proof: hex(each.proof),
    consistency: hex(each.consistency),
  }));
  const line = {
    ...{
      format: `tallystick-export/${version}`,
      origin,
      node,
      from,
      to,
      size,
      root: toHex(root),
      keys,
      checkpoint,
    },
    proof: { first: hex(proof.first), last: hex(proof.last) },
    ...(records === undefined ? {} : { history: records }),
  };
  return `${JSON.stringify(line)}\n`;
}

/**
 * @param leaf hash of the entry as it is in the tree, 32 bytes: of one that is changed it says what it was.
 * @param entry canonical JSON.
 */
export function formatRecord(
  seq: number,
  leaf: Uint8Array,
  entry: Uint8Array,
  payloads: readonly ExportedPayload[],
): string {
  const contents = payloads.map(
    ({ digest, salt, bytes }) =>
      `{"digest":"${digest}","salt":"${toHex(salt)}","content":${fromUtf8(bytes)}}`,
  );
  return `{"seq":${seq},"leaf":"${toHex(leaf)}","entry":${fromUtf8(entry)},"payloads":[${contents.join(',')}]}\n`;
}

/** The last line, behind `count` records. */
export function formatEnd(count: number): string {
  return `${JSON.stringify({ end: true, count })}\n`;
}
