import { type AuditRecord, isReference, type SignatureInfo } from '../record/mod.ts';
import type { Certificates, CertifiedKey } from './certificates.ts';
import { type LoggedSignature, readLogged } from './logged.ts';

/**
 * `does-not-match`: under no certificate of the key does the signature hold over the hash. The others say why nobody
 * can tell: `no-certificate` of the key is known; `unsupported-algorithm`; `malformed`: hash or signature are not
 * there or don't decode; `unreadable`: the record, or its sealed content, is not there as it was sealed.
 */
export type SignatureVerdict =
  | 'ok'
  | 'does-not-match'
  | 'no-certificate'
  | 'unsupported-algorithm'
  | 'malformed'
  | 'unreadable';

export interface SignatureFinding {
  readonly seq: number;
  readonly verdict: Exclude<SignatureVerdict, 'ok'>;
  /** As the record names the key. */
  readonly keyAlias: string | null;
  readonly keyId: string | null;
  /** File of the certificate that it was held against. */
  readonly certificate: string | null;
  /** For people. Holds nothing that the record says. */
  readonly message: string;
}

export interface SignatureReport {
  /** How many signatures came out how. */
  readonly counts: Readonly<Record<SignatureVerdict, number>>;
  /** Certificates that were given. */
  readonly certificates: number;
  /** By number of the record: of those that do not match, and of those that can't be checked, the first 100 each. */
  readonly findings: readonly SignatureFinding[];
}

/** A record that holds a signature, or one that can't be had. */
export interface SignedRecord {
  readonly seq: number;
  readonly status: string;
  readonly record: AuditRecord | null;
}

/** What is known of a key that no file is named after. */
interface Learned {
  /** The certificate under which signatures of it held; null as long as none did; `two` when it was not always the same. */
  certificate: CertifiedKey | 'two' | null;
  /** Signatures of it that held under none. */
  unmatched: number;
  /** The first of them. */
  readonly first: SignatureFinding[];
}

/** More findings of a class are counted, not listed. */
const MAX_LISTED = 100;
/** Keys of which is remembered what held: beyond, a signature that holds under no certificate is of an unknown one. */
const MAX_KEYS = 1_024;
/** Of a key whose certificate is not known yet, so many are remembered to be listed. */
const MAX_WAITING = 20;

/**
 * Checks logged signatures against the logged hash. A key's certificate is in the file named after the key; else it is
 * the only one given under which the signature holds, and then it is that of all signatures which name the same key
 * id, before and after: one of those that does not hold under it does not match. An alias alone proves nothing so: it
 * may pass to another key.
 *
 * Says nothing of the certificates themselves: who issued them, and whether they were valid then.
 */
