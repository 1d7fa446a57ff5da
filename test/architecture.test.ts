import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { root, type SourceFile, sourceFiles } from './package/sources.ts';

interface Layer {
  /** A file or folder below `src`; the longest that fits a file is its layer. */
  readonly at: string;
  /** What it may import besides itself, `errors.ts` and `crypto`: layers, single files, or `*`. */
  readonly may: readonly string[];
  /** What else it may import the types of. */
  readonly mayTypes?: readonly string[];
  /** Runs in a browser too: no Node API, no `Buffer`. */
  readonly portable?: true;
  readonly why: string;
}

const LAYERS: readonly Layer[] = [
  { at: 'errors.ts', may: [], portable: true, why: 'anything may throw' },
  { at: 'crypto', may: [], portable: true, why: 'bytes and the signer contract, below everything' },
  { at: 'directories.ts', may: [], why: 'how a directory is made, whoever needs one' },
  { at: 'record', may: [], portable: true, why: 'the only place that knows the encoding' },
  { at: 'catalog', may: ['record'], portable: true, why: 'derives from records when read' },
  { at: 'dialects', may: ['record', 'catalog'], portable: true, why: 'lines become records' },
  { at: 'merkle', may: [], portable: true, why: 'hashes only: it never looks into an entry' },
  { at: 'checkpoint', may: ['merkle'], portable: true, why: 'a signed statement about a tree' },
  { at: 'certificates', may: ['catalog'], portable: true, why: 'X.509 paths, whoever presents them' },
  { at: 'query', may: ['record', 'catalog'], portable: true, why: 'filters over records, also in memory' },
  {
    at: 'verify',
    may: ['record', 'catalog', 'merkle', 'checkpoint', 'certificates'],
    portable: true,
    why: 'reads through its own source contract, so that no store is needed to distrust one',
  },
  {
    at: 'published',
    may: ['record', 'merkle', 'checkpoint', 'verify'],
    portable: true,
    why: 'a published log is one more source for the verifier, wherever its files are',
  },
  {
    at: 'exported',
    may: ['record', 'merkle', 'checkpoint', 'verify'],
    portable: true,
    why: 'records in a file with what proves them: written from any source, verified from its bytes',
  },
  {
    at: 'guard',
    may: ['record', 'catalog'],
    portable: true,
    why: 'attempt, operation, outcome: the same over whatever seals a record',
  },
  {
    at: 'acts',
    may: ['directories.ts', 'record', 'catalog', 'guard'],
    mayTypes: ['store/store.ts'],
    why: 'acts on the log and their records: over whatever seals them',
  },
  {
    at: 'anchors',
    may: ['record', 'catalog'],
    portable: true,
    why: 'what witnesses and time stamps need of a log, and when there is news for them',
  },
  {
    at: 'timestamps',
    may: ['anchors', 'record', 'catalog', 'checkpoint', 'certificates'],
    portable: true,
    why: 'dates checkpoints and judges such dates; what keeps them is given',
  },
  {
    at: 'evidence',
    may: [...['record', 'catalog', 'query', 'merkle', 'checkpoint', 'verify', 'timestamps', 'certificates']],
    portable: true,
    why: 'records with what proves them, taken along: made from any source, checked without one',
  },
  {
    at: 'verifier',
    may: ['record', 'catalog', 'merkle', 'checkpoint', 'verify', 'published', 'evidence'],
    portable: true,
    why: 'the verifier in one file, and the page that it is in: it says what others found',
  },
  {
    at: 'health',
    may: ['record', 'catalog', 'acts', 'store/store.ts', 'tokens'],
    why: 'looks at what a log lives on; what it is shown is given',
  },
  {
    at: 'client',
    may: ['record', 'catalog', 'guard', 'query', 'merkle', 'checkpoint', 'verify', 'published'],
    mayTypes: ['timestamps', 'witness/client'],
    portable: true,
    why: 'asks a server and checks what it answers',
  },
  {
    at: 'store/store.ts',
    may: [],
    mayTypes: ['record', 'merkle', 'checkpoint', 'query', 'verify/source.ts', 'catalog/row.ts'],
    why: 'a contract knows no implementation',
  },
  {
    at: 'index/index.ts',
    may: [],
    mayTypes: ['record', 'merkle', 'checkpoint', 'query/ast.ts', 'verify/source.ts', 'catalog/row.ts'],
    why: 'a contract knows no implementation',
  },
  {
    at: 'store',
    may: ['store/store.ts', 'merkle'],
    mayTypes: ['verify/source.ts'],
    why: 'what drivers and readers share above the contract',
  },
  {
    at: 'store/memory.ts',
    may: ['store/store.ts', 'store', 'merkle', 'record'],
    mayTypes: ['verify/source.ts'],
    why: 'a driver knows its contract, not another driver',
  },
  {
    at: 'store/sqlite',
    may: ['directories.ts', 'store/store.ts', 'store', 'merkle', 'record'],
    mayTypes: ['verify/source.ts'],
    why: 'a driver knows its contract, not another driver',
  },
  {
    at: 'index',
    may: ['index/index.ts', 'merkle', 'record', 'catalog', 'query'],
    mayTypes: ['verify/source.ts'],
    why: 'what drivers share above the contract, and the driver that needs nothing else',
  },
  {
    at: 'index/duckdb',
    may: ['directories.ts', 'index/index.ts', 'index', 'merkle', 'record', 'catalog', 'query'],
    mayTypes: ['verify/source.ts'],
    why: 'a driver knows its contract, not another driver; rows are derived by the catalog',
  },
  {
    at: 'signatures',
    may: ['record'],
    why: 'judges what records say of signatures; how the records were had is for the caller',
  },
  {
    at: 'tokens',
    may: ['directories.ts'],
    why: 'a token implements the signer contract; the log never sees one',
  },
  {
    at: 'log',
    // Which keys seal a log is concluded in one place, for whoever writes it and for whoever checks it.
    may: [
      'directories.ts',
      'store/store.ts',
      'store',
      'record',
      'catalog',
      'merkle',
      'checkpoint',
      'verify/key-history.ts',
    ],
    mayTypes: ['verify/source.ts'],
    why: 'the sequencer knows contracts, never a driver or a token',
  },
  {
    at: 'keys',
    may: ['tokens', 'acts', 'catalog'],
    mayTypes: ['store/store.ts'],
    why: 'acts on tokens and their keys, and the records of them; the log it is handed',
  },
  {
    at: 'reader',
    may: [
      ...['store/store.ts', 'store', 'index/index.ts'],
      ...['record', 'catalog', 'query', 'merkle', 'checkpoint', 'verify', 'timestamps', 'witness/client'],
      // How a log says which it is; the writing of one is none of a reader's business.
      ...['log/genesis.ts', 'log/receipt.ts'],
    ],
    why: 'positions from the index, records from the log, checked before they are shown',
  },
  {
    at: 'publish',
    may: ['directories.ts', 'store', 'record', 'merkle', 'checkpoint', 'verify', 'published'],
    why: 'writes what any source gives, once it leads to the signed root',
  },
  {
    at: 'sources',
    may: ['dialects', 'record'],
    mayTypes: ['log', 'store/store.ts'],
    why: 'files become appends; which log takes them is for the caller to say',
  },
  {
    at: 'witness/protocol.ts',
    may: ['merkle'],
    portable: true,
    why: 'what goes over the wire between a log and a witness',
  },
  {
    at: 'witness/client',
    may: ['witness/protocol.ts', 'anchors', 'record', 'catalog', 'merkle', 'checkpoint'],
    portable: true,
    why: 'shows a log to its witnesses; which log that is, and where its state is, the caller says',
  },
  {
    at: 'witness/server',
    may: ['directories.ts', 'witness/protocol.ts', 'merkle', 'checkpoint'],
    why: 'vouches for logs of others by what they send: it knows no store and no record',
  },
  {
    at: 'server',
    may: [
      ...['log', 'reader', 'store/store.ts', 'store', 'index/index.ts'],
      ...['catalog', 'dialects', 'query', 'record', 'merkle', 'checkpoint', 'verify', 'published'],
      ...['timestamps', 'witness/client', 'keys', 'acts', 'health', 'tokens/token.ts'],
    ],
    why: 'answers requests with what it was given; start-up names the drivers',
  },
  {
    at: 'places.ts',
    may: ['log', 'keys'],
    why: 'where the parts of a log lie, in its data directory and beside it',
  },
  {
    at: 'audit-log.ts',
    may: [
      ...[
        'log',
        'reader',
        'store/store.ts',
        'store',
        'index/index.ts',
        'record',
        'catalog',
        'merkle',
        'verify',
      ],
      ...['guard', 'acts', 'health', 'keys', 'timestamps', 'witness/client', 'errors.ts'],
    ],
    why: 'a log open for writing; what it is made of is handed to it',
  },
  { at: 'open.ts', may: ['*'], why: 'composition root of the library: the drivers are named here' },
  { at: 'continue.ts', may: ['*'], why: 'a new log in place of one that cannot go on: it opens both' },
  { at: 'index.ts', may: ['*'], why: 'table of contents of the library' },
  { at: 'cli', may: ['*'], why: 'composition root of the program' },
];

