import { hostname, userInfo } from 'node:os';
import { EvidenceError, LogError, UsageError } from '../errors.ts';
import {
  type CreatedEvidence,
  createEvidence,
  type LogEvidenceReport,
  type LogRequest,
  MAX_MATCHES,
  type Made,
  rangeOfTime,
  wholeRange,
} from '../evidence/mod.ts';
import { certificateState } from '../keys/sealing-keys.ts';
import { catalogDirectory, stateDirectory, version } from '../places.ts';
import { formatQuery, parseQuery, parseTime } from '../query/mod.ts';
import type { LogStore } from '../store/store.ts';
import { certificatesOfPem, readTokens, tokenPrefix } from '../timestamps/mod.ts';
import { embedEvidence } from '../verifier/file.ts';
import { evidenceLines } from '../verifier/lines.ts';
import { trustWords } from '../verifier/words.ts';
import {
  provenAlarms,
  readCosigned,
  readWitnessState,
  unprovenAlarms,
  witnessPrefix,
} from '../witness/client/kept.ts';
import { alarmText } from '../witness/client/mod.ts';
import type { Call } from './command.ts';
import { seenLines } from './evidence-text.ts';
import { EXIT } from './exit.ts';
import { ExportFile } from './export-file.ts';
import { type FixedSource, fixedAtHead } from './fixed-source.ts';
import { counted } from './format.ts';
import { openToRead, openToSearch } from './open-data.ts';
import { partOf } from './part.ts';
import { PinFile, RememberedPins } from './pins.ts';
import { Progress } from './progress.ts';
import { safeText } from './safe-text.ts';
import { verifierPage } from './verifier-page.ts';

const MAX_PAGE = 1_000;
const RANGE_OPTIONS = ['from', 'to', 'since', 'until'];

/** What was asked for, of which log. */
interface Asked {
  readonly node: string;
  readonly matches: readonly number[] | null;
  readonly searched: number | null;
}

interface Question {
  readonly query: string | null;
  readonly more: boolean;
  readonly logs: readonly Asked[];
}

/** Takes records along with what proves them, in one file. Exit code 1 when they would not hold. */
export async function evidenceCreate(call: Call): Promise<number> {
  const output = call.text('output');
  if (output === undefined) throw call.usage('it needs -o FILE');
  const isComplete = call.isSet('complete');
  const misplaced = RANGE_OPTIONS.find((name) => call.text(name) !== undefined);
  if (!isComplete && misplaced !== undefined) throw call.usage(`--${misplaced} is for --complete`);
  if (isComplete && call.isSet('no-content')) {
    throw call.usage('--complete and --no-content exclude each other: the query may be about sealed content');
  }
  const page = call.isSet('html') ? await verifierPage() : null;
  const question = await ask(call, isComplete);
  const reading = await openToRead(call);
  const progress = new Progress(call.io, 'taking records along');
  try {
    const requests: LogRequest[] = [];
    for (const asked of question.logs) requests.push(await requestOf(call, reading.store, asked));
    const file = await ExportFile.create(call.path(output), call.isSet('replace'));
    try {
      const created = await createEvidence(requests, {
        made: madeOf(call, question),
        content: !call.isSet('no-content'),
        catalogs: catalogDirectory(call.data).read(),
        onProgress: progress.update,
        signal: call.io.signal,
      });
      await file.write(page === null ? created.text : embedEvidence(page, created.text));
      await file.finish();
      progress.clear();
      await show(call, file.path, created);
      return EXIT.ok;
    } finally {
      await file.close();
    }
  } finally {
    progress.clear();
    await reading.close();
  }
}

