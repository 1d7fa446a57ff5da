import { X509Certificate } from 'node:crypto';
import { sha256 } from '#sha256';
import type { ActSettings, Acts } from '../acts/acts.ts';
import type { EventHandle } from '../catalog/define.ts';
import { equalBytes, toHex } from '../crypto/bytes.ts';
import type { Signer } from '../crypto/signer.ts';
import { TallystickError, TokenError } from '../errors.ts';
import type { StateWrite } from '../store/store.ts';
import type { CryptoToken } from '../tokens/mod.ts';
import { describeCertificate } from './certificate-file.ts';
import {
  certificateState,
  formatSealingKeys,
  type SealingKey,
  sealingState,
  standByState,
} from './sealing-keys.ts';
import type { Tokens } from './tokens.ts';

/** What administration needs of the log whose keys it looks after. */
export interface KeptLog {
  readonly node: string;
  /** What the state has under a key, or will have once what waits is sealed. */
  value(key: string): Promise<string | undefined>;
  /** As `Log.changeKeys`. */
  changeKeys(change: KeyChange): Promise<unknown>;
  /** As `Log.announceStandBy`. */
  announceStandBy(change: Omit<KeyChange, 'withoutOld'>): Promise<unknown>;
  /** Runs the self-tests again that kept the log from taking records: what they missed may be there now. */
  retest(by: By): Promise<void>;
}

/** Which keys seal the log, or stand by, from now on. */
interface KeyChange {
  readonly signers: readonly Signer[];
  readonly details: { readonly KEYALIAS?: string; readonly CRYPTOTOKEN?: string; readonly keyHash?: string };
  readonly told: { readonly actor: By };
  /** Committed with the change. */
  readonly state: readonly StateWrite[];
  readonly withoutOld?: boolean;
}

/** Which keys seal the log now, in their order, and which stand by. Shared by all who administer it. */
export interface KeysInForce {
  sealing: readonly SealingKey[];
  standBy: readonly SealingKey[];
  /** Whether `sealing` was selected; otherwise it is the key the log began with. */
  isSelected: boolean;
}

/** Who does it, as the records name them. */
export type By = ActSettings['actor'];

/** What an act comes to. */
interface Outcome<D, T> {
  readonly answer: T;
  /** Fields that are known now; added to those given. */
  readonly details?: Partial<D>;
  readonly state?: readonly StateWrite[];
  /** Takes back what was done outside of the state, when it can't be recorded. */
  readonly undo?: () => Promise<void>;
}

/** What is kept of a key besides what its token keeps: under the digest of its public key, whatever it is called. */
export interface KeyNotes {
  /** The newest certificate signing request that was not thrown away. */
  readonly csr?: { readonly der: string; readonly subject: string; readonly made: number };
  /** SHA-256 of the certificate that is not to be used. */
  readonly inactive?: string;
}

