import type { KeyObject } from 'node:crypto';
import { tallystick } from '../catalog/tallystick.ts';
import { TokenError } from '../errors.ts';
import { certificatesToPem, checkChain } from '../tokens/chain.ts';
import { readKey } from '../tokens/key-file.ts';
import { type CryptoToken, isUsable, type KeySpec, type TokenKey, testKey } from '../tokens/mod.ts';
import { keyNotFound } from '../tokens/token.ts';
import { checkNotExpired, describeCertificate, readCertificates } from './certificate-file.ts';
import { csrToPem, makeCsr } from './csr.ts';
import { type By, certificateWrite, type Desk, type KeysInForce, keyHash, notesWrite } from './desk.ts';
import { type KeyInfo, type KeyName, keyFields, keyInfo, keysOf, nameFields, newKey } from './key-info.ts';
import { type KeyTestResult, testKeys, testLine } from './key-test.ts';
import type { SealingKey } from './sealing-keys.ts';

export interface CsrAnswer extends KeyName {
  readonly pem: string;
  /** Base64. */
  readonly der: string;
}

/**
 * The keys of a log's tokens, from their making to their removal, and their certificates. Each act is recorded under
 * the name SignServer or X-Road has for it, a failed one with its reason; acts on the keys themselves are guarded: what
 * can't be recorded is not done. Nothing is half done.
 *
 * Throws `TokenError`: TOKEN_NOT_FOUND, KEY_NOT_FOUND, KEY_EXISTS, KEY_IN_USE, KEY_UNSUITABLE, CERTIFICATE_INVALID,
 * CERTIFICATE_NOT_FOUND, USAGE, and what the token itself throws.
 */
export class KeyAdmin {
  readonly #desk: Desk;
  readonly #by: By;

  constructor(desk: Desk, by: By) {
    this.#desk = desk;
    this.#by = by;
  }

