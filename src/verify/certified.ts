import { Malformed } from '../certificates/asn1.ts';
import { type Certificate, parseCertificate, purposesOf, usageOf } from '../certificates/certificate.ts';
import { buildChain } from '../certificates/chain.ts';
import { Unfit } from '../certificates/unfit.ts';
import { parseVkey } from '../checkpoint/mod.ts';
import { UsageError } from '../errors.ts';
import { type DatedCheckpoint, loggedAt } from './dated.ts';
import type { Findings } from './findings.ts';
import type { Installed, InstalledCertificates } from './installed.ts';
import type { Era } from './key-history.ts';
import { short } from './policy.ts';
import type { Certified, CertifiedSpan } from './report.ts';
import type { LogSource } from './source.ts';

/** The verification that this is a part of. */
interface Verification {
  readonly source: LogSource;
  readonly findings: Findings;
  skip(what: string, why: string): void;
}

/** What the certificates are judged by. */
export interface CertifiedBy {
  readonly anchors: readonly Certificate[];
  readonly eras: readonly Era[];
  readonly installed: InstalledCertificates;
  /** Checkpoints of this log that somebody dated. */
  readonly dated: readonly DatedCheckpoint[];
}

const MAX_ANCHORS = 100;
/** More pieces than this are not told apart: nobody changes a certificate so often. */
const MAX_SPANS = 1_000;
/** The last second of a validity belongs to it. */
const LAST_SECOND = 1_000;

/** Bits of a key usage of which one has to be set: digitalSignature, or nonRepudiation, as certificates for seals have. */
const SIGNS = 0x80 | 0x40;
/**
 * Extended key usages that a sealing key may have, if it has any: any; documentSigning (RFC 9336), and what was used for
 * the same before there was one: emailProtection, Microsoft's and Adobe's.
 */
const SEALING: ReadonlySet<string> = new Set([
  ...['2.5.29.37.0', '1.3.6.1.5.5.7.3.36', '1.3.6.1.5.5.7.3.4'],
  ...['1.3.6.1.4.1.311.10.3.12', '1.2.840.113583.1.1.5'],
]);

/** Certificates (DER) that are believed. Throws `UsageError` USAGE for what is none. */
export function trustAnchors(ders: readonly Uint8Array[]): readonly Certificate[] {
  if (ders.length === 0 || ders.length > MAX_ANCHORS) {
    throw new UsageError('USAGE', `${ders.length} trust anchors were given; 1 to ${MAX_ANCHORS} are taken`);
  }
  return ders.map((der, i) => {
    try {
      return parseCertificate(der);
    } catch (cause) {
      if (!(cause instanceof Malformed)) throw cause;
      throw new UsageError('USAGE', `trust anchor ${i + 1} is no certificate: ${cause.message}`, { cause });
    }
  });
}

/**
 * Says which records were sealed by keys whose certificates lead to an anchor, as these stood when the records were
 * logged. A log that was read and found whole says itself which certificate a key had. What is wrong with one is a notice:
 * certificates expire and authorities are changed, and the log is as sealed all the same.
 */
export async function checkCertified(
  run: Verification,
  size: number,
  { anchors, eras, installed, dated }: CertifiedBy,
): Promise<Certified> {
  const judge = new Judge(run.source, anchors, installed.issuers, dated);
  const spans: CertifiedSpan[] = [];
  for (const { from, to, keys } of eras) {
    for (const key of keys) {
      const changes = installed.of(parseVkey(key).spki?.publicKey ?? new Uint8Array(0));
      spans.push(...(await judge.spansOf(key, { from, to: to ?? size }, changes, MAX_SPANS - spans.length)));
    }
  }
  for (const span of spans) sayOf(span, run);
  for (const seq of installed.unread) {
    run.skip(`the certificates that record ${seq} installed`, 'they are not there or can not be read');
  }
  if (spans.some(({ certificate }) => certificate !== null)) {
    run.skip('revocation of the certificates of the sealing keys', 'revocation lists are not read');
  }
  const covered = Math.max(0, ...spans.map(({ status, to }) => (status === 'holds' ? to : 0)));
  return { covered, beyond: size - covered, spans };
}

function sayOf({ key, from, to, status, certificate, why }: CertifiedSpan, run: Verification): void {
  const which = to === from + 1 ? `record ${from}` : `records ${from} to ${to - 1}`;
  const whose = `the certificate of the sealing key ${short(key)}`;
  if (status === 'none') run.skip(`${whose} for ${which}`, why);
  if (status !== 'expired' && status !== 'unfit') return;
  run.findings.add({
    ...{ code: status === 'expired' ? 'certificate-expired' : 'certificate-unfit', from, to },
    actual: certificate?.subject ?? null,
    message: `${whose} does not hold for ${which}: ${why}`,
  });
}

interface Slice {
  readonly from: number;
  readonly to: number;
}

/** What there is to say of a certificate at a time, and up to which time, exclusive, it stays so. */
interface Judged {
  readonly status: 'holds' | 'expired' | 'unfit';
  readonly why: string;
  readonly anchor: string | null;
  readonly until: number;
}

class Judge {
  readonly #source: LogSource;
  readonly #anchors: readonly Certificate[];
  readonly #issuers: readonly Certificate[];
  readonly #dated: readonly DatedCheckpoint[];

