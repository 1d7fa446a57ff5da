import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where `npm run independent` puts what it builds. */
export const BUILT: string = join(import.meta.dirname, '../../node_modules/.cache/independent');
/** In that folder: what the programs there were made from. */
export const MADE_FROM: string = join(BUILT, 'made-from');

/** SHA-256 over all that decides what is built: the Go files here and go.mod with go.sum. */
export function digestOfSources(): string {
  const names = (readdirSync(import.meta.dirname, { recursive: true }) as string[]).sort();
  const hash = createHash('sha256');
  for (const name of names.filter((one) => /\.go$|^go\.(mod|sum)$/.test(one))) {
    hash.update(`${name}\0`).update(readFileSync(join(import.meta.dirname, name)));
  }
  return hash.digest('hex');
}
