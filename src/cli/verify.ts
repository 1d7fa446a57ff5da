import { existsSync } from 'node:fs';
import { checkpointBody, nodeOf, type Pin, parseCheckpoint, parseNote } from '../checkpoint/mod.ts';
import { fromHex } from '../crypto/bytes.ts';
import { LogError, TallystickError } from '../errors.ts';
import { stateDirectory } from '../places.ts';
import { checkNode } from '../record/mod.ts';
import type { Certificates } from '../signatures/mod.ts';
import { databasePath } from '../store/sqlite/database.ts';
import type { LogStore } from '../store/store.ts';
import {
  type LogSource,
  type NotChecked,
  type Report,
  type VerifyOptions,
  verifyLog,
  verifyRange,
} from '../verify/mod.ts';
import type { Call } from './command.ts';
import { EXIT, VERDICT } from './exit.ts';
import { fixedAtHead, NOTHING } from './fixed-source.ts';
import { openToRead, requireLog } from './open-data.ts';
import { partOf } from './part.ts';
import { PinFile, RememberedPins } from './pins.ts';
import { Progress } from './progress.ts';
import { publishedPlace, publishedSource } from './published-target.ts';
import type { Verified } from './verified.ts';
import { lacksAnchor, trustAnchorsOf } from './verify-certificates.ts';
import { verifyExported } from './verify-export.ts';
import { type ComparedIndex, indexToCompare } from './verify-index.ts';
import { isProven, previousOf } from './verify-previous.ts';
import { holdToRemembered, recallHead } from './verify-remembered.ts';
import { certificatesOf, checkSignatures } from './verify-signatures.ts';
import { sayItMayLag, showReport } from './verify-text.ts';
import {
  type JudgedTimestamps,
  keptTimestamps,
  lacksStamp,
  publishedTimestamps,
  timestampRootsOf,
  timestampSummary,
} from './verify-timestamps.ts';
import { alarmNotices, cosignedOf, demandedPolicy, policyKeys, policyOf } from './verify-witnessed.ts';

/** One log to verify. */
interface Target {
  /** Empty when not even that is known. */
  readonly node: string;
  /** Where it is looked for. */
  readonly place: string;
  /** null when nothing is there but a pin. */
  readonly store: LogStore | null;
  readonly source: LogSource;
  /** What its time stamps come to, with the roots that were named. */
  readonly stamps: ((roots: readonly Uint8Array[] | null) => Promise<JudgedTimestamps>) | null;
  /** null when nothing shall be remembered. */
  readonly pinFile: PinFile | null;
}

/**
 * Exit code 0: every log is intact; 1: one is not, or holds a signature that does not match, or no record
 * of it stands on the trust anchor or time stamp root given; 2, and what is thrown: it can't be told.
 */
export async function verify(call: Call): Promise<number> {
  call.expect(0, 0);
  const exported = call.text('export');
  if (exported !== undefined) return verifyExported(call, exported);
  const key = call.text('key');
  const certificates = await certificatesOf(call);
  const anchors = trustAnchorsOf(call);
  const published = call.text('published');
  if (published !== undefined) refuseBeside(call);
  else if (call.isSet('no-entries')) throw call.usage('--no-entries is for --published');
  const { targets, close } = await (published === undefined
    ? openTargets(call)
    : openPublished(call, published));
  const compared = await (published === undefined
    ? indexToCompare(call)
    : { index: null, why: 'a published log has none' });
  const progress = new Progress(call.io, 'verifying');
  const codes: number[] = [];
  try {
    for (const target of targets) {
      const verified = await verifyOne(call, target, compared, certificates, {
        deep: call.isSet('deep'),
        hashesOnly: call.isSet('no-entries'),
        onProgress: progress.update,
        signal: call.io.signal,
        ...(key === undefined ? {} : { keys: [key] }),
        ...(anchors === null ? {} : { trustAnchors: anchors }),
      });
      progress.clear();
      const isFalse = (verified.signatures?.counts['does-not-match'] ?? 0) > 0;
      const isForged = (verified.timestamps?.bad.length ?? 0) > 0;
      const lacks = lacksAnchor(verified.report, anchors) || lacksStamp(verified.timestamps);
      const isOther = verified.previous !== null && !isProven(verified.previous);
      codes.push(isFalse || isForged || lacks || isOther ? EXIT.refused : VERDICT[verified.report.verdict]);
      await showReport(call, verified);
      if (published !== undefined) {
        await sayItMayLag(call, verified.report, 'A published copy that was not brought up to date since');
      }
    }
    return [EXIT.refused, EXIT.unusable].find((code) => codes.includes(code)) ?? EXIT.ok;
  } finally {
    progress.clear();
    await compared.index?.close();
    await close();
  }
}

