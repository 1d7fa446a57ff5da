import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_KEY } from './keys/open-keys.ts';
import { CatalogDirectory } from './log/catalog-directory.ts';
import { HeadDirectory } from './log/head-memory.ts';

/** Files in a data directory. */
export const LAYOUT = {
  key: DEFAULT_KEY,
  index: 'index',
  catalogs: 'catalogs',
  control: 'control.sock',
} as const;

/** The users' own catalogs of a data directory. */
export function catalogDirectory(data: string): CatalogDirectory {
  return new CatalogDirectory(join(data, LAYOUT.catalogs));
}

/** Where acts on a node's log are kept that could not be sealed yet. */
export function lateFile(data: string, node: string): string {
  return join(data, `${node}.late`);
}

/** Where this user's Tallystick remembers heads and pins: `$XDG_STATE_HOME/tallystick`, else below `~/.local/state`. */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return env.TALLYSTICK_STATE ?? join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'tallystick');
}

/** The heads that writers remember, below a state directory: this user's when none is given. */
export function headDirectory(state: string = stateDirectory()): HeadDirectory {
  return new HeadDirectory(join(state, 'heads'));
}

/** Version of this package. */
export function version(): string {
  return (createRequire(import.meta.url)('../package.json') as { version: string }).version;
}
