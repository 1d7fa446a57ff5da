/** A program for `disk.test.ts`, run on a small disk: makes a log, fills the disk, and opens the log in every way. */

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TallystickError } from '../../../src/errors.ts';
import { SqliteStore } from '../../../src/store/sqlite/mod.ts';
import { all, Model } from '../model.ts';

const [dir = ''] = process.argv.slice(2);
const ballast = join(dir, 'ballast');
const copy = join(dir, 'copy');
mkdirSync(copy);

const made = await SqliteStore.open({ dir });
const log = new Model('n', (await made.acquire('n', 'me')).epoch);
await log.commit(made, 300);
for (const file of ['log.db', 'log.db-wal']) copyFileSync(join(dir, file), join(copy, file));
await made.close();

function fill(): void {
  writeFileSync(ballast, '');
  try {
    for (;;) writeFileSync(ballast, new Uint8Array(1024), { flag: 'a' });
  } catch {
    // Full.
  }
}

async function entries(store: SqliteStore): Promise<string> {
  return `${(await all(store.source('n').bundles(0, 1_000_000))).at(-1)?.to} entries`;
}

async function open(dir: string, readOnly: boolean): Promise<string> {
  const store = await SqliteStore.open({ dir, readOnly });
  try {
    return await entries(store);
  } finally {
    await store.close();
  }
}

async function say(what: string, act: Promise<string>): Promise<void> {
  const said = await act.catch((error: unknown) => {
    if (!(error instanceof TallystickError)) return error;
    return `${error.code}${error.message.includes('free some') ? ', free some' : ''}`;
  });
  console.log(`${what}: ${said}`);
}

fill();
await say('to write', open(dir, false));
await say('to read', open(dir, true));
await say('a copy made while it was written, to read', open(copy, true));
const still = await SqliteStore.open({ dir, readOnly: true });
await entries(still);
rmSync(ballast);
await say('with room, to write', open(dir, false));
const writing = await SqliteStore.open({ dir });
log.epoch = (await writing.acquire('n', 'me')).epoch;
await log.commit(writing, 3000);
await writing.close();
await say('what was read as a file that does not change, when it did', entries(still));
await still.close();
await say('read again', open(dir, true));
