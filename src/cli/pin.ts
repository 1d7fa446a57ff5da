import { existsSync } from 'node:fs';
import { nodeOf, type Pin, type Policy, parsePolicy } from '../checkpoint/mod.ts';
import { fromUtf8 } from '../crypto/bytes.ts';
import { LogError, UsageError } from '../errors.ts';
import { stateDirectory } from '../places.ts';
import { checkNode } from '../record/mod.ts';
import type { LogStore } from '../store/store.ts';
import {
  beginPin,
  type CosignedCheckpoints,
  type FollowedPin,
  followPin,
  type LogSource,
} from '../verify/mod.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { NOTHING } from './fixed-source.ts';
import { counted, grouped, utc } from './format.ts';
import { WRITERS_HEAD } from './held.ts';
import { openToRead } from './open-data.ts';
import { checkPinFile, PinFile, RememberedPins } from './pins.ts';
import { publishedPlace, publishedSource } from './published-target.ts';
import { safeText } from './safe-text.ts';
import { recallHead } from './verify-remembered.ts';
import { findingText } from './verify-text.ts';
import { cosignedOf, heldInState, pinnedPolicy, policyKeys, read } from './verify-witnessed.ts';

/** A log that a pin is of, or is to be of. */
interface Target {
  readonly node: string;
  readonly source: LogSource;
  readonly store: LogStore | null;
  close(): Promise<void>;
}

/** Remembers a log for the first time. Exit code 1 when its head does not hold, or not what is demanded of it. */
export async function pinCreate(call: Call): Promise<number> {
  call.expect(0, 0);
  const policyFile = call.text('policy');
  const policy = policyFile === undefined ? undefined : textOf(call, policyFile);
  const target = await openTarget(call, call.text('node'));
  try {
    const file = fileOf(call, call.text('output'), target.node);
    const there = existsSync(file.path) ? file.read() : null;
    if (there !== null) throw pinExists(file, there);
    const origin = (await target.source.head())?.origin ?? null;
    const remembered = await heldToWriter(call, target, origin);
    if (remembered !== null && remembered.pin === null) return await show(call, file, null, remembered);
    const parsed = policy === undefined ? null : parsePolicy(policy);
    const keys = [...call.texts('require'), ...policyKeys(call, parsed, origin)];
    const begun = await beginPin(
      target.source,
      { ...(keys.length === 0 ? {} : { keys }), ...(policy === undefined ? {} : { policy }) },
      call.io.now(),
      await givenOf(call, parsed, { ...target, origin }),
    );
    const missing = call.texts('require').filter((key) => begun.pin?.keys.includes(key) === false);
    if (missing.length > 0) {
      const names = missing.map((key) => key.split('+', 2).join('+')).join(', ');
      throw new LogError(
        'LOG_KEY_MISMATCH',
        `${names} does not seal ${origin} (any more); it cannot be demanded`,
      );
    }
    if (begun.pin !== null) file.write(begun.pin);
    return await show(call, file, null, begun);
  } finally {
    await target.close();
  }
}

/** The log held against the head that its writer remembers here, as `verify` does before it begins a pin; null where none is. */
async function heldToWriter(
  call: Call,
  { source, store }: Target,
  origin: string | null,
): Promise<FollowedPin | null> {
  const { memory } = recallHead(call, store === null ? null : origin);
  return memory && followPin(source, memory.pin, call.io.now(), undefined, WRITERS_HEAD);
}

/** Shows a pin file, or those remembered of a place, once the keys of each have been seen to have signed it. */
export async function pinShow(call: Call): Promise<number> {
  call.expect(0, 1);
  const [named] = call.operands;
  const files = named === undefined ? rememberedFiles(call) : [new PinFile(call.path(named))];
  const { stdout } = call.io;
  const shown: object[] = [];
  for (const file of files) {
    const pin = file.read();
    if (pin === null) throw noPin(file.path);
    await checkPinFile(file, pin);
    if (call.json) shown.push({ file: file.path, ...pin });
    else for (const line of pinLines(file, pin)) await stdout.line(line);
  }
  if (call.json) await stdout.json({ pins: shown });
  return EXIT.ok;
}

/** Goes on to the newest checkpoint. Exit code 1 when the log does not continue the one remembered. */
export async function pinUpdate(call: Call): Promise<number> {
  call.expect(0, 1);
  const [named] = call.operands;
  const files = named === undefined ? rememberedFiles(call) : [new PinFile(call.path(named))];
  if (files.length > 1) throw call.usage('there are pins of several logs; name one with --node');
  const file = files[0] as PinFile;
  const before = file.read();
  if (before === null) throw noPin(file.path);
  const asked = call.text('node');
  // A pin that was named may be of another log than the only one there, which is then to be said.
  const target = await openTarget(call, asked ?? nodeOf(before.origin), {
    isExpected: true,
    orOnly: named !== undefined && asked === undefined,
  });
  try {
    const policy = pinnedPolicy(before);
    const { origin } = before;
    const cosigned = await givenOf(call, policy, { ...target, origin });
    const followed = await followPin(target.source, before, call.io.now(), cosigned);
    if (followed.pin !== null && followed.pin !== before) file.advance(followed.pin);
    return await show(call, file, before, followed);
  } finally {
    await target.close();
  }
}

