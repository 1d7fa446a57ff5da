import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** Below `src`, with forward slashes: `store/sqlite/mod.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

export interface Import {
  /** As written: `./tree.ts`, `node:fs`, `#sha256`. */
  readonly specifier: string;
  /** The imported file below `src`, null for packages. */
  readonly target: string | null;
  /** Types only: gone when the program runs. */
  readonly types: boolean;
  /** Names a file to start (a worker's), rather than one to import. */
  readonly started: boolean;
}

/** Every TypeScript file below `src`, with comments taken out of its text. */
export function sourceFiles(): readonly SourceFile[] {
  const src = path.join(root, 'src');
  return globSync('**/*.ts', { cwd: src })
    .sort()
    .map((file) => {
      const text = withoutComments(readFileSync(path.join(src, file), 'utf8'));
      return { path: file, text, imports: importsOf(file, text) };
    });
}

export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** Reads formatted code (single quotes, statements at the start of a line) without comments; it is no parser. */
export function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: string, types: boolean, started = false) => {
    const target = specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : null;
    found.push({ specifier, target, types, started });
  };
  for (const m of text.matchAll(/^(?:import|export)\b([^;'"]*?)\bfrom '([^']+)'/gm)) {
    add(m[2]!, m[1]!.trimStart().startsWith('type '));
  }
  for (const m of text.matchAll(/^import '([^']+)'/gm)) add(m[1]!, false);
  for (const m of text.matchAll(/(typeof )?\bimport\(\s*'([^']+)'\s*\)(\.[A-Z])?/g)) {
    add(m[2]!, m[1] !== undefined || m[3] !== undefined);
  }
  for (const m of text.matchAll(/\bnew URL\(\s*'(\.[^']+\.[jt]s)',\s*import\.meta\.url/g))
    add(m[1]!, false, true);
  return found;
}
