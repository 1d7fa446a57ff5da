// What `npm start` and `npm test` need before they can run, done when it has not been done. Runs under whatever
// Node npm runs under (18 or newer) and without any dependency: on a fresh clone there is nothing else.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode, whatToInstall } from '../bin/find-node.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** In this order; each says what it does, whether it has been done, and does it. */
const steps = [
  {
    title: 'installing dependencies',
    done: () => dependenciesMatchLock() && findNode() !== null,
    run: installDependencies,
  },
];

for (const step of steps) {
  if (step.done()) continue;
  console.error(`tallystick: ${step.title} …`);
  step.run();
}
if (findNode() === null) stop(whatToInstall());

/**
 * Compares contents, not times: what npm noted down as installed (node_modules/.package-lock.json) with what the
 * lock file asks for. Optional packages may be missing, on purpose or because they are for another platform.
 */
function dependenciesMatchLock() {
  const installed = packages('node_modules/.package-lock.json');
  return Object.entries(packages('package-lock.json')).every(
    ([where, wanted]) =>
      where === '' || wanted.optional === true || installed[where]?.integrity === wanted.integrity,
  );
}

function packages(lockFile) {
  const file = path.join(root, lockFile);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

function installDependencies() {
  // The very npm that runs this script; its warnings about an old Node do not concern us, we bring our own.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  const { status, error } =
    npm === undefined
      ? spawnSync('npm', args, options)
      : spawnSync(process.execPath, [npm, ...args], options);
  if (status !== 0)
    stop(`tallystick: npm ci failed${error ? `: ${error.message}` : ', its reason is above'}`);
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