const NO_LAYER: Layer = { at: '', may: [], why: 'it belongs to no layer' };

/** Nothing but the program's own start imports them. */
const ROOTS = ['cli', 'open.ts', 'continue.ts', 'index.ts'];

/** Which layers may import a package or a built-in module that is not for everyone. */
const PACKAGES: ReadonlyMap<string, readonly string[]> = new Map([
  ['node:sqlite', ['store/sqlite', 'witness/server']],
  ['@duckdb/node-api', ['index/duckdb']],
  ['asn1js', ['tokens', 'keys']],
  ['pkijs', ['tokens']],
  ['pkcs11js', ['tokens']],
  ['@noble/curves', ['signatures']],
  ['fastify', ['server']],
  ['@fastify/swagger', ['server']],
  ['typebox', ['server']],
  ['pino', ['server', 'cli']],
]);

const files = sourceFiles();
const portable = LAYERS.filter((layer) => layer.portable);

function layerOf(file: string): Layer {
  const fitting = LAYERS.filter(({ at }) => file === at || file.startsWith(`${at}/`));
  return fitting.sort((a, b) => b.at.length - a.at.length)[0] ?? NO_LAYER;
}

/** `fastify` of `fastify/types`, `@duckdb/node-api` of `@duckdb/node-api/lib`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isAllowed(layer: Layer, target: string, types: boolean): boolean {
  const at = layerOf(target).at;
  if (at === layer.at || at === 'errors.ts' || at === 'crypto') return true;
  if (layer.may.includes('*')) return at !== 'cli';
  if (ROOTS.includes(at)) return false;
  const may = types ? [...layer.may, ...(layer.mayTypes ?? [])] : layer.may;
  return may.includes(at) || may.includes(target);
}

describe('architecture', () => {
  test('every source file belongs to a layer, and every layer has files', () => {
    assert.deepEqual(
      files.filter((file) => layerOf(file.path) === NO_LAYER).map((file) => file.path),
      [],
    );
    assert.deepEqual(
      LAYERS.filter((layer) => !files.some((file) => layerOf(file.path) === layer)).map((layer) => layer.at),
      [],
    );
  });

  test('imports follow the layers', () => {
    const wrong: string[] = [];
    for (const file of files) {
      const layer = layerOf(file.path);
      for (const { target, types } of file.imports) {
        if (target === null || isAllowed(layer, target, types)) continue;
        wrong.push(`${file.path} imports ${types ? 'types of ' : ''}${target} (${layer.at}: ${layer.why})`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  test('no file imports itself through others', () => {
    assert.deepEqual(cycles(files), []);
  });

  test('portable folders use no Node API', () => {
    const wrong: string[] = [];
    for (const file of files.filter((each) => layerOf(each.path).portable)) {
      for (const { specifier, target } of file.imports) {
        if (target === null && specifier !== '#sha256') wrong.push(`${file.path} imports ${specifier}`);
      }
      if (/\bBuffer\b/.test(file.text)) wrong.push(`${file.path} uses Buffer`);
    }
    assert.deepEqual(wrong, []);
  });

  test('packages are imported where they belong, each one is declared, and each declared one is used', () => {
    const wrong: string[] = [];
    const used = new Set<string>();
    for (const file of files) {
      for (const { specifier, target } of file.imports) {
        if (target !== null || specifier === '#sha256') continue;
        const name = packageOf(specifier);
        used.add(name);
        const layers = PACKAGES.get(name);
        if (layers === undefined ? !name.startsWith('node:') : !layers.includes(layerOf(file.path).at)) {
          wrong.push(`${file.path} imports ${specifier}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
    // SHA-256 outside Node: imported by platform/sha256.browser.js.
    used.add('@noble/hashes');
    const packages = [...used].filter((name) => !name.startsWith('node:'));
    assert.deepEqual(packages.sort(), declared.sort());
  });

  test('tsconfig.portable.json checks exactly the portable layers', () => {
    const { include } = JSON.parse(readFileSync(path.join(root, 'tsconfig.portable.json'), 'utf8'));
    assert.deepEqual([...include].sort(), portable.map((layer) => `src/${layer.at}`).sort());
  });
});

/** Paths that lead from a file back to itself, types included: `a.ts > b.ts > a.ts`. */
function cycles(all: readonly SourceFile[]): string[] {
  const byPath = new Map(all.map((file) => [file.path, file]));
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: SourceFile, above: readonly string[]): void => {
    const at = above.indexOf(file.path);
    if (at >= 0) found.push([...above.slice(at), file.path].join(' > '));
    if (at >= 0 || done.has(file.path)) return;
    for (const { target, started } of file.imports) {
      const next = target === null || started ? undefined : byPath.get(target);
      if (next !== undefined) visit(next, [...above, file.path]);
    }
    done.add(file.path);
  };
  for (const file of all) visit(file, []);
  return found;
}
