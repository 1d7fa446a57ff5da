import { fromBase64, toBase64 } from '../crypto/bytes.ts';
import { ProofError } from '../errors.ts';
import { HASH, verifyInclusion } from '../merkle/mod.ts';
import { parseCheckpoint } from './body.ts';
import { type OpenedCheckpoint, openCheckpoint } from './checkpoint.ts';
import type { Keyring } from './keyring.ts';
import { MAX_NOTE_BYTES, parseNote } from './note.ts';

/** C2SP tlog-proof: that an entry is in a log, on a page of text (`.tlog-proof`) that is checked without the log. */
export interface TlogProof {
  readonly index: number;
  /** RFC 9162 inclusion proof, leaf's sibling first. */
  readonly hashes: readonly Uint8Array[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
  /** Whatever the application adds. Nothing vouches for it. */
  readonly extra?: Uint8Array;
}

/** What a caller expects of a proof besides that it holds. */
export interface ProofExpectation {
  /** Origin of the log. */
  readonly origin: string;
  /** Key of the log, and of the witnesses whose cosignatures count. */
  readonly keys: Keyring | readonly string[];
  /** Throws unless those who signed are enough. By default the log's own signature is. */
  readonly quorum?: (opened: OpenedCheckpoint) => void | Promise<void>;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
const DECIMAL = /^(0|[1-9][0-9]*)$/;
/** A tree of 2^63 leaves needs no more. */
const MAX_HASHES = 63;
const MAX_EXTRA_BYTES = 64 * 1024;
const MAX_CHARACTERS = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES;

/** The text. Throws `ProofError` PROOF_INVALID, NOTE_INVALID for what `parseTlogProof` would refuse. */
export function formatTlogProof({ index, hashes, checkpoint, extra }: TlogProof): string {
  const lines = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...hashes.map(toBase64),
  ];
  const text = `${lines.join('\n')}\n\n${checkpoint}`;
  parseTlogProof(text);
  return text;
}

/**
 * Reads what `formatTlogProof` writes and nothing else. That says nothing of whether the proof holds: see
 * `checkTlogProof`. Throws `ProofError` PROOF_INVALID, and NOTE_INVALID for what is wrong with the checkpoint.
 */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > MAX_CHARACTERS) throw invalid(`it is larger than ${MAX_CHARACTERS} characters`);
  const split = text.indexOf('\n\n');
  if (split < 0) throw invalid('no empty line separates proof and checkpoint');
  const [header, ...lines] = text.slice(0, split).split('\n');
  if (header !== HEADER) throw invalid(`its first line is not ${HEADER}`);
  const extra = lines[0]?.startsWith('extra ') ? readExtra(lines.shift() as string) : undefined;
  const index = readIndex(lines.shift());
  if (lines.length > MAX_HASHES) throw invalid(`it has more than ${MAX_HASHES} hashes`);
  const hashes = lines.map(readHash);
  const checkpoint = text.slice(split + 2);
  parseCheckpoint(parseNote(checkpoint).text);
  return { index, hashes, checkpoint, ...(extra === undefined ? {} : { extra }) };
}

/**
 * Checks that the entry with that leaf hash (`leafHash` of its bytes, which the caller has) is in the log, in the order
 * that C2SP states: the log's signature, then the quorum, then inclusion. Resolves with who signed. Throws `ProofError`:
 * PROOF_INVALID for another log or a proof that does not hold, NOTE_INVALID, NOTE_UNTRUSTED, KEY_INVALID as
 * `openCheckpoint` does, and what `quorum` throws.
 */
export async function checkTlogProof(
  proof: TlogProof,
  leaf: Uint8Array,
  { origin, keys, quorum }: ProofExpectation,
): Promise<OpenedCheckpoint> {
  if (leaf.length !== HASH) throw invalid('a leaf hash has 32 bytes');
  const opened = await openCheckpoint(proof.checkpoint, keys);
  const { checkpoint, verifiedBy } = opened;
  if (checkpoint.origin !== origin) {
    throw invalid(`it is of the log ${JSON.stringify(checkpoint.origin)}, not of ${JSON.stringify(origin)}`);
  }
  if (!verifiedBy.some((key) => key.name === origin)) {
    throw new ProofError('NOTE_UNTRUSTED', `no key of the log ${origin} itself has signed the checkpoint`);
  }
  await quorum?.(opened);
  verifyInclusion(proof.index, checkpoint.size, leaf, proof.hashes, checkpoint.root);
  return opened;
}

function readExtra(line: string): Uint8Array {
  const bytes = fromBase64(line.slice('extra '.length));
  if (bytes === null) throw invalid('what follows "extra" is not base64');
  if (bytes.length > MAX_EXTRA_BYTES) throw invalid(`its extra data is larger than ${MAX_EXTRA_BYTES} bytes`);
  return bytes;
}

function readIndex(line: string | undefined): number {
  const [word, decimal = '', ...rest] = (line ?? '').split(' ');
  const index = Number(decimal);
  if (word !== 'index' || rest.length > 0 || !DECIMAL.test(decimal) || !Number.isSafeInteger(index)) {
    throw invalid('its second line is not "index" and a number from 0 to 2^53-1');
  }
  return index;
}

function readHash(line: string, i: number): Uint8Array {
  const hash = fromBase64(line);
  if (hash?.length !== HASH) throw invalid(`hash ${i + 1} is not the base64 of 32 bytes`);
  return hash;
}

function invalid(rule: string): ProofError {
  return new ProofError('PROOF_INVALID', `not a proof that can be used: ${rule}`);
}
