import { cosignCheckpoint, cosignerKeyFromSpki, type Pin, parsePolicy } from '../../src/checkpoint/mod.ts';
import type { Anchor, KeyChangeAttack } from '../../src/cli/demo/attacks.ts';
import type { Scene } from '../../src/cli/demo/scene.ts';
import type { EvidenceOptions } from '../../src/evidence/mod.ts';
import type { StoredLog } from '../../src/store/stored-log.ts';
import type { VerifyOptions } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';

/** What a verifier holds, as it is given to a verification of a log, or of evidence. */
export interface Held {
  readonly log: VerifyOptions;
  readonly evidence: EvidenceOptions;
  /** What the witness has signed: its line, by the checkpoint. */
  readonly cosignatures: ReadonlyMap<string, string>;
}

/** When the witness saw the log and the authority dated it: seconds after 1970, behind all that was logged. */
const SEEN = Date.UTC(2080, 0) / 1000;
const WITNESS = 'witness.example/1';
const witness = testSigner('witness');
export const WITNESS_KEY: string = cosignerKeyFromSpki(WITNESS, witness.algorithm, witness.publicKey).vkey;

/**
 * Every anchor, of a log as it was seen. A receipt is the checkpoint that an append was answered with: who gives it to
 * the verifier as a cosigned one without a policy has an anchor that nobody cosigned. For evidence, whoever has a signed
 * checkpoint makes a pin of it.
 *
 * @param knows which key of the log is known without a pin, and named by the policy.
 */
export async function anchorsOf(
  scene: Scene,
  seen: StoredLog = scene.whole,
  knows: KeyChangeAttack['knows'] = 'newest',
): Promise<Readonly<Record<Anchor, Held>>> {
  const pin = scene.pin(seen);
  const older = scene.pin(scene.older);
  const { keys } = knows === 'first' ? older : pin;
  const body = pin.checkpoint.slice(0, pin.checkpoint.indexOf('\n\n') + 1);
  const line = await cosignCheckpoint(body, WITNESS, witness, SEEN);
  const policy = parsePolicy(`log ${keys[0]}\nwitness w ${WITNESS_KEY}\nquorum w\n`);
  const cosignatures = new Map([[pin.checkpoint, line]]);
  const held = (log: VerifyOptions, evidence: EvidenceOptions): Held => ({ log, evidence, cosignatures });
  const pinned = (one: Pin): Held => held({ pin: one }, { pins: [one] });
  const ofPin = pinned(pin);
  const { size, root, checkpoint: note } = pin;
  const dated = { size, root, note, notLaterThan: SEEN * 1000, by: 'CN=Stamps' };
  return {
    none: held({}, {}),
    key: held({ keys }, { keys }),
    'old pin': pinned(older),
    pin: ofPin,
    witness: held({ keys, cosigned: { notes: [note + line], policy } }, { keys, policy }),
    'time stamp': held({ keys, dated: [dated] }, ofPin.evidence),
    receipt: held({ keys, cosigned: { notes: [note], policy: null } }, ofPin.evidence),
  };
}