  /** The keys of one token, or of all that can be reached. */
  async list({ token: name }: { readonly token?: string } = {}): Promise<KeyInfo[]> {
    const { tokens } = this.#desk;
    if (name !== undefined) return keysOf(this.#desk, await tokens.get(name));
    const all = await Promise.all(
      tokens.list().map(async (token) => {
        try {
          return await keysOf(this.#desk, await tokens.get(token.name));
        } catch (error) {
          // A token that is away is told of by the list of tokens.
          if (error instanceof TokenError) return [];
          throw error;
        }
      }),
    );
    return all.flat();
  }

  generate({ token, alias, spec }: KeyName & { readonly spec: KeySpec }): Promise<KeyInfo> {
    const known = { ...nameFields({ token, alias }), ...keyFields(spec) };
    return this.#guarded(tallystick.KEYGEN, known, async (note) => {
      const made = await (await this.#desk.tokens.get(token)).generate(alias, spec);
      note({ keyHash: keyHash(made.publicKey) });
      return newKey(token, made);
    });
  }

  /** Takes in a private key, PKCS#8 in PEM; `passphrase` is that of an encrypted one. */
  import(given: KeyName & { readonly pem: string; readonly passphrase?: string }): Promise<KeyInfo> {
    const { token, alias, pem, passphrase } = given;
    return this.#guarded(tallystick.KEYIMPORT, nameFields(given), async (note) => {
      const into = await this.#desk.tokens.get(token);
      const made = await into.importKey(alias, privateKey(pem, passphrase));
      note({ keyHash: keyHash(made.publicKey), ...keyFields(made.spec) });
      return newKey(token, made);
    });
  }

  /**
   * Has a key, or with the alias `all` each key of a token, sign something that is verified. Without a name: the keys
   * that seal the log. What fails is told in the results.
   */
  async test(given: { readonly token?: string; readonly alias?: string } = {}): Promise<KeyTestResult[]> {
    const { inForce } = this.#desk;
    if (given.token !== undefined) return this.#test(given.token, given.alias ?? 'all');
    const results: KeyTestResult[] = [];
    for (const { token, alias } of inForce.sealing) results.push(...(await this.#test(token, alias)));
    return results;
  }

  /**
   * A certificate signing request (PKCS#10) for a key, or without a name for the key that seals the log. Kept until it is
   * made anew, thrown away, or fulfilled.
   *
   * @param given `subject` is a distinguished name, RFC 4514 text.
   */
  csr(given: Partial<KeyName> & { readonly subject: string }): Promise<CsrAnswer> {
    const { name, isDefault } = this.#named(given);
    const { subject } = given;
    const known = { ...nameFields(name), FOR_DEFAULTKEY: isDefault };
    return this.#desk.act(tallystick.GENCSR, known, this.#by, async () => {
      const signer = await (await this.#desk.tokens.get(name.token)).signer(name.alias);
      const der = await makeCsr(name.token, signer, subject);
      const base64 = Buffer.from(der).toString('base64');
      const notes = await this.#desk.notes(signer.publicKey);
      const csr = { der: base64, subject, made: Date.now() };
      return {
        answer: { ...name, pem: csrToPem(der), der: base64 },
        details: { CSR: base64, keyHash: keyHash(signer.publicKey) },
        state: [notesWrite(signer.publicKey, { ...notes, csr })],
      };
    });
  }

  /** Throws away the request that is kept for a key. */
  deleteCsr(name: KeyName): Promise<void> {
    return this.#desk.act(tallystick['Delete CSR'], nameFields(name), this.#by, async () => {
      const { publicKey } = await this.#key(name);
      const { csr, ...others } = await this.#desk.notes(publicKey);
      if (csr === undefined) {
        throw new TokenError(
          'CERTIFICATE_NOT_FOUND',
          `no certificate signing request is kept for the key ${name.alias} of token ${name.token}`,
        );
      }
      return {
        answer: undefined,
        details: { keyHash: keyHash(publicKey), csrId: keyHash(Buffer.from(csr.der, 'base64')) },
        state: [notesWrite(publicKey, others)],
      };
    });
  }

  /**
   * Keeps a certificate with its key, and has it active. Issuers that are kept stay when they issued the new one, too.
   *
   * @param given `file` is base64 of a file with one certificate, PEM or DER; without a name it is for the sealing key.
   */
  installCertificate(given: Installed): Promise<KeyInfo> {
    const { name, isDefault } = this.#named(given);
    const scope = isDefault ? { SCOPE: 'NODE', NODE: this.#desk.log.node } : {};
    return this.#desk.act(tallystick.CERTINSTALLED, { ...nameFields(name), ...scope }, this.#by, async () => {
      const [own, ...more] = readCertificates(Buffer.from(given.file, 'base64'));
      if (more.length > 0) {
        throw new TokenError(
          'CERTIFICATE_INVALID',
          `there are ${more.length + 1} certificates; give the key's own, or all of them with install-chain`,
        );
      }
      const { key, token, publicKey } = await this.#key(name);
      const alone = [own as Uint8Array];
      checkChain(name.alias, publicKey, alone);
      const issuers = (await token.certificates(name.alias)).slice(1);
      const chain = isChain(name.alias, publicKey, [...alone, ...issuers]) ? [...alone, ...issuers] : alone;
      const outcome = await this.#install(token, key, chain, given);
      return { ...outcome, details: { CERTIFICATE: certificatesToPem(alone) } };
    });
  }

  /** As `installCertificate`, of a file with the key's own certificate first and each issuer behind what it issued. */
  installChain(given: Installed): Promise<KeyInfo> {
    const { name, isDefault } = this.#named(given);
    const scope = isDefault ? { SCOPE: 'NODE', NODE: this.#desk.log.node } : {};
    const known = { ...nameFields(name), ...scope };
    return this.#desk.act(tallystick.CERTCHAININSTALLED, known, this.#by, async () => {
      const chain = readCertificates(Buffer.from(given.file, 'base64'));
      const { key, token } = await this.#key(name);
      const outcome = await this.#install(token, key, chain, given);
      return { ...outcome, details: { CERTIFICATECHAIN: certificatesToPem(chain) } };
    });
  }

  /** Has the certificate of a key given out, as that of the log when the key seals it. */
  activate(name: KeyName): Promise<void> {
    return this.#setActive(name, true);
  }

  /** Keeps the certificate of a key, and gives it out no more. */
  deactivate(name: KeyName): Promise<void> {
    return this.#setActive(name, false);
  }

  /** Throws away the certificates of a key. */
  deleteCertificate(name: KeyName): Promise<void> {
    return this.#desk.act(tallystick['Delete certificate'], nameFields(name), this.#by, async () => {
      const { token, publicKey } = await this.#key(name);
      const { chain, fields } = await this.#certificate(name, token, publicKey);
      await token.setCertificates(name.alias, []);
      const { inactive: _, ...notes } = await this.#desk.notes(publicKey);
      return {
        answer: undefined,
        details: fields,
        state: [notesWrite(publicKey, notes), ...this.#desk.givenOut(publicKey, [])],
        undo: () => token.setCertificates(name.alias, chain),
      };
    });
  }

  /** Gives a key another alias. KEY_IN_USE while it seals the log or stands by. */
  rename(given: KeyName & { readonly to: string }): Promise<void> {
    const { alias, to } = given;
    const known = { ...nameFields(given), keyFriendlyName: to };
    return this.#guarded(tallystick['Set friendly name to key'], known, async (note) => {
      const { token, publicKey } = await this.#key(given);
      note({ keyHash: keyHash(publicKey) });
      this.#desk.checkNotInUse(alias, publicKey, 'renamed');
      await token.rename(alias, to);
    });
  }

  /** Destroys a key and its certificates, for good. KEY_IN_USE while it seals the log or stands by. */
  remove(name: KeyName): Promise<void> {
    const known = { ...nameFields(name), SUCCESS: false };
    return this.#guarded(tallystick.KEYREMOVE, known, async (note) => {
      const token = await this.#desk.tokens.get(name.token);
      const publicKey = await this.#publicKey(name, token);
      if (publicKey !== null) {
        note({ keyHash: keyHash(publicKey) });
        this.#desk.checkNotInUse(name.alias, publicKey, 'removed');
      }
      await token.remove(name.alias);
      note({ SUCCESS: true });
    });
  }

  /**
   * Has these keys seal the log from now on, in place of those before; each is tested first.
   *
   * @param given with `standBy` the keys are announced instead, in place of those that stood by: none withdraws them.
   * `withoutOld` has keys that stand by take over from keys that are lost: these do not sign the change.
   */
  select(given: {
    readonly keys: readonly KeyName[];
    readonly standBy?: boolean;
    readonly withoutOld?: boolean;
  }): Promise<void> {
    const { log } = this.#desk;
    const [first] = given.keys;
    const known = {
      ...(first === undefined ? {} : nameFields(first)),
      ...{ SCOPE: 'NODE', NODE: log.node },
      ...(given.standBy === true ? { STANDBY: true } : {}),
    };
    const settings = { actor: this.#by };
    return this.#desk.inTurn(async () => {
      const { acts } = this.#desk;
      await acts.repair(tallystick.KEYSELECTED, known, ({ note }) => this.#select(given, note), settings);
      await log.retest(this.#by);
    });
  }

  /** Does what creates, changes or destroys a key: its attempt is sealed before. */
  #guarded<D extends object, T>(
    event: Parameters<Desk['acts']['perform']>[0] & { readonly details?: D },
    details: Partial<D>,
    operation: (note: (details: Partial<D>) => void) => Promise<T>,
  ): Promise<T> {
    return this.#desk.inTurn(() =>
      this.#desk.acts.perform(event, details, ({ note }) => operation((more) => note(more)), {
        actor: this.#by,
      }),
    );
  }

  async #select(
    { keys: names, standBy = false, withoutOld = false }: Parameters<KeyAdmin['select']>[0],
    note: (details: { keyHash: string }) => void,
  ): Promise<void> {
    const { log, inForce, tokens } = this.#desk;
    if (names.length === 0 && !standBy) throw new TokenError('USAGE', 'name the key that is to seal the log');
    if (standBy && withoutOld)
      throw new TokenError('USAGE', 'a key that is announced takes nothing over yet');
    const keys: SealingKey[] = [];
    for (const name of names) keys.push(await this.#sealingKey(name));
    const [first] = keys;
    if (first !== undefined) note({ keyHash: keyHash(first.publicKey) });
    const details = first === undefined ? {} : { ...nameFields(first), keyHash: keyHash(first.publicKey) };
    const change = { signers: keys.map((key) => tokens.signer(key)), details, told: { actor: this.#by } };
    const chosen = new Set(keys.map(({ publicKey }) => keyHash(publicKey)));
    const left = inForce.standBy.filter(({ publicKey }) => !chosen.has(keyHash(publicKey)));
    const after: KeysInForce = standBy
      ? { ...inForce, standBy: keys }
      : { sealing: keys, standBy: left, isSelected: true };
    const state = this.#desk.inForceState(after);
    if (standBy) await log.announceStandBy({ ...change, state });
    else {
      const { token, alias, publicKey } = first as SealingKey;
      const chain = await this.#desk.activeChain(await tokens.get(token), alias, publicKey);
      await log.changeKeys({ ...change, withoutOld, state: [...state, certificateWrite(log.node, chain)] });
    }
    Object.assign(inForce, after);
  }

  #setActive(name: KeyName, active: boolean): Promise<void> {
    const event = tallystick[active ? 'Enable certificate' : 'Disable certificate'];
    return this.#desk.act(event, nameFields(name), this.#by, async () => {
      const { token, publicKey } = await this.#key(name);
      const { chain, fields } = await this.#certificate(name, token, publicKey);
      const { inactive: _, ...notes } = await this.#desk.notes(publicKey);
      const after = active ? notes : { ...notes, inactive: fields.certHash };
      return {
        answer: undefined,
        details: fields,
        state: [notesWrite(publicKey, after), ...this.#desk.givenOut(publicKey, active ? chain : [])],
      };
    });
  }

  async #install(
    token: CryptoToken,
    { alias, publicKey, ...key }: TokenKey,
    chain: readonly Uint8Array[],
    { allowExpired }: Installed,
  ) {
    checkChain(alias, publicKey, chain);
    if (allowExpired !== true) checkNotExpired(chain, Date.now());
    const before = await token.certificates(alias);
    await token.setCertificates(alias, chain);
    return {
      // The request has been fulfilled, and a new certificate is active.
      answer: keyInfo(this.#desk, token.name, { ...key, alias, publicKey }, chain, {}),
      state: [notesWrite(publicKey, {}), ...this.#desk.givenOut(publicKey, chain)],
      undo: () => token.setCertificates(alias, before),
    };
  }

  async #test(name: string, alias: string): Promise<KeyTestResult[]> {
    const known = nameFields({ token: name, alias });
    try {
      const token = await this.#desk.tokens.get(name);
      const results = await testKeys(token, alias);
      const lines = results.map(testLine);
      const bad = results.filter(({ success }) => !success).length;
      const told =
        bad === 0
          ? { actor: this.#by }
          : {
              actor: this.#by,
              outcome: 'failure' as const,
              reason: `${bad} of ${results.length} keys failed`,
            };
      await this.#desk.acts.record(tallystick.KEYTEST, { ...known, TESTRESULTS: lines.join('\n') }, told);
      return results;
    } catch (error) {
      await this.#desk.failed(tallystick.KEYTEST, known, this.#by, error);
      throw error;
    }
  }

  /** The key that is meant: without a name the one that seals the log, the node's default key. */
  #named({ token, alias }: Partial<KeyName>): { name: KeyName; isDefault: boolean } {
    const [sealing] = this.#desk.inForce.sealing as [SealingKey];
    if (token === undefined || alias === undefined) {
      return { name: { token: sealing.token, alias: sealing.alias }, isDefault: true };
    }
    return { name: { token, alias }, isDefault: sealing.token === token && sealing.alias === alias };
  }

  async #key({
    token: name,
    alias,
  }: KeyName): Promise<{ token: CryptoToken; key: TokenKey; publicKey: Uint8Array }> {
    const token = await this.#desk.tokens.get(name);
    const key = (await token.list()).find((each) => each.alias === alias);
    if (key === undefined) throw keyNotFound(name, alias);
    if (!isUsable(key)) throw new TokenError('KEY_UNSUITABLE', key.problem);
    return { token, key, publicKey: key.publicKey };
  }

  /** Of a key that may be removed also when it can't be used. */
  async #publicKey(name: KeyName, token: CryptoToken): Promise<Uint8Array | null> {
    try {
      return (await token.signer(name.alias)).publicKey;
    } catch (error) {
      if (error instanceof TokenError && error.code === 'KEY_UNSUITABLE') return null;
      throw error;
    }
  }

  async #sealingKey({ token, alias }: KeyName): Promise<SealingKey> {
    const { key, token: from } = await this.#key({ token, alias });
    await testKey(from, alias);
    return { token, alias, algorithm: key.algorithm, publicKey: key.publicKey };
  }

  async #certificate(name: KeyName, token: CryptoToken, publicKey: Uint8Array) {
    const chain = await token.certificates(name.alias);
    const [own] = chain;
    if (own === undefined) {
      throw new TokenError(
        'CERTIFICATE_NOT_FOUND',
        `the key ${name.alias} of token ${name.token} has no certificate; install one first`,
      );
    }
    const { sha256 } = describeCertificate(own);
    return { chain, fields: { keyHash: keyHash(publicKey), certHash: sha256, certHashAlgorithm: 'SHA-256' } };
  }
}

/** A certificate, or a chain, that somebody hands in. */
export interface Installed extends Partial<KeyName> {
  /** Base64 of the file. */
  readonly file: string;
  /** Takes certificates that have expired, too. */
  readonly allowExpired?: boolean;
}

function isChain(alias: string, publicKey: Uint8Array, chain: readonly Uint8Array[]): boolean {
  try {
    checkChain(alias, publicKey, chain);
    return true;
  } catch (error) {
    if (error instanceof TokenError) return false;
    throw error;
  }
}

function privateKey(pem: string, passphrase: string | undefined): KeyObject {
  if (/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(pem)) return readKey(pem, 'to import', passphrase);
  throw new TokenError(
    'USAGE',
    'a private key is imported as PKCS#8 in PEM; "openssl pkcs8 -topk8 -in KEY" makes that of other forms',
  );
}