async function show(call: Call, file: string, { evidence, report }: CreatedEvidence): Promise<void> {
  const { stdout } = call.io;
  const records = report.logs.reduce((n, log) => n + log.records.length, 0);
  const matches = evidence.logs.reduce((n, log) => n + log.matches.length, 0);
  const { more } = evidence.made;
  if (call.json) {
    const logs = report.logs.map(({ origin, size, completeness }) => ({ origin, size, completeness }));
    await stdout.json({ file, matches, records, more, logs });
    return;
  }
  await stdout.line(`Evidence of ${counted(matches, 'record')} in ${safeText(file)}`);
  if (more) {
    await stdout.line(`  more records match: these are the newest ${counted(MAX_MATCHES, 'record')}`);
  }
  const until = call.text('until');
  for (const { node, completeness } of report.logs) {
    if (until === undefined || completeness.range?.until !== null) continue;
    await stdout.line(
      `  of ${safeText(node)} it goes to the newest checkpoint: nothing was logged after --until yet, so nothing could show that no more came`,
    );
  }
  const isWhole = RANGE_OPTIONS.every((name) => call.text(name) === undefined);
  for (const line of seenLines({ evidence, report }, isWhole)) await stdout.line(line);
  for (const line of evidenceLines(report, stdout, trustOfMade)) await stdout.line(line);
}

/** For its maker: others have no pin that is remembered here. */
function trustOfMade(log: LogEvidenceReport): string {
  if (log.trust !== 'pinned-key') return trustWords(log);
  return 'It agrees with what you have pinned or this machine remembers of the log. Whoever verifies it needs a pin or a key from elsewhere.';
}

function madeOf(call: Call, { query, more }: Question): Made {
  const by = call.text('by') ?? `${userInfo().username} at ${hostname()}`;
  const catalogs = catalogDirectory(call.data).read().version;
  return { at: call.io.now(), by, software: `tallystick ${version()}`, query, catalogs, more };
}

/** The records that were named, or those that a query finds. */
async function ask(call: Call, isComplete: boolean): Promise<Question> {
  const named = namedRecords(call);
  if (named !== null) {
    if (isComplete) throw call.usage('--complete is for a query');
    return { query: null, more: false, logs: [named] };
  }
  const filter = parseQuery(call.operands.join(' '), { now: call.io.now() });
  // With its times absolute, so that it means the same whenever it is run again.
  const query = formatQuery(filter);
  if (isComplete) {
    const node = call.text('node');
    const logs = (await nodesOf(call, node)).map((each) => ({ node: each, matches: null, searched: null }));
    return { query, more: false, logs };
  }
  return search(call, query);
}

/** `[NODE] SEQ…`; null when the words are a query. */
function namedRecords(call: Call): Asked | null {
  const { operands } = call;
  const isNumber = (word: string | undefined): boolean => /^[0-9]+$/.test(word ?? '');
  const first = isNumber(operands[0]) ? 0 : 1;
  const numbers = operands.slice(first);
  if (numbers.length === 0 || !numbers.every(isNumber)) return null;
  const seqs = numbers.map((word) => call.toNumber('SEQ', word, 0, Number.MAX_SAFE_INTEGER));
  const matches = [...new Set(seqs)].sort((a, b) => a - b);
  return { node: first === 1 ? (operands[0] as string) : (call.text('node') ?? ''), matches, searched: null };
}

async function nodesOf(call: Call, node: string | undefined): Promise<readonly string[]> {
  const reading = await openToRead(call);
  try {
    return node === undefined ? reading.reader.nodes : [node];
  } finally {
    await reading.close();
  }
}

/** The newest records that a query finds, up to the heads that the answer is complete for. */
async function search(call: Call, query: string): Promise<Question> {
  const progress = new Progress(call.io, 'searching');
  const searching = await openToSearch(call);
  try {
    const found = new Map<string, number[]>();
    const request = { query, limit: MAX_PAGE, order: 'newest', signal: call.io.signal } as const;
    let count = 0;
    let answer = await searching.search({ ...request, onProgress: progress.update });
    for (;;) {
      for (const { node, seq } of answer.records.slice(0, MAX_MATCHES - count)) {
        const seqs = found.get(node);
        if (seqs === undefined) found.set(node, [seq]);
        else seqs.push(seq);
      }
      count += answer.records.length;
      if (answer.next === null || count >= MAX_MATCHES) break;
      answer = await searching.search({ ...request, cursor: answer.next, onProgress: progress.update });
    }
    const logs = answer.through.flatMap(({ node, size }) => {
      const matches = found.get(node)?.sort((a, b) => a - b);
      return matches === undefined ? [] : [{ node, matches, searched: size }];
    });
    if (logs.length === 0) {
      throw new LogError(
        'LOG_NOT_FOUND',
        'no record matches; to prove that none does, make evidence with --complete',
      );
    }
    return { query, more: answer.next !== null || count > MAX_MATCHES, logs };
  } finally {
    progress.clear();
    await searching.close();
  }
}