  constructor(
    source: LogSource,
    anchors: readonly Certificate[],
    issuers: readonly Certificate[],
    dated: readonly DatedCheckpoint[],
  ) {
    this.#source = source;
    this.#anchors = anchors;
    this.#issuers = issuers;
    this.#dated = dated;
  }

  /** The records that a key sealed, by what its certificate was worth then. */
  async spansOf(
    key: string,
    { from, to }: Slice,
    changes: readonly Installed[],
    most: number,
  ): Promise<CertifiedSpan[]> {
    const spans: CertifiedSpan[] = [];
    const none = { key, status: 'none', certificate: null, anchor: null, datedTo: null } as const;
    const starts = [from, ...changes.map(({ seq }) => seq).filter((seq) => seq > from && seq < to)];
    for (const [i, at] of starts.entries()) {
      const slice = { from: at, to: starts[i + 1] ?? to };
      const change = changes.findLast(({ seq }) => seq <= at);
      if (change?.certificate) spans.push(...(await this.#judged(key, slice, change.certificate)));
      else spans.push({ ...none, ...slice, why: change?.why ?? 'none was installed' });
      if (spans.length < most) continue;
      const left = { from: spans[Math.max(0, most - 1)]?.from ?? from, to };
      return [...spans.slice(0, Math.max(0, most - 1)), { ...none, ...left, why: 'it changes too often' }];
    }
    return spans;
  }

  /** Times never go back within a log: what holds at two records holds between them. */
  async #judged(key: string, { from, to }: Slice, own: Certificate): Promise<CertifiedSpan[]> {
    const spans: CertifiedSpan[] = [];
    const { subject, digest, notBefore, notAfter } = own;
    const certificate = { subject, digest, notBefore, notAfter };
    for (let at = from; at < to && spans.length < MAX_SPANS; ) {
      const time = await loggedAt(this.#source, at);
      const last = spans.at(-1);
      const judged = time === null ? UNKNOWN : await this.#at(own, time, last);
      const end = await this.#firstFrom(judged.until, { from: at, to });
      const { status, why, anchor } = judged;
      const datedTo = status === 'holds' ? this.#datedBy(judged.until, { from: at, to: end }) : null;
      if (last !== undefined && last.status === status && last.why === why && last.anchor === anchor) {
        spans[spans.length - 1] = { ...last, to: end, datedTo: datedTo ?? last.datedTo };
      } else spans.push({ key, from: at, to: end, status, certificate, anchor, datedTo, why });
      at = end;
    }
    return spans;
  }

  async #at(own: Certificate, time: number, before: CertifiedSpan | undefined): Promise<Judged> {
    const purpose = whyNotSealing(own);
    if (purpose !== null) return { ...UNKNOWN, why: purpose };
    try {
      const { path } = await buildChain(own, this.#issuers, this.#anchors, time);
      const until = Math.min(...path.map(({ notAfter }) => notAfter)) + LAST_SECOND;
      return { status: 'holds', why: '', anchor: path.at(-1)?.subject ?? null, until };
    } catch (error) {
      if (!(error instanceof Unfit) && !(error instanceof Malformed)) throw error;
      const heldBefore = before?.status === 'holds' || before?.status === 'expired';
      const isExpired = heldBefore || time >= own.notAfter + LAST_SECOND;
      const turns = [own, ...this.#issuers, ...this.#anchors]
        .flatMap(({ notBefore, notAfter }) => [notBefore, notAfter + LAST_SECOND])
        .filter((turn) => turn > time);
      const until = Math.min(Number.POSITIVE_INFINITY, ...turns);
      return { status: isExpired ? 'expired' : 'unfit', why: error.message, anchor: null, until };
    }
  }

  /** The first record behind the first one that was logged at a time or later; the end when there is none. */
  async #firstFrom(time: number, { from, to }: Slice): Promise<number> {
    const isLater = async (seq: number): Promise<boolean> =>
      ((await loggedAt(this.#source, seq)) ?? Number.NEGATIVE_INFINITY) >= time;
    if (time === Number.POSITIVE_INFINITY || from + 1 >= to || !(await isLater(to - 1))) return to;
    let [low, high] = [from + 1, to - 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (await isLater(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Up to where somebody else says that the records were there before a time; null when nobody does. */
  #datedBy(time: number, { from, to }: Slice): number | null {
    const sizes = this.#dated.filter(({ notLaterThan }) => notLaterThan < time).map(({ size }) => size);
    const most = Math.min(to, Math.max(0, ...sizes));
    return most > from ? most : null;
  }
}

/** Of a record that can't be read in its canonical form, which is said elsewhere. */
const UNKNOWN: Judged = {
  status: 'unfit',
  why: 'when it was used is not known',
  anchor: null,
  until: Number.POSITIVE_INFINITY,
};

/** Why a certificate is not one for a sealing key; null when it is. */
function whyNotSealing(certificate: Certificate): string | null {
  try {
    const usage = usageOf(certificate);
    if (usage !== null && (usage & SIGNS) === 0) return 'its key usage does not let it sign';
    const purposes = purposesOf(certificate);
    if (purposes === null || purposes.oids.some((oid) => SEALING.has(oid))) return null;
    return 'its extended key usage is for something else than signing documents';
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}
