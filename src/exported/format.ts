import { fromUtf8, toHex } from '../crypto/bytes.ts';

/**
 * An export: records exactly as they were sealed, with what proves them. NDJSON; `docs/verification.md` states the form.
 * The bytes of an entry and of sealed content are taken from a line as they stand, so that a line has only this one form.
 */
export const FORMAT = 'tallystick-export/1';

/** The first line. */
export interface ExportHeader {
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
  /** Record 0, and those that changed the sealing keys, ascending; null in an export of a version that left them out. */
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
  const { origin, from, to, size, root, keys, checkpoint, proof, history } = header;
  const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map(toHex);
  const records = history?.map((each) => ({
    ...each,
    proof: hex(each.proof),
    consistency: hex(each.consistency),
  }));
  const line = {
    ...{ format: FORMAT, origin, node, from, to, size, root: toHex(root), keys, checkpoint },
    proof: { first: hex(proof.first), last: hex(proof.last) },
    ...(records === undefined ? {} : { history: records }),
  };
  return `${JSON.stringify(line)}\n`;
}

/** `entry` is canonical JSON. */
export function formatRecord(seq: number, entry: Uint8Array, payloads: readonly ExportedPayload[]): string {
  const contents = payloads.map(
    ({ digest, salt, bytes }) =>
      `{"digest":"${digest}","salt":"${toHex(salt)}","content":${fromUtf8(bytes)}}`,
  );
  return `{"seq":${seq},"entry":${fromUtf8(entry)},"payloads":[${contents.join(',')}]}\n`;
}

/** The last line, behind `count` records. */
export function formatEnd(count: number): string {
  return `${JSON.stringify({ end: true, count })}\n`;
}