async function requestOf(call: Call, store: LogStore, asked: Asked): Promise<LogRequest> {
  const nodes = await store.nodes();
  const node = asked.node === '' && nodes.length === 1 ? (nodes[0] as string) : asked.node;
  if (!nodes.includes(node)) {
    const there = nodes.length === 0 ? 'there is none yet' : `there are: ${nodes.join(', ')}`;
    throw new LogError('LOG_NOT_FOUND', `name the log, as NODE SEQ… or with --node; ${there}`);
  }
  // Time stamps and cosignatures before the head: none of them is of more records then.
  const [tokens, witnessed, certificates] = [
    readTokens(await store.state(tokenPrefix(node))).tokens,
    await store.state(witnessPrefix(node)),
    (await store.state(certificateState(node))).get(certificateState(node)),
  ];
  const [alarm] = provenAlarms(witnessed, node);
  if (alarm !== undefined) {
    const why = `no evidence was made of the log of ${node}: ${alarmText(alarm)}. "tallystick verify" says more`;
    throw new EvidenceError('EVIDENCE_REFUSED', why);
  }
  for (const each of unprovenAlarms(witnessed, node)) {
    const warning = call.io.stderr.style('yellow', 'warning:');
    await call.io.stderr.line(`${warning} ${safeText(alarmText(each))}`);
  }
  const source = await fixedAtHead(store.source(node));
  if (source.damage !== null) throw source.damage;
  const cosigned = readCosigned(witnessed, node);
  return {
    ...{ source, matches: asked.matches, searched: asked.searched },
    range: call.isSet('complete') ? await rangeOf(call, source, cosigned) : null,
    pins: pinsOf(call, node),
    timestamps: tokens,
    cosigned,
    witnesses: readWitnessState(witnessed, node).configs.flatMap(({ vkeys }) => vkeys),
    certificates: certificates === undefined ? [] : certificatesOfPem(certificates),
  };
}

/** By numbers, by times, or the whole log. */
async function rangeOf(
  call: Call,
  source: FixedSource,
  cosigned: NonNullable<LogRequest['cosigned']>,
): Promise<LogRequest['range']> {
  const size = source.fixed?.size ?? 0;
  const part = partOf(call, size);
  const since = timeOf(call, 'since', 'min');
  const until = timeOf(call, 'until', 'max');
  if (part !== null && (since !== null || until !== null)) {
    throw call.usage('a range goes by numbers (--from, --to) or by times (--since, --until)');
  }
  if (since !== null && until !== null && since > until) throw call.usage('--until is before --since');
  if (since !== null || until !== null) return rangeOfTime(source, since, until);
  return part === null ? wholeRange(source, cosigned) : { ...part, since: null, until: null };
}

function timeOf(call: Call, name: 'since' | 'until', end: 'min' | 'max'): number | null {
  const text = call.text(name);
  if (text === undefined) return null;
  const span = parseTime(text, call.io.now());
  if (typeof span === 'string') throw call.usage(`--${name}: "${text}" ${span}`);
  return span[end];
}

/** The pin that was named, and the one remembered of the log: the evidence goes on from both. */
function pinsOf(call: Call, node: string): NonNullable<LogRequest['pins']> {
  const named = call.text('pin');
  const remembered = new RememberedPins(stateDirectory(call.io.env), call.data).of(node).read();
  if (named === undefined) return remembered === null ? [] : [remembered];
  const file = new PinFile(call.path(named));
  const pin = file.read();
  if (pin === null) throw new UsageError('FILE_UNREADABLE', `there is no pin ${file.path}`);
  // Evidence of several logs is held against the pin of the one that it is of.
  const own = pin.origin.endsWith(`/${node}`) ? [pin] : [];
  return remembered === null ? own : [...own, remembered];
}
