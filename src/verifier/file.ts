import { sha256 } from '#sha256';
import { fromUtf8, toHex, utf8 } from '../crypto/bytes.ts';
import { type EvidenceOptions, type EvidenceReport, LIMITS, verifyEvidence } from '../evidence/mod.ts';
import { finding } from '../verify/findings.ts';

/**
 * Evidence as a page: the verifier's page, `tallystick-verify.html`, whose last element, empty there, holds the JSON.
 * Without that JSON every such file is byte for byte the page that it was made from.
 */
const OPEN = '<script type="application/json" id="evidence">';
const CLOSE = '</script>\n</body>\n</html>\n';
/** How the verifier's page ends. */
export const EMPTY_SLOT: string = OPEN + CLOSE;

/** The page is below 1 MB; what is before the evidence in a file of somebody else's may be anything. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** An evidence file, taken out of its page where it is in one. */
export interface EvidenceFile {
  /** The JSON. */
  readonly json: string;
  /** SHA-256 of the page that it was in, without the evidence, lower-case hex; null for a file that is JSON itself. */
  readonly page: string | null;
}

/**
 * Puts evidence into the verifier's page.
 *
 * @param page text of `tallystick-verify.html`.
 * @param json as `formatEvidence` writes it.
 */
export function embedEvidence(page: string, json: string): string {
  if (!page.endsWith(EMPTY_SLOT)) throw new TypeError('not the page of the verifier');
  return page.slice(0, -CLOSE.length) + escapeMarkup(json) + CLOSE;
}

/** In JSON a `<` is always within a text, where an escape says the same: nothing in it can end the element. */
function escapeMarkup(json: string): string {
  return json.replaceAll('<', '\\u003c');
}

/**
 * Takes evidence out of its page; null for a page that has none, or has it in another form than `embedEvidence`
 * writes. A file that is no page is handed back as it is.
 */
export function readEvidenceFile(file: Uint8Array | string): EvidenceFile | null {
  const parts = partsOf(file);
  if (parts === null) return null;
  const { json, page } = parts;
  if (page === null) return { json, page };
  const bytes = utf8(page);
  return bytes.length > MAX_PAGE_BYTES ? null : { json, page: toHex(sha256(bytes)) };
}

/** The page that evidence is in, as text without the evidence; null for a file that is none, or no evidence. */
export function pageAround(file: Uint8Array | string): string | null {
  return partsOf(file)?.page ?? null;
}

function partsOf(file: Uint8Array | string): { readonly json: string; readonly page: string | null } | null {
  // What is too large stays so, and is refused by whoever reads the JSON.
  if (file.length > LIMITS.bytes + MAX_PAGE_BYTES) return null;
  let text: string;
  try {
    text = typeof file === 'string' ? file : fromUtf8(file);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
  if (!/^\s*</.test(text.slice(0, 1000))) return { json: text, page: null };
  const at = text.lastIndexOf(OPEN);
  if (at < 0 || !text.endsWith(CLOSE)) return null;
  const json = text.slice(at + OPEN.length, -CLOSE.length);
  if (json.includes('<')) return null;
  return { json, page: text.slice(0, at + OPEN.length) + CLOSE };
}

export interface VerifiedFile {
  readonly report: EvidenceReport;
  /** As `EvidenceFile.page`. */
  readonly page: string | null;
}

/** `verifyEvidence` for a file in either form. What is wrong with it is in the report. */
export async function verifyEvidenceFile(
  file: Uint8Array | string,
  options: EvidenceOptions = {},
): Promise<VerifiedFile> {
  const read = readEvidenceFile(file);
  if (read !== null) return { report: await verifyEvidence(read.json, options), page: read.page };
  const message = 'not evidence that can be used: neither JSON, nor a page that ends with evidence';
  const findings = [finding({ code: 'bad-evidence', from: 0, to: 0, message })];
  return { report: { verdict: 'not-intact', made: null, logs: [], findings }, page: null };
}
