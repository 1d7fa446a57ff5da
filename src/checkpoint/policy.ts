import { fromUtf8, toHex, utf8 } from '../crypto/bytes.ts';
import { ProofError, TallystickError } from '../errors.ts';
import { type Checkpoint, parseCheckpoint } from './body.ts';
import { type Cosignature, cosignaturesOf } from './cosign.ts';
import { Keyring } from './keyring.ts';
import { parseVkey, type VerifierKey } from './keys.ts';
import { parseNote } from './note.ts';

/** Which logs to believe, and which witnesses must have cosigned (C2SP tlog-policy). */
export interface Policy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  /** In the order of their definition: members come before their group. */
  readonly groups: readonly PolicyGroup[];
  /** Name of a witness or group; null for `none`. */
  readonly quorum: string | null;
}

export interface PolicyLog {
  /** Its name is the log's origin. */
  readonly key: VerifierKey;
  readonly url: string | null;
}

export interface PolicyWitness {
  /** Within the policy alone. */
  readonly name: string;
  readonly key: VerifierKey;
  readonly url: string | null;
}

export interface PolicyGroup {
  readonly name: string;
  /** How many members must have witnessed, 1 to all. */
  readonly threshold: number;
  readonly members: readonly string[];
}

const MAX_BYTES = 1024 * 1024;
const MAX_LINES = 4_096;
/** What the lines may hold: tab, what is printable, and octets that are somebody's alphabet. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it must not hold
const FORBIDDEN = /[\x00-\x08\x0a-\x1f\x7f]/;
const LOG_TYPES: readonly number[] = [0x01, 0x02, 0x06, 0xff];

/** Whether two policies demand the same of the same witnesses, whatever they call them and whichever logs they name. */
export function isSameDemand(one: Policy, other: Policy): boolean {
  return demandOf(one) === demandOf(other);
}

function demandOf({ witnesses, groups, quorum }: Policy): string {
  const said = new Map<string | null, unknown>(witnesses.map(({ name, key }) => [name, key.vkey]));
  // Members are defined before they are used.
  for (const { name, threshold, members } of groups) {
    said.set(name, [threshold, members.map((member) => JSON.stringify(said.get(member))).sort()]);
  }
  return JSON.stringify(said.get(quorum) ?? null);
}

/**
 * Reads a policy. Strict: throws `ProofError` POLICY_INVALID, with the line's number from 1 in `context.line`, for any
 * line that breaks a rule of tlog-policy, keys that can't be checked here, a log that is its own witness, or a text that
 * does not end in a line feed: cut off within its last line it might ask for less.
 *
 * @param policy names are compared by their octets.
 */
export function parsePolicy(policy: string | Uint8Array): Policy {
  const octets = typeof policy === 'string' ? utf8(policy) : policy;
  if (octets.length > MAX_BYTES) throw invalid(1, `a policy has at most ${MAX_BYTES} bytes`);
  let text = '';
  for (let at = 0; at < octets.length; at += 0x8000) {
    text += String.fromCharCode(...octets.subarray(at, at + 0x8000));
  }
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) throw invalid(MAX_LINES, `a policy has at most ${MAX_LINES} lines`);
  if (lines.pop() !== '') throw invalid(lines.length + 1, 'the last line does not end in a line feed');
  const reader = new PolicyReader();
  for (const [i, line] of lines.entries()) {
    if (FORBIDDEN.test(line)) throw invalid(i + 1, 'a line has no control characters but tabs');
    const [keyword, ...items] = line.split(/[ \t]+/).filter((item) => item !== '');
    if (keyword === undefined || keyword.startsWith('#')) continue;
    reader.read(keyword, items, i + 1);
  }
  return reader.done(lines.length);
}

class PolicyReader {
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #groups: PolicyGroup[] = [];
  /** Witnesses and groups, by the octets of their names. */
  readonly #named = new Map<string, { isMember: boolean }>();
  /** Which line brought a public key, by its bytes. */
  readonly #keys = new Map<string, { readonly kind: 'log' | 'witness'; readonly line: number }>();
  #quorum: { readonly name: string | null } | null = null;

  read(keyword: string, items: readonly string[], line: number): void {
    if (keyword === 'log') this.#log(items, line);
    else if (keyword === 'witness') this.#witness(items, line);
    else if (keyword === 'group') this.#group(items, line);
    else if (keyword === 'quorum') this.#setQuorum(items, line);
    else throw invalid(line, `a line begins with log, witness, group or quorum, not ${quoted(keyword)}`);
  }

