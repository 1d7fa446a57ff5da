/**
 * Throws random, mutated and pathological input at every dialect, for as long as it is told to, and checks what a
 * dialect promises: it never throws, its items cover the input without gap or overlap, give the bytes back, obey the
 * rules of a record, do not depend on how the bytes were pushed, and take time in proportion to their length; and what
 * was read is printed as one entry.
 *
 *     npm run fuzz -- [--seconds N | --inputs N] [--seed N]
 *
 * A failure prints the seed, which makes the same inputs again, and where it put the input.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { deriveAction, deriveObjects } from '../src/catalog/derive.ts';
import type { Dialect, ParsedItem } from '../src/dialects/dialect.ts';
import { DIALECTS } from '../src/dialects/dialects.ts';
import type { AuditRecord, RecordDraft } from '../src/record/types.ts';
import { checkDraft } from '../src/record/validate.ts';
import {
  DIGICERT_JSON_LINES,
  DIGICERT_LINES,
  DOGTAG_LINES,
  SIGNSERVER_LINES,
  SIGNSERVER_WORKER_LINES,
  XROAD_LINES,
} from '../test/dialects/lines.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, inputs: { type: 'string' }, seed: { type: 'string' } },
});
const most = values.inputs === undefined ? Number.POSITIVE_INFINITY : Number(values.inputs);
const seconds = Number(values.seconds ?? (values.inputs === undefined ? 10 : Number.POSITIVE_INFINITY));
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
if (!(seconds > 0) || !(most > 0) || !Number.isSafeInteger(seed)) {
  console.error('usage: fuzz-dialects.ts [--seconds N | --inputs N] [--seed N]');
  process.exit(2);
}

/** Slower than this is no longer in proportion: ordinary input takes some 15 ms/MiB. */
const MAX_MS_PER_MIB = 4000;
const SLACK_MS = 250;
/** Of the records that are understood. */
const PRINTED_SHARE = 0.05;

/** A number in [0, 1) from the seed (mulberry32). */
let state = seed >>> 0;
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

function below(n: number): number {
  return Math.floor(random() * n);
}

function pick<T>(list: readonly T[]): T {
  return list[below(list.length)]!;
}

const encoder = new TextEncoder();
const LINES = [
  ...SIGNSERVER_LINES,
  ...SIGNSERVER_WORKER_LINES,
  ...DOGTAG_LINES,
  ...XROAD_LINES,
  ...DIGICERT_LINES,
  ...DIGICERT_JSON_LINES,
].map((line) => encoder.encode(line));
const PIECES = [
  ...[
    'EVENT: X; OUTCOME: ',
    'EVENT: ',
    '; MODULE: ',
    '; ',
    ': ',
    'A: ',
    'REPLY_TIME:',
    'REPLY_TIME:1',
    'AllVariablesLogger; ',
    'AUDIT; DefaultTimeStampLogger; LOG_ID: ',
    '; EXCEPTION: ',
    'B64:QUI=',
    'added:X: ',
  ],
  ...[
    '; ISSUER: ',
    'KeyTestResult{alias=',
    '-----BEGIN CERTIFICATE-----',
    '2026-01-01 00:00:00+00:00;A;',
    ';',
    '=',
  ],
  ...[
    '[',
    ']',
    '[x=',
    '][',
    '[AuditEvent=',
    '[[AuditEvent=A]',
    '0.m - [',
    ' - [',
    '] [14] [6] ',
    ']] ',
    'sig: ',
  ],
  ...[
    ' - {',
    '{"event":',
    '{"a":',
    '"',
    '\\',
    '\\u',
    '\\ud800',
    '[[',
    '}',
    ',',
    '1e',
    '0.',
    '-',
    'tru',
    'null',
  ],
  ...[
    '""',
    '","',
    'Action,Resource type',
    'Metadata key,Metadata value',
    '{"total":1,"items":[',
    '{"action":"Sign","status":"a"}',
    ']}',
    ':',
    '{',
    '\n',
    '\r\n',
    '\r',
    '\0',
    ' ',
    '\t',
  ],
  ...['\u2028', 'é', '😀', '\uFEFF', 'payload: a; bytes: b; ', '{"payload":1,"bytes":2}', '__proto__: '],
].map((piece) => encoder.encode(piece));
const BODIES = [...LINES, ...sharedFiles()];

