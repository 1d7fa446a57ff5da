import {
  checkpointBody,
  cosignCheckpoint,
  cosignerKeyFromSpki,
  signCheckpoint,
} from '../../src/checkpoint/mod.ts';
import { fromBase64, toBase64, toHex, utf8 } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { leafHash } from '../../src/merkle/mod.ts';
import { ecdsa, ed25519, mlDsa, rsa, vkeyOf } from './keys.ts';
import { ORIGIN, START } from './log.ts';

interface SignedNote {
  readonly name: string;
  readonly vkey: string;
  readonly note: string;
}

/** @param before the file as it is, null when there is none: see `mlDsa`. */
export async function checkpointVectors(before: string | null): Promise<unknown> {
  const known = before === null ? [] : knownSignatures(before);
  const root = leafHash(utf8('root'));
  const body = checkpointBody(ORIGIN, 17, root);
  const logs: readonly (readonly [string, Signer])[] = [
    ['Ed25519', ed25519('log')],
    ['ECDSA P-256', ecdsa('log')],
    ['ML-DSA-44', mlDsa(ORIGIN, known)],
    ['RSA', rsa('log')],
  ];
  const good: SignedNote[] = [];
  for (const [name, signer] of logs) {
    const lines = await signCheckpoint(body, ORIGIN, signer);
    good.push({ name, vkey: vkeyOf(signer, ORIGIN), note: `${body}\n${lines}` });
  }
  for (const [name, signer] of [
    ['Ed25519 cosignature', ed25519('witness')],
    ['ML-DSA-44 cosignature', mlDsa('witness.example/pq', known)],
  ] as const) {
    const called = signer.algorithm === 'ed25519' ? 'witness.example/ed' : signer.alias;
    const line = await cosignCheckpoint(body, called, signer, START / 1000);
    good.push({
      name,
      vkey: cosignerKeyFromSpki(called, signer.algorithm, signer.publicKey).vkey,
      note: `${body}\n${line}`,
    });
  }
  const [first] = good as [SignedNote];
  const unlike = (name: string, note: string): SignedNote => ({ ...first, name, note });
  const signature = first.note.slice(first.note.indexOf('— '));
  const bad = [
    ...good.map((each) => ({
      ...each,
      name: `${each.name}: another size`,
      note: each.note.replace('\n17\n', '\n18\n'),
    })),
    unlike('a root of 31 bytes', first.note.replace(toBase64(root), toBase64(root.subarray(1)))),
    unlike('a size with a zero in front', first.note.replace('\n17\n', '\n017\n')),
    unlike(
      'base64 that does not come back',
      first.note.replace(/.=\n$/, (end) => `${end[0] === '/' ? '+' : '/'}=\n`),
    ),
    unlike('bytes behind the last line', `${first.note}x`),
    unlike('no LF at the end', first.note.slice(0, -1)),
    unlike('a hyphen instead of the dash', first.note.replace('— ', '- ')),
    unlike(
      'a good line and a bad one of the same key',
      first.note +
        signature.replace(/( \S{30})(.)(\S+\n)$/, (_, a, b, c) => `${a}${b === 'A' ? 'B' : 'A'}${c}`),
    ),
    unlike('signed under another name', first.note.replace(`— ${ORIGIN}`, '— other/node-1')),
  ];
  return { origin: ORIGIN, size: 17, root: toHex(root), time: START / 1000, good, bad };
}

/** ML-DSA-44 signatures that the vectors have, without key ids and times. */
function knownSignatures(text: string): Uint8Array[] {
  const { good } = JSON.parse(text) as { good: SignedNote[] };
  return good
    .map(({ note }) => fromBase64(note.trimEnd().split(' ').at(-1) as string))
    .filter((blob) => blob?.length === 4 + 8 + 2_420)
    .map((blob) => (blob as Uint8Array).subarray(12));
}
