import { digest, HASH_BYTES, type Hash, hashOf, holds } from '../certificates/algorithms.ts';
import { type Element, Malformed, objectId, octets } from '../certificates/asn1.ts';
import { type Certificate, parseCertificate } from '../certificates/certificate.ts';
import { buildChain, type Chain } from '../certificates/chain.ts';
import { Unfit } from '../certificates/unfit.ts';
import { equalBytes, toHex } from '../crypto/bytes.ts';
import { type TimestampFinding, UnfitToken } from './findings.ts';
import { checkPurpose } from './purpose.ts';
import { OID, parseToken, type Statement, signerIds, type Token } from './token.ts';

export interface TimestampOptions {
  /** Certificates (DER) to believe. Without any, a token can be sound, but says nothing of who vouches for it. */
  readonly roots?: readonly Uint8Array[];
  /** Certificates (DER) that may lie between, besides those in the token. */
  readonly certificates?: readonly Uint8Array[];
  /** Policies of which it must be one, as dotted object identifiers; any when left out. */
  readonly policies?: readonly string[];
  /** The number that was asked with, big-endian without leading zeros. Not looked at when left out: only who asked knows it. */
  readonly nonce?: Uint8Array;
}

/** What is checked of every token, or only when it was asked (nonce, policy) or can be (root). */
export type TimestampCheck =
  | 'imprint'
  | 'nonce'
  | 'policy'
  | 'attributes'
  | 'signer'
  | 'purpose'
  | 'signature'
  | 'chain'
  | 'root';

/** When something was stamped, all in ms since 1970. */
export interface StampedTime {
  readonly genTime: number;
  /** ms; null when the authority states none. */
  readonly accuracy: number | null;
  /**
   * The bound: what was stamped existed by then. The stated time and its accuracy, or the last digit of that time where
   * that is coarser.
   */
  readonly notLaterThan: number;
}

export interface ChainLink {
  readonly subject: string;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly digest: string;
  /** ms since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface TimestampReport {
  /**
   * `verified`: everything holds, up to a root that was given. `unanchored`: it holds by itself, but no root was given,
   * so that anybody may have made it. `bad`: there are findings.
   */
  readonly verdict: 'verified' | 'unanchored' | 'bad';
  /** null when the token can't be read. Believe it only of one that is `verified`. */
  readonly time: StampedTime | null;
  /** Subject of the signer's certificate; null when that is not there. */
  readonly authority: string | null;
  readonly policy: string | null;
  /** Lower-case hex. */
  readonly serial: string | null;
  /** Hash of the imprint; null when it is none that is taken. */
  readonly hash: Hash | null;
  /** From the signer's certificate up; the last is a root that was given, when the verdict is `verified`. */
  readonly chain: readonly ChainLink[];
  /** On whose word a pass stands. */
  readonly trust: 'given-root' | 'none';
  readonly checked: readonly TimestampCheck[];
  readonly notChecked: readonly { readonly what: string; readonly why: string }[];
  readonly findings: readonly TimestampFinding[];
}

/** Roots that are looked through. */
const MAX_ROOTS = 100;

/**
 * Verifies an RFC 3161 time stamp token (DER or BER, as it stood in the answer) over bytes: `stampedBytes` of a
 * checkpoint. Portable: WebCrypto is all it needs. Whether certificates had been revoked is not looked at.
 *
 * What is wrong is in the report, never thrown. Throws `Malformed` for roots that are no certificates.
 */
export async function verifyTimestamp(
  token: Uint8Array,
  stamped: Uint8Array,
  options: TimestampOptions = {},
): Promise<TimestampReport> {
  const roots = (options.roots ?? []).slice(0, MAX_ROOTS).map(parseCertificate);
  const between = (options.certificates ?? []).map(parseCertificate);
  const run = new Run();
  const parsed = await run.step(null, 'malformed', () => parseToken(token));
  if (parsed === null) return run.report(null, null, null, null);
  const { statement, certificates } = parsed;
  const hash = await run.step('imprint', 'malformed', () => checkImprint(statement, stamped));
  if (options.nonce !== undefined) {
    const expected = toHex(options.nonce);
    await run.step('nonce', 'malformed', () => {
      if (statement.nonce !== expected)
        throw new UnfitToken('wrong-nonce', 'it has another nonce than was asked with');
    });
  }
  const { policies } = options;
  if (policies !== undefined) {
    await run.step('policy', 'malformed', () => {
      if (policies.includes(statement.policy)) return;
      throw new UnfitToken(
        'wrong-policy',
        `it was issued under ${statement.policy}, not ${policies.join(' or ')}`,
      );
    });
  }
  await run.step('attributes', 'bad-attributes', () => checkAttributes(parsed));
  const signer = await run.step('signer', 'wrong-signer', () =>
    findSigner(parsed, [...certificates, ...between]),
  );
  if (signer === null) return run.report(statement, hash, null, null);
  await run.step('purpose', 'bad-purpose', () => checkPurpose(signer));
  await run.step('signature', 'bad-signature', () => checkSignature(parsed, signer));
  const chain = await run.step('chain', 'bad-chain', () =>
    buildChain(signer, [...certificates, ...between], roots, statement.genTime),
  );
  if (chain?.isAnchored) run.checked.push('root');
  else if (roots.length === 0)
    run.skip('whom it comes from', 'no root certificate of the authority was given');
  run.skip('revocation', 'revocation lists are not read');
  return run.report(statement, hash, signer, chain);
}

