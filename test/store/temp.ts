import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new directory, and how to remove it. */
export function tempDir(place: string = tmpdir()): { readonly dir: string; readonly remove: () => void } {
  const dir = mkdtempSync(join(place, 'tallystick-store-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
