import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BUILT, digestOfSources, MADE_FROM } from './sources.ts';

/**
 * Builds others' programs (go.mod here) for the tests beside this file. What it relies on: some Go, and Go's module mirror as
 * the machine's Go is set up to use it; modules are held to go.sum. A Go older than go.mod asks for brings a newer one along,
 * from that mirror too, as Go does by itself since 1.21.
 */

/** What go.mod asks for, and the release that is fetched where that is not there. */
const NEEDED = [1, 25] as const;
const RELEASE = 'go1.25.5';

const goEnv = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' };

function go(program: string, args: readonly string[], cwd: string = import.meta.dirname): string {
  const { status, stdout, error } = spawnSync(program, args, {
    cwd,
    env: goEnv,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error !== undefined) stop(`Go is not installed (Debian: apt-get install golang-go): ${error.message}`);
  if (status !== 0) stop(`go ${args[0]} failed, its reason is above; its module mirror must be in reach`);
  return stdout.trim();
}

function stop(message: string): never {
  console.error(`tallystick: ${message}`);
  process.exit(1);
}

/** A Go that is new enough. */
function findGo(): string {
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(go('go', ['env', 'GOVERSION'], tmpdir())) ?? [];
  const isNewer = Number(major) > NEEDED[0] || (Number(major) === NEEDED[0] && Number(minor) >= NEEDED[1]);
  return isNewer || major === undefined ? 'go' : fetchGo();
}

/** Go's releases are modules as well; only that a module's files can't be executed, and can't include a go.mod. */
function fetchGo(): string {
  const root = join(dirname(BUILT), RELEASE);
  const program = join(root, 'bin/go');
  if (existsSync(program)) return program;
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const module = `golang.org/toolchain@v0.0.1-${RELEASE}.${platform}`;
  const { Dir } = JSON.parse(go('go', ['mod', 'download', '-json', module], tmpdir()));
  const copy = `${root}.new`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(Dir, copy, { recursive: true });
  chmodSync(copy, 0o755);
  for (const { parentPath, name } of readdirSync(copy, { recursive: true, withFileTypes: true })) {
    chmodSync(join(parentPath, name), 0o755);
  }
  for (const folder of ['src', 'src/cmd'])
    cpSync(join(copy, folder, '_go.mod'), join(copy, folder, 'go.mod'));
  renameSync(copy, root);
  return program;
}

const program = findGo();
rmSync(BUILT, { recursive: true, force: true });
mkdirSync(BUILT, { recursive: true });
const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags=-s -w'];
go(program, ['build', ...flags, '-o', `${BUILT}/`, './reader', './policy', './signers', 'tool']);
writeFileSync(MADE_FROM, digestOfSources());
