import { toBase64 } from '../crypto/bytes.ts';
import { MAX_TOKEN_BYTES } from '../timestamps/token.ts';

/**
 * Evidence: records of one or more logs with all that proves them, in one JSON document that is checked without the
 * logs and without their servers. `docs/evidence.md` states the form exactly.
 */
export interface Evidence {
  readonly made: Made;
  /** One for each log, no two of one origin. */
  readonly logs: readonly LogEvidence[];
}

/** What whoever made the file says of it. Nothing vouches for this. */
export interface Made {
  /** ms since 1970. */
  readonly at: number;
  /** Who made it, in their own words; null when they don't say. */
  readonly by: string | null;
  /** Program and version. */
  readonly software: string;
  /** The query in its own language, its times absolute; null when the records were named by their numbers. */
  readonly query: string | null;
  /** Version of the catalogs that the query was answered with. */
  readonly catalogs: string;
  /** More records matched than are here: these are the newest. */
  readonly more: boolean;
}

export interface LogEvidence {
  /** The newest checkpoint, a signed note with all its signatures. Everything else leads to its root. */
  readonly checkpoint: string;
  /** How many of the log's first records the query was answered over; null when the records were named. */
  readonly searched: number | null;
  /** Numbers of the records that the evidence is about, ascending; each is among `records`. */
  readonly matches: readonly number[];
  /** Set when every record of a range is here, so that the query can be run again over all of them. */
  readonly range: EvidenceRange | null;
  /** Ascending by number: those asked for, those of the range, and those that tell the sealing keys. */
  readonly records: readonly EvidenceRecord[];
  /** Proves `records` under the root of `checkpoint`: see `merkle/shared.ts`. */
  readonly hashes: readonly Uint8Array[];
  /** Earlier checkpoints, ascending by size: where keys changed, and what others have seen or dated. */
  readonly checkpoints: readonly EarlierCheckpoint[];
  readonly timestamps: readonly EvidenceTimestamp[];
  /** vkeys that the log's witnesses are known by to whoever made the file. */
  readonly witnesses: readonly string[];
  /** Certificates of the sealing key (DER): its own first, each issued by the next. */
  readonly certificates: readonly Uint8Array[];
}

/** Records [from, to). */
export interface EvidenceRange {
  readonly from: number;
  readonly to: number;
  /**
   * Where the range was named by time: it holds every record that the log took from `since` to `until`, both inclusive,
   * ms since 1970. The record in front of the range and the one behind it, where there is one, are among the records,
   * so that their times show it. null: not named so.
   */
  readonly since: number | null;
  readonly until: number | null;
}

export interface EvidenceRecord {
  readonly seq: number;
  /** The canonical bytes as text. */
  readonly entry: string;
  /** Sealed content of the record, as far as it was included. */
  readonly payloads: readonly EvidencePayload[];
}

export interface EvidencePayload {
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** Canonical JSON of the member. */
  readonly content: string;
}

export interface EarlierCheckpoint {
  /** A signed note. */
  readonly checkpoint: string;
  /** RFC 9162 consistency proof from it to the newest. */
  readonly consistency: readonly Uint8Array[];
}

export interface EvidenceTimestamp {
  /** Size of the checkpoint that was dated, the newest or an earlier one. */
  readonly size: number;
  /** URL of the authority. */
  readonly authority: string;
  /** RFC 3161 TimeStampToken. */
  readonly token: Uint8Array;
}

/** First member of a file. */
export const FORMAT = 'tallystick-evidence/1';

/** Bounds of a file. What has more is neither made nor read. */
export const LIMITS = {
  bytes: 128 * 1024 * 1024,
  logs: 64,
  /** In all logs together. */
  records: 100_000,
  payloadsOfRecord: 1_000,
  /** Of one log, as the rest. */
  checkpoints: 1_000,
  timestamps: 200,
  witnesses: 64,
  certificates: 10,
  /** Characters of a text that is none of the others. */
  text: 8_192,
  /** Bytes of a token: larger ones are read nowhere. */
  token: MAX_TOKEN_BYTES,
} as const;

/** Records that are asked for without their range, at most: the newest. */
export const MAX_MATCHES = 10_000;

/** The document, a record on each line. */
export function formatEvidence({ made, logs }: Evidence): string {
  const { at, by, software, query, catalogs, more } = made;
  const statement = { at: new Date(at).toISOString(), by, software, query, catalogs, more };
  const head = `"format":${JSON.stringify(FORMAT)},\n"made":${JSON.stringify(statement)}`;
  return `{${head},\n"logs":[${logs.map(formatLog).join(',\n')}]}\n`;
}

function formatLog(log: LogEvidence): string {
  const { checkpoint, searched, matches, range, witnesses } = log;
  const records = log.records.map(({ seq, entry, payloads }) =>
    JSON.stringify({
      ...{ seq, entry },
      payloads: payloads.map(({ salt, content }) => ({ salt: toBase64(salt), content })),
    }),
  );
  const checkpoints = log.checkpoints.map((each) =>
    JSON.stringify({ checkpoint: each.checkpoint, consistency: each.consistency.map(toBase64) }),
  );
  const timestamps = log.timestamps.map(({ size, authority, token }) =>
    JSON.stringify({ size, authority, token: toBase64(token) }),
  );
  const named = range && {
    ...{ from: range.from, to: range.to },
    ...{ since: isoOrNull(range.since), until: isoOrNull(range.until) },
  };
  const members = [
    ...Object.entries({ checkpoint, searched, matches, range: named }).map(
      ([name, value]) => `"${name}":${JSON.stringify(value)}`,
    ),
    `"records":${lines(records)}`,
    `"hashes":${lines(log.hashes.map((hash) => JSON.stringify(toBase64(hash))))}`,
    `"checkpoints":${lines(checkpoints)}`,
    `"timestamps":${lines(timestamps)}`,
    `"witnesses":${JSON.stringify(witnesses)}`,
    `"certificates":${lines(log.certificates.map((der) => JSON.stringify(toBase64(der))))}`,
  ];
  return `{${members.join(',\n')}}`;
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function lines(items: readonly string[]): string {
  return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n]`;
}
