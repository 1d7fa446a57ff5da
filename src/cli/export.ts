import { checkpointBody } from '../checkpoint/mod.ts';
import { fromUtf8, toHex } from '../crypto/bytes.ts';
import { LogError, StoreError } from '../errors.ts';
import { bundleEntries, makeInclusion } from '../merkle/mod.ts';
import { tileReader } from '../store/tile-reader.ts';
import {
  type LogSource,
  type Report,
  type SourceHead,
  type SourcePayload,
  verifyLog,
  verifyRange,
} from '../verify/mod.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { ExportFile } from './export-file.ts';
import { fixedAtHead } from './fixed-source.ts';
import { counted } from './format.ts';
import { openHeld } from './held.ts';
import type { Reading } from './open-data.ts';
import { partOf } from './part.ts';
import { Progress } from './progress.ts';
import { escapeJson, safeText } from './safe-text.ts';

/** Named in the first line of an export; docs/cli.md describes the form. */
const FORMAT = 'tallystick-export/1';

/** Where the lines go. */
interface Target {
  write(text: string): Promise<void>;
}

/** Writes records out as they are sealed, to standard output or a new file. Resolves with the exit code. */
export async function exportRecords(call: Call): Promise<number> {
  call.expect(0, 0);
  const output = call.text('output');
  const reading = await openHeld(call, call.text('node'));
  try {
    if (output === undefined) {
      const { stdout } = call.io;
      await write(call, reading, {
        write: (text) => stdout.write(stdout.isTerminal ? escapeJson(text) : text),
      });
      return EXIT.ok;
    }
    const file = await ExportFile.create(call.path(output));
    try {
      const count = await write(call, reading, file);
      await file.finish();
      if (call.json) await call.io.stdout.json({ file: file.path, count });
      else await call.io.stdout.line(`${counted(count, 'record')} in ${safeText(file.path)}`);
      return EXIT.ok;
    } finally {
      await file.close();
    }
  } finally {
    await reading.close();
  }
}

/** Writes an export and resolves with the number of its records. What does not hold is not exported as if it did. */
async function write(call: Call, { store, reader }: Reading, target: Target): Promise<number> {
  const node = nodeOf(call, reader.nodes);
  const source = await fixedAtHead(store.source(node));
  const head = source.fixed;
  if (source.damage !== null) throw source.damage;
  if (head === null) throw new LogError('LOG_NOT_FOUND', `the log of ${node} has no sealed records yet`);
  const part = partOf(call, head.size);
  const { from, to } = part ?? { from: 0, to: head.size };
  const progress = new Progress(call.io, 'exporting');
  const options = { node, signal: call.io.signal, onProgress: progress.update };
  try {
    const report = await (part === null
      ? verifyLog(source, options)
      : verifyRange(source, from, to, options));
    if (report.verdict !== 'intact') throw notIntact(node, report);
    await target.write(
      `${JSON.stringify(await header(source, head, { node, from, to, keys: report.keys }))}\n`,
    );
    let count = 0;
    for await (const line of lines(source, from, to)) {
      call.io.signal.throwIfAborted();
      await target.write(line);
      progress.update(++count, to - from);
    }
    await target.write(`${JSON.stringify({ end: true, count })}\n`);
    return count;
  } finally {
    progress.clear();
  }
}

function nodeOf(call: Call, nodes: readonly string[]): string {
  const asked = call.text('node');
  if (asked !== undefined && nodes.includes(asked)) return asked;
  if (asked === undefined && nodes.length === 1) return nodes[0] as string;
  const there = nodes.length === 0 ? 'there is none yet' : `there are: ${nodes.join(', ')}`;
  throw new LogError('LOG_NOT_FOUND', `name the log with --node; ${there}`);
}

async function header(
  source: LogSource,
  head: SourceHead,
  { node, from, to, keys }: { node: string; from: number; to: number; keys: Report['keys'] },
): Promise<Record<string, unknown>> {
  const { origin, size, root, signatures } = head;
  const read = tileReader(source);
  return {
    ...{ format: FORMAT, origin, node, from, to, size, root: toHex(root), keys },
    checkpoint: `${checkpointBody(origin, size, root)}\n${signatures}`,
    proof: {
      first: (await makeInclusion(from, size, read)).map(toHex),
      last: (await makeInclusion(to - 1, size, read)).map(toHex),
    },
  };
}

/** A line for each record: its canonical bytes as they are, and its payloads. */
async function* lines(source: LogSource, from: number, to: number): AsyncGenerator<string> {
  const payloads = source.payloads(from, to)[Symbol.asyncIterator]();
  let payload = await payloads.next();
  let seq = from;
  for await (const part of source.bundles(from, to)) {
    for (const entry of part.entries === null ? [] : bundleEntries(part.entries)) {
      const own: string[] = [];
      for (; payload.done !== true && payload.value.seq <= seq; payload = await payloads.next()) {
        if (payload.value.seq === seq) own.push(payloadText(payload.value));
      }
      yield `{"seq":${seq},"entry":${fromUtf8(entry)},"payloads":[${own.join(',')}]}\n`;
      seq++;
    }
  }
  if (seq !== to) throw new StoreError('STORE_DAMAGED', `record ${seq} could not be read; run verify`);
}

/** A payload's bytes are JSON text: they stand as they are. */
function payloadText({ seq, digest, salt, bytes }: SourcePayload): string {
  if (bytes === null)
    throw new StoreError('STORE_DAMAGED', `a payload of record ${seq} does not decode; run verify`);
  return `{"digest":"${digest}","salt":"${toHex(salt)}","content":${fromUtf8(bytes)}}`;
}

function notIntact(node: string, { findings }: Report): LogError {
  const first = findings.find((finding) => finding.class === 'fail');
  return new LogError(
    'LOG_DAMAGED',
    `nothing was exported: the log of ${node} is not intact (${first?.code}: ${first?.message}). Run verify; --from and --to leave out what does not hold`,
  );
}