class Run {
  readonly checked: TimestampCheck[] = [];
  readonly #notChecked: { what: string; why: string }[] = [];
  readonly #findings: TimestampFinding[] = [];

  /** Does one check. What it finds is kept; null then. */
  async step<T>(
    name: TimestampCheck | null,
    malformed: TimestampFinding['code'],
    check: () => T | Promise<T>,
  ): Promise<T | null> {
    try {
      const result = await check();
      if (name !== null) this.checked.push(name);
      return result;
    } catch (error) {
      if (error instanceof Unfit || error instanceof UnfitToken)
        this.#findings.push({ code: error.code, message: error.message });
      else if (error instanceof Malformed) this.#findings.push({ code: malformed, message: error.message });
      else throw error;
      return null;
    }
  }

  skip(what: string, why: string): void {
    this.#notChecked.push({ what, why });
  }

  report(
    statement: Statement | null,
    hash: Hash | null,
    signer: Certificate | null,
    chain: Chain | null,
  ): TimestampReport {
    const isAnchored = chain?.isAnchored === true;
    return {
      verdict: this.#findings.length > 0 ? 'bad' : isAnchored ? 'verified' : 'unanchored',
      time: statement && timeOf(statement),
      authority: signer?.subject ?? null,
      policy: statement?.policy ?? null,
      serial: statement?.serial ?? null,
      hash,
      chain: (chain?.path ?? []).map(({ subject, digest, notBefore, notAfter }) => ({
        ...{ subject, digest, notBefore, notAfter },
      })),
      trust: isAnchored ? 'given-root' : 'none',
      checked: this.checked,
      notChecked: this.#notChecked,
      findings: this.#findings,
    };
  }
}

function timeOf({ genTime, resolution, accuracy }: Statement): StampedTime {
  // An authority that counts whole seconds may mean any moment within the one it states.
  const slack = Math.max(accuracy ?? 0, Math.ceil(resolution) - 1);
  return { genTime, accuracy, notLaterThan: genTime + slack };
}

async function checkImprint({ imprintAlgorithm, imprint }: Statement, stamped: Uint8Array): Promise<Hash> {
  const hash = hashOf(imprintAlgorithm);
  const isSame = imprint.length === HASH_BYTES[hash] && equalBytes(imprint, await digest(hash, stamped));
  if (!isSame) throw new UnfitToken('wrong-imprint', 'it is over other bytes than this checkpoint');
  return hash;
}

async function checkAttributes({ attributes, digestAlgorithm, content }: Token): Promise<void> {
  const type = only(attributes.get(OID.contentType), 'content type');
  if (objectId(type) !== OID.tstInfo)
    throw new UnfitToken('bad-attributes', 'the signature is for another kind of content');
  const signed = octets(only(attributes.get(OID.messageDigest), 'digest'), 'the digest');
  if (!equalBytes(signed, await digest(hashOf(digestAlgorithm), content))) {
    throw new UnfitToken('bad-attributes', 'the signature is over another statement');
  }
}

function only(values: readonly Element[] | undefined, what: string): Element {
  const [value, more] = values ?? [];
  if (value === undefined || more !== undefined) {
    throw new UnfitToken('bad-attributes', `the signature does not cover one ${what}`);
  }
  return value;
}

/** The certificate that the signer names, which must be the one that the signature covers. */
async function findSigner(token: Token, certificates: readonly Certificate[]): Promise<Certificate> {
  const ids = signerIds(token.attributes);
  if (ids.length === 0) throw new UnfitToken('wrong-signer', 'the signature covers no certificate');
  const candidates = certificates.filter(token.isSigner);
  if (candidates.length === 0) throw new UnfitToken('wrong-signer', "the signer's certificate is not there");
  for (const candidate of candidates) {
    const matches = await Promise.all(
      ids.map(async ({ hash, digest: expected, issuer }) => {
        const isIssuer =
          issuer === null || (issuer.name === candidate.issuerName && issuer.serial === candidate.serial);
        return isIssuer && toHex(await digest(hash, candidate.der)) === expected;
      }),
    );
    if (!matches.every(Boolean)) continue;
    const { name } = token.statement;
    if (name !== null && name !== candidate.subjectName) {
      throw new UnfitToken('wrong-signer', 'the statement names another authority than the certificate');
    }
    return candidate;
  }
  throw new UnfitToken('wrong-signer', 'the signature covers another certificate than that of the signer');
}

async function checkSignature(token: Token, signer: Certificate): Promise<void> {
  const { algorithm, digestAlgorithm, signedBytes, signature } = token;
  if (await holds(signer.spki, algorithm, hashOf(digestAlgorithm), signedBytes, signature)) return;
  throw new UnfitToken('bad-signature', "the authority's signature does not hold");
}