  done(lines: number): Policy {
    if (this.#quorum === null) throw invalid(lines + 1, 'there is no quorum line');
    return {
      logs: this.#logs,
      witnesses: this.#witnesses,
      groups: this.#groups,
      quorum: this.#quorum.name,
    };
  }

  #log([vkey, url, ...more]: readonly string[], line: number): void {
    if (vkey === undefined || more.length > 0) throw invalid(line, 'it reads: log <vkey> [<url>]');
    const key = this.#key(vkey, 'log', line);
    if (!LOG_TYPES.includes(key.type)) throw invalid(line, 'a log does not sign with keys of this type');
    this.#logs.push({ key, url: url === undefined ? null : shown(url) });
  }

  #witness([name, vkey, url, ...more]: readonly string[], line: number): void {
    if (name === undefined || vkey === undefined || more.length > 0) {
      throw invalid(line, 'it reads: witness <name> <vkey> [<url>]');
    }
    const key = this.#key(vkey, 'witness', line);
    if (!key.cosigns) {
      throw invalid(line, 'a witness cosigns with a key of type 4 (Ed25519) or 6 (ML-DSA-44)');
    }
    this.#name(name, line);
    this.#witnesses.push({ name: shown(name), key, url: url === undefined ? null : shown(url) });
  }

  #group([name, threshold, ...members]: readonly string[], line: number): void {
    if (name === undefined || threshold === undefined || members.length === 0) {
      throw invalid(line, 'it reads: group <name> all|any|<k> <member>…');
    }
    for (const member of members) this.#take(member, line);
    this.#name(name, line);
    const k = thresholdOf(threshold, members.length);
    if (k === null) throw invalid(line, `k is all, any or a number from 1 to ${members.length}`);
    this.#groups.push({ name: shown(name), threshold: k, members: members.map(shown) });
  }

  #setQuorum([name, ...more]: readonly string[], line: number): void {
    if (name === undefined || more.length > 0) throw invalid(line, 'it reads: quorum <name>|none');
    if (this.#quorum !== null) throw invalid(line, 'there is one quorum line, and it has been');
    if (name !== NONE && !this.#named.has(name)) throw invalid(line, `${quoted(name)} is not defined above`);
    this.#quorum = { name: name === NONE ? null : shown(name) };
  }

  #name(name: string, line: number): void {
    if (name === NONE) throw invalid(line, 'none is no name for a witness or group');
    if (this.#named.has(name)) throw invalid(line, `${quoted(name)} is defined above already`);
    this.#named.set(name, { isMember: false });
  }

  /** One witness counts once: so no name is in two groups, or twice in one. */
  #take(member: string, line: number): void {
    const named = this.#named.get(member);
    if (named === undefined) throw invalid(line, `the member ${quoted(member)} is not defined above`);
    if (named.isMember) throw invalid(line, `${quoted(member)} is a member of a group already`);
    named.isMember = true;
  }

  #key(vkey: string, kind: 'log' | 'witness', line: number): VerifierKey {
    let key: VerifierKey;
    try {
      key = parseVkey(shown(vkey));
    } catch (cause) {
      if (!(cause instanceof TallystickError)) throw cause;
      throw invalid(line, cause.message, cause);
    }
    const material = toHex(key.material);
    const before = this.#keys.get(material);
    if (before !== undefined) {
      const twice = before.kind === kind ? `another ${kind}` : 'a log, which cannot be its own witness,';
      throw invalid(line, `line ${before.line} names ${twice} with the same public key`);
    }
    this.#keys.set(material, { kind, line });
    return key;
  }
}

const NONE = 'none';
/** Of a group; larger ones are named without their members. */
const MAX_QUORUM_TEXT = 500;

function thresholdOf(text: string, members: number): number | null {
  if (text === 'any') return 1;
  if (text === 'all') return members;
  return /^[1-9][0-9]{0,3}$/.test(text) && Number(text) <= members ? Number(text) : null;
}

/** What the witnesses of a policy say of a checkpoint. */
export interface QuorumAnswer {
  /** Whether enough witnesses have cosigned it. */
  readonly holds: boolean;
  /**
   * When they had, in seconds since 1970: the latest time of those the quorum is reached with. Null when it is not
   * reached, or needs nobody.
   */
  readonly by: number | null;
  /** Witnesses of the policy that have cosigned it, each once. */
  readonly witnesses: readonly (PolicyWitness & Cosignature)[];
}

/** What a policy says of a checkpoint. */
export interface PolicyAnswer extends QuorumAnswer {
  readonly checkpoint: Checkpoint;
  /** Keys of the log that signed it. */
  readonly logKeys: readonly VerifierKey[];
}

/**
 * Judges a checkpoint's note: whether it is of one of the policy's logs, signed by it, and whether the quorum holds.
 * Throws `ProofError` NOTE_INVALID, and NOTE_UNTRUSTED when no log of the policy has signed it under its own name, or a
 * signature by a log or witness of the policy is not good.
 *
 * @param logKeys vkeys of logs known from elsewhere, accepted besides those of the policy.
 */
