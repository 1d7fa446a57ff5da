import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { UsageError } from '../errors.ts';

/**
 * The verifier's page, which evidence is put into. A package has it built beside it; a checkout makes it from its
 * sources. Throws `UsageError` FILE_UNREADABLE when it can't.
 */
export async function verifierPage(): Promise<string> {
  const built = new URL('../tallystick-verify.html', import.meta.url);
  if (existsSync(built)) return readFileSync(built, 'utf8');
  const script = new URL('../../scripts/verifier.ts', import.meta.url).href;
  try {
    const { bundleVerifier } = (await import(script)) as { bundleVerifier(): Promise<{ html: string }> };
    return (await bundleVerifier()).html;
  } catch (cause) {
    const message = `the page that evidence is shown in can't be made: ${(cause as Error).message}; run npm ci`;
    throw new UsageError('FILE_UNREADABLE', message, { cause });
  }
}

/**
 * What is to be said of the page that evidence was in, and whether it is this program's own.
 *
 * @param digest its SHA-256, lower-case hex.
 */
export async function aboutPage(digest: string): Promise<{ readonly isOwn: boolean; readonly text: string }> {
  const own = createHash('sha256')
    .update(await verifierPage())
    .digest('hex');
  if (own === digest) return { isOwn: true, text: 'the page around it is the one of this program' };
  const text = `the page around it is not the one of this program (SHA-256 ${digest}): what it shows when it is opened was not checked`;
  return { isOwn: false, text };
}
