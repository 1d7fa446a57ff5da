/**
 * Which test files run one after the other in one process. To start a process, to load everything into it and to wait
 * until it is fast costs more than most tests of pure code do. It is decided by what a file says and imports, so that
 * a new test lands where it belongs; in CI every file has a process of its own, which proves that none needs another.
 */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { importsOf, root, withoutComments } from './package/sources.ts';

/** Modules of Node without anything that one file could change for the next. */
const STATELESS: ReadonlySet<string> = new Set([
  'node:assert/strict',
  'node:crypto',
  'node:events',
  'node:fs',
  'node:os',
  'node:path',
  'node:stream',
  'node:test',
  'node:timers/promises',
  'node:url',
  'node:util',
  'node:zlib',
]);

/** What changes more than the file's own, or looks at it. */
const STATE: readonly RegExp[] = [
  /\bprocess\.(?!env\.CI\b)/,
  /\bglobalThis\b.*[^=!<>]=[^=>]/,
  /\b(?:mock|configureGlobal)\b/,
  // Outside of a suite these would be hooks of all files.
  /^(?:before|after)(?:Each)?\(/m,
  // What this imports nobody can tell.
  /(?<![#.\w])import\((?!\s*')/,
];

/** Says of a test file, named from the root of the project, whether it may share a process. */
export function sharer(read: (file: string) => string = readSource): (file: string) => boolean {
  const known = new Map<string, readonly string[] | null>();
  return (file) => {
    const all = new Set([file]);
    for (const each of all) {
      let imported = known.get(each);
      if (imported === undefined) {
        imported = importsIfStateless(each, read(each));
        known.set(each, imported);
      }
      if (imported === null) return false;
      for (const one of imported) all.add(one);
    }
    return true;
  };
}

/** What of the project a file imports; null where it has to do with state beyond its own. */
function importsIfStateless(file: string, source: string): readonly string[] | null {
  const text = withoutComments(source);
  if (STATE.some((state) => state.test(text))) return null;
  const imports = importsOf(file, text).filter(({ types }) => !types);
  const areStateless = imports.every(
    ({ specifier, started }) => !started && (!specifier.startsWith('node:') || STATELESS.has(specifier)),
  );
  return areStateless ? imports.flatMap(({ target }) => target ?? []) : null;
}

/** A module that loads test files. One that can't be loaded is a failed test; a test that hangs is told meanwhile. */
export function loaderOf(files: readonly string[]): string {
  return `
    import { beforeEach, test } from 'node:test';
    let loading = null;
    let running = 'the loading';
    let since = performance.now();
    beforeEach((t) => {
      running = t.fullName;
      since = performance.now();
    });
    setInterval(() => {
      if (performance.now() - since > 30_000) console.error(\`still at: \${running}\`);
    }, 30_000).unref();
    process.on('exit', () => {
      if (loading !== null) console.error(\`\${loading} did not come to the end of its loading\`);
    });
    for (loading of ${JSON.stringify(files)}) {
      const file = loading;
      await import(${JSON.stringify(pathToFileURL(root).href)} + file).catch((error) => {
        test(\`\${file} is loaded\`, () => {
          throw error;
        });
      });
    }
    loading = null;
  `;
}

function readSource(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}