export class SignatureCheck {
  readonly #certificates: Certificates;
  readonly #keys = new Map<string, Learned>();
  readonly #wrong: SignatureFinding[] = [];
  readonly #unchecked: SignatureFinding[] = [];
  readonly #counts: Record<SignatureVerdict, number> = {
    ok: 0,
    'does-not-match': 0,
    'no-certificate': 0,
    'unsupported-algorithm': 0,
    malformed: 0,
    unreadable: 0,
  };

  constructor(certificates: Certificates) {
    this.#certificates = certificates;
  }

  /** Takes a record; one without a signature is passed over. */
  add(record: SignedRecord): void {
    const judged = this.#judge(record);
    if (judged === null) return;
    if (judged === 'ok') {
      this.#counts.ok++;
      return;
    }
    this.#counts[judged.verdict]++;
    // They come in order, so the first are kept.
    const findings = judged.verdict === 'does-not-match' ? this.#wrong : this.#unchecked;
    if (findings.length < MAX_LISTED) findings.push(judged);
  }

  /** What came out. To be called once, when all records were added. */
  report(): SignatureReport {
    const wrong = [...this.#wrong];
    const unchecked = [...this.#unchecked];
    for (const { certificate, unmatched, first } of this.#keys.values()) {
      const isKnown = certificate !== null && certificate !== 'two';
      this.#counts[isKnown ? 'does-not-match' : 'no-certificate'] += unmatched;
      for (const finding of first) {
        if (isKnown) wrong.push(mismatch(finding, certificate.file));
        else unchecked.push(finding);
      }
    }
    const listed = [wrong, unchecked].flatMap((all) => all.sort(bySeq).slice(0, MAX_LISTED));
    return {
      counts: this.#counts,
      certificates: this.#certificates.count,
      findings: listed.sort(bySeq),
    };
  }

  /** null where there is nothing to say, or not yet. */
  #judge({ seq, status, record }: SignedRecord): SignatureFinding | 'ok' | null {
    if (status !== 'verified' || record === null) {
      return finding(seq, {}, 'unreadable', 'the record is not there as it was sealed');
    }
    const { signature } = record;
    if (signature === undefined) return null;
    if (isReference(signature)) return finding(seq, {}, 'unreadable', 'its sealed content was removed');
    const info = signature as SignatureInfo;
    const { value } = info;
    if (value === undefined || value === '') return null;
    const logged = readLogged({ ...info, value });
    if ('verdict' in logged) return finding(seq, info, logged.verdict, logged.message);
    const named = this.#certificates.named(info);
    return named.length > 0 ? judgeNamed(seq, info, logged, named) : this.#judgeUnnamed(seq, info, logged);
  }

  #judgeUnnamed(
    seq: number,
    info: SignatureInfo,
    { digest, bytes, kind }: LoggedSignature,
  ): SignatureFinding | 'ok' | null {
    const learned = this.#learned(info.keyId);
    // The known one first: an ECDSA check takes a millisecond or more, and there may be many certificates.
    const known = learned?.certificate ?? 'two';
    if (known !== 'two' && known.key?.holds(digest, bytes)) return 'ok';
    const [found, other] = this.#certificates.candidates.filter(
      ({ key }) => (kind === null || key.kind === kind) && key.holds(digest, bytes),
    );
    if (other !== undefined)
      return finding(seq, info, 'no-certificate', 'it holds under several certificates');
    if (found !== undefined) {
      if (learned !== null) learn(learned, found);
      return 'ok';
    }
    const unknown = finding(seq, info, 'no-certificate', 'no certificate of its key is known');
    if (learned === null) return unknown;
    learned.unmatched++;
    if (learned.first.length < MAX_WAITING) learned.first.push(unknown);
    return null;
  }

  /** null where nothing can be remembered. */
  #learned(keyId: string | undefined): Learned | null {
    if (keyId === undefined || keyId === '') return null;
    let learned = this.#keys.get(keyId);
    if (learned === undefined) {
      if (this.#keys.size >= MAX_KEYS) return null;
      learned = { certificate: null, unmatched: 0, first: [] };
      this.#keys.set(keyId, learned);
    }
    return learned;
  }
}

function judgeNamed(
  seq: number,
  info: SignatureInfo,
  { digest, bytes }: LoggedSignature,
  named: readonly CertifiedKey[],
): SignatureFinding | 'ok' {
  const usable = named.filter(({ key }) => key !== null);
  if (usable.some(({ key }) => key?.holds(digest, bytes))) return 'ok';
  const { file } = (usable[0] ?? named[0]) as CertifiedKey;
  if (usable.length > 0) return mismatch(finding(seq, info, 'does-not-match', ''), file);
  const message = `the key in ${file} is neither RSA nor ECDSA over a curve that is known here`;
  return { ...finding(seq, info, 'unsupported-algorithm', message), certificate: file };
}

function learn(learned: Learned, found: CertifiedKey): void {
  const { certificate } = learned;
  if (certificate === null) learned.certificate = found;
  else if (certificate === 'two' || certificate.key?.id !== found.key?.id) learned.certificate = 'two';
}

function finding(
  seq: number,
  { keyAlias = null, keyId = null }: { readonly keyAlias?: string | null; readonly keyId?: string | null },
  verdict: SignatureFinding['verdict'],
  message: string,
): SignatureFinding {
  return { seq, verdict, keyAlias, keyId, certificate: null, message };
}

function mismatch(of: SignatureFinding, file: string): SignatureFinding {
  const message = `it does not hold over the logged hash under the key in ${file}`;
  return { ...of, verdict: 'does-not-match', certificate: file, message };
}

function bySeq(a: SignatureFinding, b: SignatureFinding): number {
  return a.seq - b.seq;
}
