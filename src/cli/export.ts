import { LogError } from '../errors.ts';
import { exportOf } from '../exported/mod.ts';
import { findingWords, type Report, verifyLog, verifyRange } from '../verify/mod.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { ExportFile } from './export-file.ts';
import { fixedAtHead } from './fixed-source.ts';
import { counted } from './format.ts';
import { openToPublish } from './held.ts';
import type { Reading } from './open-data.ts';
import { partOf } from './part.ts';
import { Progress } from './progress.ts';
import { escapeJson, safeText } from './safe-text.ts';

/** Of text that is written at once, UTF-16 units. */
const WRITE_LENGTH = 256 * 1024;

/** Where the lines go. */
interface Target {
  write(text: string): Promise<void>;
}

/** Writes records out as they are sealed, to standard output or a new file. Resolves with the exit code. */
export async function exportRecords(call: Call): Promise<number> {
  call.expect(0, 0);
  const output = call.text('output');
  const reading = await openToPublish(call, call.text('node'));
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
    // The first line and the last are no records.
    let count = -1;
    let text = '';
    for await (const line of exportOf(source, head, { from, to, keys: report.keys })) {
      call.io.signal.throwIfAborted();
      text += line;
      progress.update(Math.min(++count, to - from), to - from);
      // To write each line by itself would take most of the time.
      if (text.length < WRITE_LENGTH) continue;
      await target.write(text);
      text = '';
    }
    await target.write(text);
    return to - from;
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

function notIntact(node: string, { findings }: Report): LogError {
  const first = findings.find((finding) => finding.class === 'fail');
  return new LogError(
    'LOG_DAMAGED',
    `nothing was exported: the log of ${node} is not intact (${first?.code}: ${first && findingWords(first)}). Run verify; --from and --to leave out what does not hold`,
  );
}