/** What the administration of tokens and of keys share: where acts are recorded, one after another. */
export class Desk {
  readonly log: KeptLog;
  readonly tokens: Tokens;
  readonly acts: Pick<Acts, 'perform' | 'repair' | 'record'>;
  readonly inForce: KeysInForce;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ log, tokens, acts, inForce }: Pick<Desk, 'log' | 'tokens' | 'acts' | 'inForce'>) {
    this.log = log;
    this.tokens = tokens;
    this.acts = acts;
    this.inForce = inForce;
  }

  /** Lets acts wait for one another, so that what one has looked at does not change under it. */
  inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Does what changes state, or can be taken back: record and state are committed together. What failed is recorded as
   * a failure with its reason.
   *
   * @param details what the record says even when it fails.
   */
  act<D extends object, T>(
    event: EventHandle<D>,
    details: Partial<D>,
    actor: By,
    operation: () => Promise<Outcome<D, T>>,
  ): Promise<T> {
    return this.inTurn(async () => {
      let outcome: Outcome<D, T>;
      try {
        outcome = await operation();
      } catch (error) {
        await this.failed(event, details, actor, error);
        throw error;
      }
      const { answer, state = [], undo } = outcome;
      try {
        await this.acts.record(event, { ...details, ...outcome.details }, { actor, state });
      } catch (error) {
        await undo?.();
        throw error;
      }
      return answer;
    });
  }

  /** Records an attempt that failed. That it can't be recorded changes nothing about why it failed. */
  async failed<D extends object>(
    event: EventHandle<D>,
    details: Partial<D>,
    actor: By,
    error: unknown,
  ): Promise<void> {
    const reason = error instanceof TallystickError ? error.message : 'a defect in Tallystick';
    await this.acts
      .record(event, details, { actor, outcome: 'failure', reason: reason.slice(0, 1_000) })
      .catch(() => undefined);
  }

  /**
   * What the keys of this name are to the log: whether it seals, or stands by. By its digest, so that a key is known
   * under whatever name.
   */
  roleOf(publicKey: Uint8Array): 'seals' | 'stands by' | null {
    const is = (key: SealingKey): boolean => equalBytes(key.publicKey, publicKey);
    if (this.inForce.sealing.some(is)) return 'seals';
    return this.inForce.standBy.some(is) ? 'stands by' : null;
  }

  /** Throws `TokenError` KEY_IN_USE. */
  checkNotInUse(alias: string, publicKey: Uint8Array, what: string): void {
    const role = this.roleOf(publicKey);
    if (role === null) return;
    throw new TokenError(
      'KEY_IN_USE',
      role === 'seals'
        ? `the key ${alias} seals the log and cannot be ${what}; select another key first`
        : `the key ${alias} stands by and cannot be ${what}; select it, or another key, first`,
    );
  }

  async notes(publicKey: Uint8Array): Promise<KeyNotes> {
    const text = await this.log.value(notesKey(publicKey));
    return text === undefined ? {} : (JSON.parse(text) as KeyNotes);
  }

  /** The certificates of a key as they are given out: none while its own is not active. */
  async activeChain(
    token: CryptoToken,
    alias: string,
    publicKey: Uint8Array,
  ): Promise<readonly Uint8Array[]> {
    const chain = await token.certificates(alias);
    const [own] = chain;
    if (own === undefined) return [];
    const { inactive } = await this.notes(publicKey);
    return describeCertificate(own).sha256 === inactive ? [] : chain;
  }

  /** The state of what is given out when these are the certificates of a key; nothing when it is not the sealing key. */
  givenOut(publicKey: Uint8Array, chain: readonly Uint8Array[]): StateWrite[] {
    const [first] = this.inForce.sealing;
    return first !== undefined && equalBytes(first.publicKey, publicKey)
      ? [certificateWrite(this.log.node, chain)]
      : [];
  }

  /** The state that names the keys in force. */
  inForceState({ sealing, standBy, isSelected }: KeysInForce): StateWrite[] {
    const { node } = this.log;
    return [
      { key: sealingState(node), value: isSelected ? formatSealingKeys(sealing) : null },
      { key: standByState(node), value: standBy.length === 0 ? null : formatSealingKeys(standBy) },
    ];
  }
}

export function certificateWrite(node: string, chain: readonly Uint8Array[]): StateWrite {
  const pem = chain.map((der) => new X509Certificate(der).toString()).join('');
  return { key: certificateState(node), value: pem === '' ? null : pem };
}

export function notesWrite(publicKey: Uint8Array, notes: KeyNotes): StateWrite {
  const isEmpty = notes.csr === undefined && notes.inactive === undefined;
  return { key: notesKey(publicKey), value: isEmpty ? null : JSON.stringify(notes) };
}

/** SHA-256 of SubjectPublicKeyInfo, lower-case hex: what a key is known by. */
export function keyHash(publicKey: Uint8Array): string {
  return toHex(sha256(publicKey));
}

function notesKey(publicKey: Uint8Array): string {
  return `keys/${keyHash(publicKey)}`;
}