/** The logs that are there, and those of which a pin says that they should be. */
async function openTargets(call: Call): Promise<{ targets: Target[]; close(): Promise<void> }> {
  const pins = pinsOf(call, call.data);
  const asked = call.text('node');
  if (asked !== undefined) checkNode(asked);
  if (pins.nodes.length === 0) requireLog(call);
  const reading = existsSync(databasePath(call.data)) ? await openToRead(call) : null;
  try {
    const there = (await reading?.store.nodes()) ?? [];
    const nodes = asked === undefined ? [...new Set([...there, ...pins.nodes])] : [asked];
    if (nodes.length === 0) throw new LogError('LOG_NOT_FOUND', `there is no log in ${call.data}`);
    if (call.text('pin') !== undefined && nodes.length > 1) {
      throw call.usage(`a pin is of one log; name one with --node: ${nodes.join(', ')}`);
    }
    const targets = nodes.map((node) => {
      const source = reading?.store.source(node) ?? NOTHING;
      const store = reading?.store ?? null;
      const stamps: Target['stamps'] = store && ((roots) => keptTimestamps(store, node, roots));
      return { node, place: call.data, store, source, stamps, pinFile: pins.fileOf(node) };
    });
    return { targets, close: async () => reading?.close() };
  } catch (error) {
    await reading?.close();
    throw error;
  }
}

/** What is about records behind the store, or names another log than the one published. */
const NOT_PUBLISHED = ['data', 'node', 'signatures'];

function refuseBeside(call: Call): void {
  if (call.isSet('no-entries') && call.isSet('deep')) {
    throw call.usage('--deep reads the records that --no-entries leaves out');
  }
  const named = NOT_PUBLISHED.find((name) => call.isSet(name) || call.text(name) !== undefined);
  if (named !== undefined) throw call.usage(`--published and --${named} exclude each other`);
}

/** The published log, or what a pin says of it. */
async function openPublished(
  call: Call,
  named: string,
): Promise<{ targets: Target[]; close(): Promise<void> }> {
  const where = publishedPlace(call, named);
  const { place } = where;
  const pins = pinsOf(call, place);
  const source = await publishedSource(where, pins.nodes.length > 0);
  const node = source.fixed === null ? (pins.nodes[0] ?? '') : nodeOf(source.fixed.origin);
  const pinFile = node === '' ? null : pins.fileOf(node);
  const stamps: Target['stamps'] = async (roots) => publishedTimestamps(await source.timestamps(), roots);
  return { targets: [{ node, place, store: null, source, stamps, pinFile }], close: async () => {} };
}

interface Pins {
  /** Nodes of which there is one. */
  readonly nodes: readonly string[];
  fileOf(node: string): PinFile | null;
}

/** The pin file that was named, those remembered of the place, or none. */
function pinsOf(call: Call, place: string): Pins {
  const named = call.text('pin');
  if (call.isSet('no-pin')) {
    if (named !== undefined) throw call.usage('--pin and --no-pin exclude each other');
    return { nodes: [], fileOf: () => null };
  }
  if (named === undefined) {
    const remembered = new RememberedPins(stateDirectory(call.io.env), place);
    return { nodes: remembered.nodes(), fileOf: (node) => remembered.of(node) };
  }
  const file = new PinFile(call.path(named));
  const origin = file.read()?.origin;
  return { nodes: origin === undefined ? [] : [nodeOf(origin)], fileOf: () => file };
}

/** Said when signatures were to be checked and there is nothing that holds any. */
const NO_RECORDS: NotChecked = { what: 'signatures in the records', why: 'there is no head to find them by' };

