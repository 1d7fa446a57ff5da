// Finds a Node new enough to run Tallystick. Plain JavaScript that Node 14 understands: it runs before we know
// which Node we are on.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Built-in SQLite, zstd, ML-DSA and TypeScript without a build: see docs/architecture.md. */
export const NEEDED_MAJOR = 24;

/**
 * Path of a Node of at least `NEEDED_MAJOR`: the running one, else the one that the npm package `node` (or the
 * platform package behind it) put into a node_modules folder at or above this package. Null when there is none.
 */
export function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const require = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch}`;
  for (const name of ['node', `node-${platform}`, `node-bin-${platform}`]) {
    let manifestPath;
    try {
      manifestPath = require.resolve(`${name}/package.json`);
    } catch {
      continue; // Not installed: the next name may be.
    }
    const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));
    const binary = path.join(path.dirname(manifestPath), manifest.bin.node);
    // The package `node` is there without its binary where npm was told to run no install scripts.
    if (isNewEnough(manifest.version) && existsSync(binary)) return binary;
  }
  return null;
}

/** One line for people whose machine has no Node that is new enough. */
export function whatToInstall() {
  return (
    `tallystick needs Node.js ${NEEDED_MAJOR} or newer, this is ${process.versions.node}: ` +
    `install it, or put one beside tallystick with "npm install node@${NEEDED_MAJOR}"`
  );
}

function isNewEnough(version) {
  return Number(version.split('.')[0]) >= NEEDED_MAJOR;
}
