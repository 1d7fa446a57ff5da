import { toBase64, toHex } from '../crypto/bytes.ts';
import { catalogDirectory } from '../open.ts';
import type { AuditReader } from '../reader/audit-reader.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { openToRead } from './open-data.ts';
import { isSound } from './record-line.ts';
import { recordPage } from './record-page.ts';

/** Shows one record. Exit code 1 when it does not hold. */
export async function get(call: Call): Promise<number> {
  call.expect(1, 2);
  const { operands, io } = call;
  const [node, text] = operands.length === 2 ? operands : [undefined, operands[0]];
  const seq = call.toNumber('SEQ', text as string, 0, Number.MAX_SAFE_INTEGER);
  const reading = await openToRead(call);
  try {
    const view = await reading.reader.get(seq, node);
    const proof = call.isSet('proof') ? await prove(reading.reader, seq, view.node) : null;
    if (call.json) {
      const { hashes, checkpoint } = proof ?? {};
      await io.stdout.json({
        ...view,
        ...(proof === null ? {} : { proof: { hashes: hashes?.map(toHex), checkpoint } }),
      });
    } else {
      await io.stdout.write(recordPage(view, catalogDirectory(call.data).read(), io.stdout));
      if (proof !== null) await io.stdout.write(`\n${tlogProof(seq, proof)}`);
    }
    return isSound(view) ? EXIT.ok : EXIT.refused;
  } finally {
    await reading.close();
  }
}

interface Proof {
  /** Leaf side first. */
  readonly hashes: readonly Uint8Array[];
  readonly checkpoint: string;
}

async function prove(reader: AuditReader, seq: number, node: string): Promise<Proof> {
  const { head, proof } = await reader.prove(seq, node);
  return { hashes: proof, checkpoint: head.note };
}

/** C2SP tlog-proof: what a program elsewhere checks without this one. */
function tlogProof(seq: number, { hashes, checkpoint }: Proof): string {
  const lines = ['c2sp.org/tlog-proof@v1', `index ${seq}`, ...hashes.map(toBase64)];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}
