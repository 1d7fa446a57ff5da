import { formatTlogProof, type TlogProof } from '../checkpoint/mod.ts';
import { toHex } from '../crypto/bytes.ts';
import { catalogDirectory } from '../places.ts';
import type { AuditReader } from '../reader/audit-reader.ts';
import type { TimeBound } from '../timestamps/mod.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { ExportFile } from './export-file.ts';
import { counted, utc } from './format.ts';
import { openHeld } from './held.ts';
import { isSound } from './record-line.ts';
import { recordPage } from './record-page.ts';
import { safeText } from './safe-text.ts';

/** Shows one record. Exit code 1 when it does not hold. */
export async function get(call: Call): Promise<number> {
  call.expect(1, 2);
  const { operands, io } = call;
  const [node, text] = operands.length === 2 ? operands : [undefined, operands[0]];
  const seq = call.toNumber('SEQ', text as string, 0, Number.MAX_SAFE_INTEGER);
  const output = call.text('output');
  if (output !== undefined && !call.isSet('proof')) throw call.usage('--output is for --proof');
  const reading = await openHeld(call, node);
  try {
    const view = await reading.reader.get(seq, node);
    const proof = call.isSet('proof') ? await prove(reading.reader, seq, view.node) : null;
    if (output !== undefined && proof !== null) await writeProof(call.path(output), proof);
    const bound = await reading.reader.bound(seq, view.node);
    if (call.json) {
      const { hashes, checkpoint } = proof ?? {};
      await io.stdout.json({
        ...view,
        bound,
        ...(proof === null ? {} : { proof: { hashes: hashes?.map(toHex), checkpoint } }),
      });
    } else {
      await io.stdout.write(recordPage(view, catalogDirectory(call.data).read(), io.stdout));
      if (bound !== null) await io.stdout.line(boundLine(bound));
      if (proof !== null && output === undefined) await io.stdout.write(`\n${formatTlogProof(proof)}`);
    }
    return isSound(view) ? EXIT.ok : EXIT.refused;
  } finally {
    await reading.close();
  }
}

/** Not sealed: what a time stamp says of the record. */
function boundLine({ notLaterThan, by, trust, size }: TimeBound): string {
  const vouched = trust === 'none' ? ', for whom no known root vouches' : '';
  return `existed by   ${utc(notLaterThan)}, says ${safeText(by)}${vouched} (time stamp over ${counted(size, 'record')})`;
}

async function prove(reader: AuditReader, seq: number, node: string): Promise<TlogProof> {
  const { head, proof } = await reader.prove(seq, node);
  return { index: seq, hashes: proof, checkpoint: head.note };
}

async function writeProof(path: string, proof: TlogProof): Promise<void> {
  const file = await ExportFile.create(path);
  try {
    await file.write(formatTlogProof(proof));
    await file.finish();
  } finally {
    await file.close();
  }
}