async function verifyOne(
  call: Call,
  { node, place, store, source, stamps, pinFile }: Target,
  { index, catalogs, why }: ComparedIndex,
  certificates: Certificates | null,
  settings: VerifyOptions,
): Promise<Verified> {
  const before = pinFile?.read() ?? null;
  const judged = (await stamps?.(timestampRootsOf(call))) ?? null;
  const named = policyOf(call);
  if (isPart(call) && (named !== null || call.text('cosigned') !== undefined)) {
    throw call.usage('--policy and --cosigned are about a whole log; leave --from and --to out');
  }
  const policy = demandedPolicy(call, named, before);
  const origin = (await originOf(source)) ?? before?.origin ?? null;
  const cosigned = await cosignedOf(call, policy, { node, store, origin });
  // Of a log that is gone, what somebody outside has seen says which one it was.
  const seen = originSeen(cosigned.notes, node);
  const logKeys = policyKeys(call, named, origin ?? seen);
  const recalled = recallHead(call, store === null ? null : origin);
  const fixed = await fixedAtHead(source);
  const head = fixed.fixed;
  const isPinned = before !== null && nodeOf(before.origin) === node;
  const part = head === null ? null : partOf(call, head.size);
  const options: VerifyOptions = {
    ...settings,
    ...(node === '' ? {} : { node }),
    ...(before === null ? {} : { pin: before }),
    dated: judged?.dated ?? [],
    cosigned,
    logKeys,
    ...(index === null ? {} : { index }),
    ...(catalogs === undefined ? {} : { catalogs }),
  };
  const found = await (part === null
    ? verifyLog(fixed, options)
    : verifyRange(fixed, part.from, part.to, options));
  // Where nothing is and nothing is missed, "intact" would say too much.
  if (head === null && fixed.damage === null && !isPinned && found.findings.length === 0) {
    throw new LogError('LOG_NOT_FOUND', `there is no log of node ${node} in ${place}`);
  }
  const hasNothing = store === null || head === null;
  const held = await holdToRemembered(call, found, fixed, recalled);
  const report = {
    ...held.report,
    findings: [...held.report.findings, ...(await alarmNotices(store, node))],
    notChecked: [
      ...held.report.notChecked.map((left) => (left.what === 'the search index' ? { ...left, why } : left)),
      ...(certificates !== null && hasNothing ? [NO_RECORDS] : []),
    ],
  };
  const signatures =
    certificates === null || hasNothing
      ? null
      : await checkSignatures(call, store, node, head, report.range, certificates);
  const previous = await previousOf(call, fixed);
  const { remembered } = held;
  const timestamps = judged && timestampSummary(judged, report);
  const verified = { node, report, signatures, timestamps, previous, remembered };
  if (pinFile === null) return { ...verified, pin: null };
  const pin = { file: pinFile.path, before };
  const next = part === null ? nextPin(call, report, head?.signatures, before) : null;
  if (next === null) return { ...verified, pin: before === null ? null : { ...pin, status: 'kept' } };
  try {
    pinFile.advance(next);
  } catch (error) {
    // A file that was asked for must be there; one kept by the way is no reason to withhold the verdict.
    if (call.text('pin') !== undefined) throw error;
    return { ...verified, pin: { ...pin, status: 'not-saved', problem: (error as Error).message } };
  }
  return { ...verified, pin: { ...pin, status: before === null ? 'created' : 'advanced' } };
}

function isPart(call: Call): boolean {
  return call.text('from') !== undefined || call.text('to') !== undefined;
}

/** What a log of the node calls itself in checkpoints held outside; null when none is of it. */
function originSeen(notes: readonly string[], node: string): string | null {
  const origins = notes.map((note) => parseCheckpoint(parseNote(note).text).origin);
  return origins.find((origin) => nodeOf(origin) === node) ?? null;
}

/** null when there is no head, or it does not decode: what is wrong with it, verifying says. */
async function originOf(source: LogSource): Promise<string | null> {
  try {
    return (await source.head())?.origin ?? null;
  } catch (error) {
    if (error instanceof TallystickError && error.code === 'STORE_DAMAGED') return null;
    throw error;
  }
}

/** What to remember after a whole log was found intact; null when there is nothing new. */
function nextPin(call: Call, report: Report, signatures: string | undefined, before: Pin | null): Pin | null {
  const { verdict, origin, size, root, required } = report;
  if (verdict !== 'intact' || origin === null || root === null || signatures === undefined) return null;
  // After a key change the keys to hold the log against are others, even where nothing else is new.
  const isKnown = before?.size === size && before.keys.join() === required.join();
  if (required.length === 0 || isKnown) return null;
  const checkpoint = `${checkpointBody(origin, size, fromHex(root) as Uint8Array)}\n${signatures}`;
  const demands = before?.policy === undefined ? {} : { policy: before.policy };
  return { origin, keys: required, size, root, checkpoint, savedAt: call.io.now(), ...demands };
}
