import { holds } from './algorithms.ts';
import { Malformed } from './asn1.ts';
import { type Certificate, whyNoIssuer, whyNotAt } from './certificate.ts';
import { Unfit } from './unfit.ts';

export interface Chain {
  /** The signer's first, each issued by the next. */
  readonly path: readonly Certificate[];
  /** Whether the last one is a root that was given. */
  readonly isAnchored: boolean;
}

const MAX_PATH = 8;
/** Signatures that are tried: many certificates of one name would otherwise make many paths. */
const MAX_TRIED = 32;

/**
 * The way from a certificate up to a given root, as it stood at a time: validity, basic constraints, path length, key
 * usage, critical extensions, signatures. Names are compared byte by byte. Without roots: as far as certificates lead.
 *
 * @param others certificates that came along: believed only for what an issuer signed.
 * @throws Unfit bad-chain, untrusted.
 */
export async function buildChain(
  signer: Certificate,
  others: readonly Certificate[],
  roots: readonly Certificate[],
  time: number,
): Promise<Chain> {
  const own = whyNotAt(signer, time);
  if (own !== null) throw new Unfit('bad-chain', `the certificate ${own}`);
  const search = new Search([...roots, ...others], new Set(roots.map(({ digest }) => digest)), time);
  const found = await search.climb([signer]);
  if (found !== null) return { path: found, isAnchored: true };
  if (search.problem !== null) throw new Unfit('bad-chain', search.problem);
  if (roots.length > 0) throw new Unfit('untrusted', 'its certificates lead to none of the roots given');
  return { path: search.longest, isAnchored: false };
}

class Search {
  readonly #pool: readonly Certificate[];
  readonly #roots: ReadonlySet<string>;
  readonly #time: number;
  #tried = 0;
  /** What was wrong with an issuer that would have led on. */
  problem: string | null = null;
  longest: readonly Certificate[] = [];

  constructor(pool: readonly Certificate[], roots: ReadonlySet<string>, time: number) {
    this.#pool = pool;
    this.#roots = roots;
    this.#time = time;
  }

  /** The way on from the last of `path` to a root; null when there is none. */
  async climb(path: readonly Certificate[]): Promise<readonly Certificate[] | null> {
    if (path.length > this.longest.length) this.longest = path;
    const last = path.at(-1) as Certificate;
    if (this.#roots.has(last.digest)) return path;
    for (const issuer of this.#pool) {
      if (issuer.subjectName !== last.issuerName || path.some(({ digest }) => digest === issuer.digest))
        continue;
      if (path.length >= MAX_PATH || ++this.#tried > MAX_TRIED) {
        this.problem ??= 'its certificates are too many to follow';
        return null;
      }
      const why = await this.#whyNot(last, issuer, path);
      if (why !== null) {
        this.problem ??= `the certificate of an issuer ${why}`;
        continue;
      }
      const found = await this.climb([...path, issuer]);
      if (found !== null) return found;
    }
    return null;
  }

  async #whyNot(
    { signed, algorithm, signature }: Certificate,
    issuer: Certificate,
    path: readonly Certificate[],
  ): Promise<string | null> {
    // Those that issued themselves anew count for nothing (RFC 5280 section 4.2.1.9), nor does the signer.
    const below = path.slice(1).filter(({ subjectName, issuerName }) => subjectName !== issuerName).length;
    try {
      const why = whyNotAt(issuer, this.#time) ?? whyNoIssuer(issuer, below);
      if (why !== null) return why;
      return (await holds(issuer.spki, algorithm, null, signed, signature))
        ? null
        : 'did not sign what it is to have issued';
    } catch (error) {
      if (error instanceof Unfit || error instanceof Malformed) return `can't be used: ${error.message}`;
      throw error;
    }
  }
}