/** Real logs, where the reference material stands beside the checkout. */
function sharedFiles(): Uint8Array[] {
  const cwd = fileURLToPath(new URL('../../shared/samples', import.meta.url));
  if (!existsSync(cwd)) return [];
  return globSync('**/*', { cwd })
    .map((file) => path.join(cwd, file))
    .filter((file) => statSync(file).isFile())
    .map((file) => new Uint8Array(readFileSync(file)));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function noise(): Uint8Array {
  return Uint8Array.from({ length: below(600) }, () => below(256));
}

function grammar(): Uint8Array {
  return join(Array.from({ length: below(60) }, () => (random() < 0.15 ? pick(LINES) : pick(PIECES))));
}

/** A stretch of a real log with bytes changed, doubled, removed or put in. */
function mutation(): Uint8Array {
  const body = pick(BODIES);
  const from = below(body.length);
  let out: Uint8Array = body.slice(from, from + below(4000));
  for (let n = below(8); n > 0; n--) {
    const at = below(out.length + 1);
    const behind = out.subarray(at + below(20));
    out = join([
      out.subarray(0, at),
      pick([noise().subarray(0, 4), pick(PIECES), out.subarray(at, at + 9)]),
      behind,
    ]);
  }
  return out;
}

/** A beginning, one piece over and over, an end: what makes a careless parser slow. */
function repetition(): Uint8Array {
  const piece = join(Array.from({ length: 1 + below(3) }, () => pick(PIECES)));
  const times = Math.ceil((200_000 * random()) / Math.max(1, piece.length));
  return join([
    pick(LINES).subarray(0, below(300)),
    ...Array.from({ length: times }, () => piece),
    pick(PIECES),
  ]);
}

function generate(): Uint8Array {
  const choice = random();
  if (choice < 0.1) return noise();
  if (choice < 0.5) return grammar();
  return choice < 0.985 ? mutation() : repetition();
}

function parse(dialect: Dialect, input: Uint8Array, cuts: readonly number[]): ParsedItem[] {
  const parser = dialect.parser();
  const items: ParsedItem[] = [];
  let from = 0;
  for (const cut of [...cuts, input.length]) {
    for (const item of parser.push(input.slice(from, cut))) items.push(item);
    from = cut;
  }
  return [...items, ...parser.end()];
}

const flags = new Map<string, number>();
let events = 0;
let printed = 0;
/** Of inputs from 64 KiB on, the slowest; below, the clock and the collector weigh more than the parser. */
let slowest = 0;

/** ms of processor time that reading takes: the least of some tries when the first takes too long. */
function timeOf(dialect: Dialect, input: Uint8Array, limit: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 5 && least >= limit; tries++) {
    const begun = process.threadCpuUsage();
    parse(dialect, input, []);
    dialect.detect(input);
    const { user, system } = process.threadCpuUsage(begun);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** What was understood is written as one entry, which says the same when it is written again. */
function checkPrinting(dialect: Dialect, record: RecordDraft): void {
  const report = dialect.reports?.find((one) => one === record.module);
  const printer = dialect.printer(report === undefined ? {} : { report });
  const { text, flags: lost } = printer.print(record);
  const head = encoder.encode(printer.head);
  const back = parse(dialect, join([head, encoder.encode(text)]), []).filter(({ kind }) => kind === 'record');
  assert.equal(back.length, 1, `${back.length} entries of ${JSON.stringify(text)} (${lost})`);
  printed++;
}

function check(dialect: Dialect, input: Uint8Array): void {
  const limit = SLACK_MS + (MAX_MS_PER_MIB * input.length) / 2 ** 20;
  const spent = timeOf(dialect, input, limit);
  if (input.length >= 2 ** 16) slowest = Math.max(slowest, (spent * 2 ** 20) / input.length);
  assert.ok(spent < limit, `took ${spent} ms`);
  const items = parse(dialect, input, []);
  const score = dialect.detect(input);
  assert.ok(score >= 0 && score <= 1, `score ${score}`);
  let at = 0;
  for (const { start, end, kind, record } of items) {
    assert.ok(start === at && end > start, `range ${start}-${end} behind ${at}`);
    at = end;
    assert.equal(kind === 'record', record !== undefined);
    if (record === undefined) continue;
    events++;
    checkDraft(record);
    const raw = record.raw as { text?: string; base64?: string };
    const bytes = Buffer.from(raw.text ?? raw.base64!, raw.text === undefined ? 'base64' : 'utf8');
    assert.ok(bytes.equals(input.subarray(start, end)), 'the original is not given back');
    for (const flag of record.flags ?? []) flags.set(flag, (flags.get(flag) ?? 0) + 1);
    deriveAction(record as AuditRecord);
    deriveObjects(record as AuditRecord);
    if (record.flags?.includes('unparsed') !== true && random() < PRINTED_SHARE)
      checkPrinting(dialect, record);
  }
  assert.equal(at, input.length, 'bytes are left over');
  const cuts = Array.from({ length: below(6) }, () => below(input.length + 1)).sort((a, b) => a - b);
  assert.ok(isDeepStrictEqual(parse(dialect, input, cuts), items), `pushed in pieces at ${cuts}`);
}

console.log(`seed ${seed}, ${DIALECTS.length} dialects, ${BODIES.length} bodies`);
const stop = performance.now() + seconds * 1000;
let inputs = 0;
let bytes = 0;
while (performance.now() < stop && inputs < most) {
  const input = generate();
  for (const dialect of DIALECTS) {
    try {
      check(dialect, input);
    } catch (cause) {
      console.error(`${dialect.name} failed at input ${inputs} of seed ${seed}`);
      const file = path.join(tmpdir(), `fuzz-${seed}-${inputs}.bin`);
      writeFileSync(file, input);
      console.error(`the input is in ${file}`);
      throw cause;
    }
    inputs++;
    bytes += input.length;
  }
}
console.log(
  `${inputs} inputs, ${(bytes / 1e6).toFixed(1)} MB, ${events} records, ${printed} of them printed, no failure, at worst ${slowest.toFixed(0)} ms/MiB`,
);
console.log([...flags].map(([flag, times]) => `${flag} ${times}`).join(', '));
