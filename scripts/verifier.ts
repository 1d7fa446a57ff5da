/**
 * Bundles the verifier: `tallystick-verify.js`, a module without dependencies, and `tallystick-verify.html`, the page
 * that it is in. The same sources give the same bytes, on any machine and wherever the checkout is.
 *
 *   node scripts/verifier.ts [DIRECTORY]    writes both (dist by default), and prints their SHA-256
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { EMPTY_SLOT } from '../src/verifier/file.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = path.join(root, 'src/verifier/page');

export interface Verifier {
  readonly js: string;
  readonly html: string;
}

export async function bundleVerifier(): Promise<Verifier> {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const name = `Tallystick verifier ${version}, Apache-2.0`;
  const [js, script, style] = await Promise.all([
    bundled('src/verifier/bundle.ts'),
    bundled('src/verifier/page/main.ts'),
    bundled('src/verifier/page/page.css'),
  ]);
  const policy = [
    "default-src 'none'",
    `script-src '${integrity(script)}'`,
    `style-src '${integrity(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const template = readFileSync(path.join(page, 'page.html'), 'utf8');
  return {
    js: `/*! ${name} */\n${js}`,
    html: filled(template, [
      ["default-src 'none'", policy],
      ['<!-- style -->', `<style>${style}</style>`],
      ['<!-- script -->', `<script type="module">${script}</script>`],
      ['<!-- version -->', name],
      [/<!-- evidence -->\s*<\/body>\s*<\/html>\s*$/, EMPTY_SLOT],
    ]),
  };
}

function filled(template: string, parts: readonly (readonly [string | RegExp, string])[]): string {
  return parts.reduce((text, [what, by]) => {
    if (text.search(what as RegExp) < 0) throw new Error(`page.html has no ${what}`);
    return text.replace(what, () => by);
  }, template);
}

async function bundled(entry: string): Promise<string> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    // The portable form of everything: SHA-256 in JavaScript, signatures by WebCrypto.
    platform: 'browser',
    target: 'es2023',
    minify: true,
    charset: 'utf8',
    legalComments: 'inline',
    logLevel: 'error',
    // What a developer's own settings say of TypeScript decides nothing here.
    tsconfigRaw: '{}',
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`nothing came of ${entry}`);
  return `${licences(Object.keys(metafile.inputs))}${file.text}`;
}

/** What packages ask to stand beside them. */
function licences(inputs: readonly string[]): string {
  const packages = new Set(
    inputs.flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []),
  );
  const texts = [...packages].sort().map((name) => {
    const text = readFileSync(path.join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim();
    return `/*! Contains ${name}:\n\n${text}\n*/\n`;
  });
  return texts.join('');
}

function integrity(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

if (import.meta.main) {
  const directory = path.resolve(process.argv[2] ?? path.join(root, 'dist'));
  const { js, html } = await bundleVerifier();
  mkdirSync(directory, { recursive: true });
  for (const [file, text] of [
    ['tallystick-verify.js', js],
    ['tallystick-verify.html', html],
  ] as const) {
    writeFileSync(path.join(directory, file), text);
    console.log(`${createHash('sha256').update(text).digest('hex')}  ${file}  ${text.length} characters`);
  }
}