/** All cosigned checkpoints where some are asked for; else those alone with which a witness has contradicted the log. */
async function givenOf(
  call: Call,
  policy: Policy | null,
  target: { readonly node: string; readonly store: LogStore | null; readonly origin: string | null },
): Promise<CosignedCheckpoints | undefined> {
  if (policy === null && call.text('cosigned') === undefined) {
    return heldInState(target.store, target.node, null);
  }
  return cosignedOf(call, policy, target);
}

/**
 * @param isExpected a log that is gone is a finding then.
 * @param orOnly whether the only log there will do where there is none of the node.
 */
async function openTarget(
  call: Call,
  named: string | undefined,
  { isExpected = false, orOnly = false } = {},
): Promise<Target> {
  const published = call.text('published');
  if (published !== undefined) {
    if (call.text('data') !== undefined) throw call.usage('--published and --data exclude each other');
    const source = await publishedSource(publishedPlace(call, published), isExpected);
    if (source.damage !== null && !isExpected) throw source.damage;
    const node = source.fixed === null ? (named as string) : nodeOf(source.fixed.origin);
    return { node, source, store: null, close: async () => {} };
  }
  if (named !== undefined) checkNode(named);
  const { store, reader, close } = await openToRead(call);
  try {
    const [only, ...others] = reader.nodes;
    const isAlone = only !== undefined && others.length === 0;
    const node = isAlone && (orOnly || named === undefined) ? only : named;
    if (node === undefined) throw new LogError('LOG_NOT_FOUND', whichNode(reader.nodes));
    const isThere = reader.nodes.includes(node);
    if (!isThere && !isExpected) throw new LogError('LOG_NOT_FOUND', whichNode(reader.nodes));
    return { node, store, source: isThere ? store.source(node) : NOTHING, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function whichNode(nodes: readonly string[]): string {
  const there = nodes.length === 0 ? 'there is none yet' : `there are: ${nodes.join(', ')}`;
  return `name the log with --node; ${there}`;
}

function fileOf(call: Call, named: string | undefined, node: string): PinFile {
  return named === undefined ? remembered(call).of(node) : new PinFile(call.path(named));
}

function remembered(call: Call): RememberedPins {
  const published = call.text('published');
  const place = published === undefined ? call.data : publishedPlace(call, published).place;
  return new RememberedPins(stateDirectory(call.io.env), place);
}

/** Throws `UsageError` PIN_INVALID when there is none. */
function rememberedFiles(call: Call): PinFile[] {
  const pins = remembered(call);
  const node = call.text('node');
  const nodes = pins.nodes().filter((each) => node === undefined || each === node);
  if (nodes.length === 0) throw noPin(call.text('published') ?? call.data);
  return nodes.map((each) => pins.of(each));
}

function noPin(place: string): UsageError {
  return new UsageError(
    'PIN_INVALID',
    `nothing is remembered of ${place}: "tallystick pin create" begins a pin`,
  );
}

function pinExists({ path }: PinFile, { origin, size }: Pin): LogError {
  const what = `${origin} at ${counted(size, 'record')}`;
  return new LogError(
    'PIN_EXISTS',
    `${path} is a pin already, of ${what}: "tallystick pin update" goes on from it; to trust anew, move it away and keep it`,
  );
}

function textOf(call: Call, file: string): string {
  try {
    return fromUtf8(read(call.path(file)));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new UsageError('FILE_UNREADABLE', `${file} is no text in UTF-8`, { cause });
  }
}

async function show(
  call: Call,
  file: PinFile,
  before: Pin | null,
  { pin, findings, witnessed }: FollowedPin,
): Promise<number> {
  const status =
    pin === null ? 'refused' : pin === before ? 'kept' : before === null ? 'created' : 'advanced';
  const code = pin === null ? EXIT.refused : EXIT.ok;
  const { stdout } = call.io;
  if (call.json) {
    await stdout.json({ file: file.path, status, before, pin, witnessed, findings });
    return code;
  }
  if (pin === null) {
    const kept =
      before === null ? 'no pin was made' : `the pin stays as it was, at ${counted(before.size, 'record')}`;
    await stdout.line(`${stdout.style(['red', 'bold'], 'REFUSED')}: ${kept}`);
  } else if (status === 'advanced' && before !== null) {
    await stdout.line(
      `advanced from ${grouped(before.size)} to ${counted(pin.size, 'record')}, which continue them`,
    );
    if (before.keys.join() !== pin.keys.join())
      await stdout.line('  the log changed its keys in between, as its keys before say');
  } else if (status === 'created') {
    await stdout.line(stdout.style('bold', 'pinned'));
  } else {
    await stdout.line('nothing new: the log stands as it was remembered');
  }
  for (const found of findings) for (const line of findingText(found, stdout)) await stdout.line(line);
  if (pin !== null) for (const line of pinLines(file, pin)) await stdout.line(line);
  return code;
}

function pinLines(file: PinFile, { origin, keys, size, root, savedAt, policy }: Pin): string[] {
  const demanded = keys.map((key) => `  signed by  ${safeText(key)}`);
  const witnesses = policy === undefined ? [] : policy.trimEnd().split('\n');
  return [
    safeText(origin),
    `  ${counted(size, 'record')}, root ${root}`,
    ...demanded,
    ...witnesses.map((line) => `  policy     ${safeText(line)}`),
    `  saved      ${utc(savedAt)}, ${safeText(file.path)}`,
  ];
}
