import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryFiles, type Published, type PublishOptions, publish } from '../../src/publish/mod.ts';
import { PublishedLog } from '../../src/published/mod.ts';
import { type LogSource, type Report, type VerifyOptions, verifyLog } from '../../src/verify/mod.ts';
import type { BuiltLog } from '../verify/built-log.ts';

/** A directory that is gone when the test is done, or the file's tests are. */
export function tempDir(t: { after(cleanup: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-publish-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** @param keyChanges sizes of the kept checkpoints that count as such. */
export function publishTo(
  dir: string,
  log: BuiltLog,
  options: Partial<PublishOptions> = {},
  keyChanges: readonly number[] = [],
): Promise<Published> {
  const { origin, size, root, note } = log;
  const source: LogSource = {
    head: () => log.head(),
    bundles: (from, to) => log.bundles(from, to),
    tiles: (level, from, to) => log.tiles(level, from, to),
    checkpoints: () => log.checkpoints(),
    payloads: (from, to) => log.payloads(from, to),
    async *keyChanges() {
      yield* log.kept.filter((checkpoint) => keyChanges.includes(checkpoint.size));
    },
  };
  return publish(source, { origin, size, root, note }, dir, { entries: true, ...options });
}

export function verifyCopy(dir: string, options: VerifyOptions = {}): Promise<Report> {
  return verifyLog(new PublishedLog(new DirectoryFiles(dir)), options);
}

/** Every file below a directory with its content. */
export function contentOf(dir: string): ReadonlyMap<string, Buffer> {
  const names = (readdirSync(dir, { recursive: true }) as string[]).sort();
  const files = names.filter((name) => statSync(join(dir, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(dir, name))]));
}

/** A signal that aborts when it is asked for the n-th time: what runs is cut off there, as by a kill. */
export class CutAt {
  readonly signal: AbortSignal;
  asked = 0;

  constructor(n: number) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.signal.throwIfAborted = () => {
      if (++this.asked >= n) throw new Error('cut off');
    };
  }
}
