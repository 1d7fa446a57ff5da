/**
 * Makes the test vectors below `vectors/`, for other verifiers of what Tallystick writes: docs/verification.md says
 * what they are of. They come out the same each time.
 *
 *   npm run vectors
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkpointVectors } from './checkpoints.ts';
import { evidenceVectors } from './evidence.ts';
import { keyHistoryVectors } from './key-history.ts';
import { recordVectors } from './records.ts';
import { timestampVectors } from './timestamps.ts';
import { treeVectors } from './trees.ts';

export const directory: string = fileURLToPath(new URL('../../vectors/', import.meta.url));

/** Files by their names below `vectors`. */
export async function makeVectors(): Promise<ReadonlyMap<string, string>> {
  const file = path.join(directory, 'checkpoints.json');
  const before = existsSync(file) ? readFileSync(file, 'utf8') : null;
  return new Map([
    ['records.json', pretty(recordVectors())],
    ['trees.json', pretty(await treeVectors())],
    ['checkpoints.json', pretty(await checkpointVectors(before))],
    ['key-history.json', pretty(await keyHistoryVectors())],
    ['timestamps.json', pretty(await timestampVectors())],
    ...(await evidenceVectors()),
  ]);
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

if (import.meta.main) {
  for (const [name, text] of await makeVectors()) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`vectors/${name}  ${text.length} characters`);
  }
}