export async function checkPolicy(
  note: string,
  policy: Policy,
  logKeys: readonly string[] = [],
): Promise<PolicyAnswer> {
  const logs = new Keyring([...new Set([...policy.logs.map(({ key }) => key.vkey), ...logKeys])]);
  const { verifiedBy } = await logs.open(note);
  const checkpoint = parseCheckpoint(parseNote(note).text);
  const signers = verifiedBy.filter((key) => key.name === checkpoint.origin);
  if (signers.length === 0) {
    const names = verifiedBy.map((key) => key.name).join(', ');
    const message = `the checkpoint of ${checkpoint.origin} is signed by ${names}, and a log signs by the name of its origin`;
    throw new ProofError('NOTE_UNTRUSTED', message, { context: { reason: 'unknown-key' } });
  }
  return { checkpoint, logKeys: signers, ...(await checkQuorum(note, policy)) };
}

/**
 * Judges a checkpoint's cosignatures alone: which log it is of, and who signed it, is for the caller to say. Throws
 * `ProofError` NOTE_INVALID, and NOTE_UNTRUSTED when the cosignature of a witness of the policy is not good.
 */
export async function checkQuorum(note: string, policy: Policy): Promise<QuorumAnswer> {
  const keys = policy.witnesses.map(({ key }) => key);
  const found = await cosignaturesOf(note, keys);
  const witnesses = policy.witnesses.flatMap((witness) => {
    const cosignature = found.find(({ key }) => key === witness.key);
    return cosignature === undefined ? [] : [{ ...witness, ...cosignature }];
  });
  return { ...quorumOf(policy, witnesses), witnesses };
}

/** When a group had witnessed: when the last of the first k members had. */
function quorumOf(
  { groups, quorum }: Policy,
  witnesses: readonly { readonly name: string; readonly time: number }[],
): Pick<PolicyAnswer, 'holds' | 'by'> {
  if (quorum === null) return { holds: true, by: null };
  const times = new Map(witnesses.map(({ name, time }) => [name, time]));
  for (const { name, threshold, members } of groups) {
    const witnessed = members.flatMap((member) => times.get(member) ?? []).sort((a, b) => a - b);
    const last = witnessed[threshold - 1];
    if (last !== undefined) times.set(name, last);
  }
  const by = times.get(quorum) ?? null;
  return { holds: by !== null, by };
}

/**
 * What a policy demands, and what there is of it, in words, for whoever is told that it is not enough: `two-of-them (2 of
 * other, third)`, `other (at 45 records)`, and both in a sentence about cosignatures.
 *
 * @param found what its witnesses say of each checkpoint that was looked at.
 */
export function quorumGap(
  { groups, quorum }: Policy,
  found: readonly { readonly size: number; readonly witnesses: readonly { readonly name: string }[] }[],
): { readonly demanded: string; readonly had: string; readonly words: string } {
  const texts = new Map<string, string>();
  // Members stand above the group that they are in.
  for (const { name, threshold, members } of groups) {
    const all = members.map((member) => texts.get(member) ?? member).join(', ');
    const text = `${name} (${threshold} of ${all})`;
    texts.set(name, text.length > MAX_QUORUM_TEXT ? `${name} (${threshold} of ${members.length})` : text);
  }
  const name = quorum ?? NONE;
  const [best] = found.toSorted((a, b) => b.witnesses.length - a.witnesses.length || b.size - a.size);
  const names = (best?.witnesses ?? []).map((witness) => witness.name).join(', ');
  const demanded = texts.get(name) ?? name;
  const had = names === '' ? 'none' : `${names} (at ${best?.size} records)`;
  const most = names === '' ? 'none of its witnesses has cosigned one' : `the most that one has is ${had}`;
  return { demanded, had, words: `that the policy demands, ${demanded}: ${most}` };
}

/** Octets as a text; of what is no UTF-8, octets become half surrogates, so that it equals nothing else. */
function shown(octets: string): string {
  try {
    return fromUtf8(Uint8Array.from(octets, (octet) => octet.charCodeAt(0)));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return octets.replace(/[\x80-\xff]/g, (octet) => String.fromCharCode(0xdc00 + octet.charCodeAt(0)));
  }
}

function quoted(octets: string): string {
  return JSON.stringify(shown(octets).slice(0, 80));
}

function invalid(line: number, rule: string, cause?: unknown): ProofError {
  return new ProofError('POLICY_INVALID', `line ${line} of the policy: ${rule}`, {
    ...(cause === undefined ? {} : { cause }),
    context: { line },
  });
}
