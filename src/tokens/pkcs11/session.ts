import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import type { SignatureAlgorithm } from '../../crypto/signer.ts';
import { TokenError } from '../../errors.ts';
import { keyKind, SEALING_KEYS, spkiOf } from '../key-kind.ts';
import {
  type KeySpec,
  keyExists,
  keyNotFound,
  type TokenKey,
  type UnusableKey,
  unsupported,
} from '../token.ts';
import { certificateNames } from './certificate.ts';
import {
  type Attribute,
  CKA,
  CKC_X_509,
  CKF,
  CKK,
  CKM,
  CKO,
  CKR,
  CKU_USER,
  type Cryptoki,
  type Handle,
  returnValue,
  USER_STATES,
} from './cryptoki.ts';
import { derOfP256 } from './ecdsa.ts';
import { isLost, isPinNeeded, pinNeeded, tokenError } from './errors.ts';
import type { Library } from './library.ts';
import { ED25519_PARAMS, P256_PARAMS, publicKeyOf, publicKeyOfCertificate } from './public-key.ts';

/**
 * Which of a library's slots holds the token: by the token's label (which stays when devices are plugged elsewhere),
 * by the slot's number, or by its place among the slots that hold a token, from 0.
 */
export type SlotChoice =
  | { readonly label: string }
  | { readonly number: number }
  | { readonly index: number };

export interface SessionOptions {
  readonly slot: SlotChoice;
  /** The token's name, for messages. */
  readonly token: string;
  readonly logsIn: boolean;
}

interface PrivateKey {
  readonly alias: string;
  readonly handle: Handle;
  readonly id: Buffer;
}

interface SealingKey extends PrivateKey {
  readonly key: TokenKey;
}

const MAX_OBJECTS = 10_000;
/** Longer than any signature made here. */
const SIGNATURE_BYTES = 1_024;
const EXPONENT_65537 = Buffer.of(1, 0, 1);

const SIGN_MECHANISM: Readonly<Partial<Record<SignatureAlgorithm, number>>> = {
  ed25519: CKM.EDDSA,
  // Over a digest that is made here: not every library has the mechanism that hashes.
  'ecdsa-p256': CKM.ECDSA,
  'rsa-sha256': CKM.SHA256_RSA_PKCS,
};

/**
 * One token of a library, worked with one call after another, each of which may block. A session that was lost is
 * opened again by the next call; what can be repeated is, once.
 */
export class Session {
  /** Whether its PIN comes without anybody being asked. */
  readonly logsIn: boolean;
  readonly #library: Library;
  readonly #choice: SlotChoice;
  readonly #name: string;
  #handle: Handle | null = null;
  readonly #keys = new Map<string, SealingKey>();

  constructor(library: Library, { slot, token, logsIn }: SessionOptions) {
    this.#library = library;
    this.#choice = slot;
    this.#name = token;
    this.logsIn = logsIn;
    library.sessions.add(this);
  }

  get isOpen(): boolean {
    return this.#handle !== null;
  }

  /** Connects. Throws `pinNeeded` when nobody is logged in, here as in all that follows. */
  ready(): void {
    this.#run(() => undefined, 'repeatable');
  }

  login(pin: string): void {
    this.#guarded(() => {
      const session = this.#connect();
      if (this.#isLoggedIn(session)) return;
      try {
        this.#c.C_Login(session, CKU_USER, pin);
      } catch (error) {
        if (returnValue(error) !== CKR.USER_ALREADY_LOGGED_IN) throw error;
      }
    });
  }

  /** Ends the session: with the last one of a token its user is logged out. */
  logout(): void {
    if (this.#handle !== null) {
      try {
        this.#c.C_Logout(this.#handle);
      } catch (error) {
        // A token that is away has logged out.
        if (returnValue(error) === null) throw error;
      }
    }
    this.#drop();
  }

  close(): void {
    this.#drop();
    this.#library.sessions.delete(this);
  }

  list(): (TokenKey | UnusableKey)[] {
    return this.#run((session) => {
      const keys = this.#privateKeys(session, []);
      return keys.map((key) => {
        const isAlone = keys.filter(({ alias }) => alias === key.alias).length === 1;
        return isAlone ? this.#describe(session, key) : ambiguous(key.alias);
      });
    }, 'repeatable');
  }

  key(alias: string): TokenKey {
    return this.#run((session) => this.#sealingKey(session, alias).key, 'repeatable');
  }

  sign(alias: string, data: Uint8Array): Uint8Array {
    return this.#run((session) => {
      const { handle, key } = this.#sealingKey(session, alias);
      const mechanism = SIGN_MECHANISM[key.algorithm] as number;
      const isEcdsa = mechanism === CKM.ECDSA;
      const input = isEcdsa ? createHash('sha256').update(data).digest() : Buffer.from(data);
      this.#c.C_SignInit(session, { mechanism }, handle);
      const signature = this.#c.C_Sign(session, input, Buffer.alloc(SIGNATURE_BYTES));
      return isEcdsa ? derOfP256(signature) : new Uint8Array(signature);
    }, 'repeatable');
  }

  generate(alias: string, spec: KeySpec): TokenKey {
    const kind = keyPair(this.#name, spec);
    return this.#run((session) => {
      if (this.#privateKeys(session, [text(CKA.LABEL, alias)]).length > 0) throw keyExists(this.#name, alias);
      const common = [
        { type: CKA.TOKEN, value: true },
        text(CKA.LABEL, alias),
        { type: CKA.ID, value: randomBytes(20) },
      ];
      this.#c.C_GenerateKeyPair(
        session,
        { mechanism: kind.mechanism },
        [...common, { type: CKA.VERIFY, value: true }, ...kind.parameters],
        [
          ...common,
          { type: CKA.PRIVATE, value: true },
          { type: CKA.SENSITIVE, value: true },
          { type: CKA.EXTRACTABLE, value: false },
          { type: CKA.SIGN, value: true },
        ],
      );
      return this.#sealingKey(session, alias).key;
    });
  }

  rename(alias: string, to: string): void {
    this.#run((session) => {
      const key = this.#onlyKey(session, alias);
      if (this.#privateKeys(session, [text(CKA.LABEL, to)]).length > 0) throw keyExists(this.#name, to);
      const publicKeys = this.#find(session, [is(CKO.PUBLIC_KEY), ...identity(key)]);
      // The private key last: its label is the alias.
      const objects = [...this.#certificatesOf(session, key), ...publicKeys, key.handle];
      const done: Handle[] = [];
      try {
        for (const object of objects) {
          this.#c.C_SetAttributeValue(session, object, [text(CKA.LABEL, to)]);
          done.push(object);
        }
      } catch (error) {
        for (const object of done) this.#c.C_SetAttributeValue(session, object, [text(CKA.LABEL, alias)]);
        throw error;
      }
      this.#keys.delete(alias);
    });
  }

  remove(alias: string): void {
    this.#run((session) => {
      const key = this.#onlyKey(session, alias);
      this.#keys.delete(alias);
      const certificates = this.#certificatesOf(session, key);
      const publicKeys = this.#find(session, [is(CKO.PUBLIC_KEY), ...identity(key)]);
      // The private key first: once it is gone, the key is; what is left behind says nothing.
      for (const handle of [key.handle, ...publicKeys, ...certificates])
        this.#c.C_DestroyObject(session, handle);
    });
  }

  /** The key's certificates and whatever others the token holds, DER, in no order. */
  certificates(): Uint8Array[] {
    return this.#run((session) => {
      const handles = this.#find(session, [is(CKO.CERTIFICATE)]);
      return handles.map((handle) => new Uint8Array(this.#value(session, handle, CKA.VALUE)));
    }, 'repeatable');
  }

  /** @param chain DER, the key's own first. */
  setCertificates(alias: string, chain: readonly Uint8Array[]): void {
    this.#run((session) => {
      const key = this.#sealingKey(session, alias);
      const before = this.#certificatesOf(session, key);
      const made: Handle[] = [];
      try {
        for (const [i, der] of chain.entries()) {
          const id = i === 0 ? key.id : createHash('sha256').update(der).digest().subarray(0, 20);
          made.push(this.#c.C_CreateObject(session, certificate(alias, id, der)));
        }
      } catch (error) {
        for (const handle of made) this.#c.C_DestroyObject(session, handle);
        throw error;
      }
      for (const handle of before) this.#c.C_DestroyObject(session, handle);
    });
  }

  get #c(): Cryptoki {
    return this.#library.cryptoki;
  }

  /**
   * Acts with a session whose user is logged in. An act that failed with the session is repeated when it may be: one
   * that changes the token is not, since it may have been done.
   */
  #run<T>(act: (session: Handle) => T, repeat?: 'repeatable'): T {
    const once = () => {
      const session = this.#connect();
      if (!this.#isLoggedIn(session)) throw pinNeeded(this.#name);
      return act(session);
    };
    const wasOpen = this.isOpen;
    try {
      return this.#guarded(once);
    } catch (error) {
      const isWorthIt = wasOpen && repeat !== undefined && error instanceof TokenError && isLost(error);
      if (!isWorthIt) throw error;
      try {
        return this.#guarded(once);
      } catch (again) {
        throw isPinNeeded(again) ? pinNeeded(this.#name, error) : again;
      }
    }
  }

  #guarded<T>(act: () => T): T {
    try {
      return act();
    } catch (cause) {
      const error = tokenError(this.#name, cause);
      if (isLost(error)) this.#drop();
      throw error;
    }
  }

  #connect(): Handle {
    if (this.#handle !== null) return this.#handle;
    try {
      this.#handle = this.#open();
    } catch (error) {
      if (!isLost(tokenError(this.#name, error)) || !this.#library.restart(this)) throw error;
      this.#handle = this.#open();
    }
    return this.#handle;
  }

  #open(): Handle {
    this.#library.initialize();
    const slot = this.#findSlot();
    try {
      return this.#c.C_OpenSession(slot, CKF.SERIAL_SESSION | CKF.RW_SESSION);
    } catch (error) {
      if (returnValue(error) !== CKR.TOKEN_WRITE_PROTECTED) throw error;
      return this.#c.C_OpenSession(slot, CKF.SERIAL_SESSION);
    }
  }

  #findSlot(): Handle {
    const slots = this.#c.C_GetSlotList(true);
    const choice = this.#choice;
    if ('index' in choice) {
      const slot = slots[choice.index];
      if (slot !== undefined) return slot;
      throw this.#absent(`${slots.length} slots hold a token, none has the index ${choice.index}`);
    }
    if ('number' in choice) {
      const slot = slots.find((each) => slotNumber(each) === choice.number);
      if (slot !== undefined) return slot;
      throw this.#absent(
        `no token is in slot ${choice.number}; there are tokens in ${slots.map(slotNumber)}`,
      );
    }
    const labels = slots.map((slot) => this.#c.C_GetTokenInfo(slot).label.trimEnd());
    const fitting = slots.filter((_, i) => labels[i] === choice.label);
    const [slot] = fitting;
    const label = JSON.stringify(choice.label);
    if (fitting.length > 1) {
      throw this.#absent(
        `the tokens in slots ${fitting.map(slotNumber)} are all labelled ${label}; choose one by its slot's number`,
      );
    }
    if (slot !== undefined) return slot;
    const known = labels.filter((each) => each !== '').map((each) => JSON.stringify(each));
    throw this.#absent(`no token is labelled ${label}; there are ${known.join(', ') || 'none'}`);
  }

  #absent(why: string): TokenError {
    return new TokenError('TOKEN_UNAVAILABLE', `token ${this.#name} is not there: ${why}`);
  }

  #isLoggedIn(session: Handle): boolean {
    return USER_STATES.includes(this.#c.C_GetSessionInfo(session).state);
  }

  forget(): void {
    this.#keys.clear();
    this.#handle = null;
  }

  #drop(): void {
    const handle = this.#handle;
    this.forget();
    if (handle === null) return;
    try {
      this.#c.C_CloseSession(handle);
    } catch (error) {
      // It was lost.
      if (returnValue(error) === null) throw error;
    }
  }

  #sealingKey(session: Handle, alias: string): SealingKey {
    const known = this.#keys.get(alias);
    if (known !== undefined) return known;
    const key = this.#onlyKey(session, alias);
    const described = this.#describe(session, key);
    if ('problem' in described) throw new TokenError('KEY_UNSUITABLE', described.problem);
    const found = { ...key, key: described };
    this.#keys.set(alias, found);
    return found;
  }

  #onlyKey(session: Handle, alias: string): PrivateKey {
    const [key, ...others] = this.#privateKeys(session, [text(CKA.LABEL, alias)]);
    if (key === undefined) throw keyNotFound(this.#name, alias);
    if (others.length > 0) throw new TokenError('KEY_UNSUITABLE', ambiguous(alias).problem);
    return key;
  }

  #describe(session: Handle, key: PrivateKey): TokenKey | UnusableKey {
    const { alias } = key;
    const publicKey = this.#publicKey(session, key);
    const kind = publicKey && keyKind(publicKey);
    if (publicKey !== null && kind !== null && SIGN_MECHANISM[kind.algorithm] !== undefined) {
      return { alias, ...kind, publicKey: spkiOf(publicKey) };
    }
    const problem = `the key ${alias} of token ${this.#name} cannot seal: it has no public key or certificate of its own id beside it, or none of these kinds: ${SEALING_KEYS}`;
    return { alias, problem };
  }

  #publicKey(session: Handle, key: PrivateKey): KeyObject | null {
    const [object] = this.#find(session, [is(CKO.PUBLIC_KEY), ...identity(key)]);
    if (object !== undefined) {
      const value = (type: number) => this.#value(session, object, type);
      const keyType = unsigned(value(CKA.KEY_TYPE));
      const none = Buffer.alloc(0);
      return publicKeyOf({
        keyType,
        modulus: keyType === CKK.RSA ? value(CKA.MODULUS) : none,
        exponent: keyType === CKK.RSA ? value(CKA.PUBLIC_EXPONENT) : none,
        params: keyType === CKK.RSA ? none : value(CKA.EC_PARAMS),
        point: keyType === CKK.RSA ? none : value(CKA.EC_POINT),
      });
    }
    const [own] = this.#find(session, [is(CKO.CERTIFICATE), ...identity(key)]);
    return own === undefined ? null : publicKeyOfCertificate(this.#value(session, own, CKA.VALUE));
  }

  #privateKeys(session: Handle, template: readonly Attribute[]): PrivateKey[] {
    return this.#find(session, [is(CKO.PRIVATE_KEY), ...template])
      .map((handle) => ({
        alias: this.#value(session, handle, CKA.LABEL).toString('utf8'),
        handle,
        id: this.#value(session, handle, CKA.ID),
      }))
      .sort((a, b) => (a.alias < b.alias ? -1 : 1));
  }

  /** Those kept for a key: its own, by its id, and its issuers, by their label. */
  #certificatesOf(session: Handle, key: PrivateKey): Handle[] {
    const own = this.#find(session, [is(CKO.CERTIFICATE), ...identity(key)]);
    const labelled = this.#find(session, [is(CKO.CERTIFICATE), text(CKA.LABEL, key.alias)]);
    return [...own, ...labelled.filter((handle) => !own.some((other) => other.equals(handle)))];
  }

  #find(session: Handle, template: readonly Attribute[]): Handle[] {
    this.#c.C_FindObjectsInit(session, template);
    const found: Handle[] = [];
    try {
      for (let some = this.#next(session); some.length > 0; some = this.#next(session)) {
        found.push(...some);
        if (found.length > MAX_OBJECTS) {
          throw new TokenError(
            'TOKEN_UNSUPPORTED',
            `token ${this.#name} has more than ${MAX_OBJECTS} objects`,
          );
        }
      }
    } finally {
      this.#c.C_FindObjectsFinal(session);
    }
    return found;
  }

  #next(session: Handle): Handle[] {
    return this.#c.C_FindObjects(session, 100);
  }

  #value(session: Handle, object: Handle, type: number): Buffer {
    return this.#c.C_GetAttributeValue(session, object, [{ type }])[0]?.value ?? Buffer.alloc(0);
  }
}

function keyPair(token: string, spec: KeySpec): { mechanism: number; parameters: Attribute[] } {
  if (spec === 'ed25519') {
    return {
      mechanism: CKM.EC_EDWARDS_KEY_PAIR_GEN,
      parameters: [{ type: CKA.EC_PARAMS, value: ED25519_PARAMS }],
    };
  }
  if (spec === 'ecdsa-p256') {
    return { mechanism: CKM.EC_KEY_PAIR_GEN, parameters: [{ type: CKA.EC_PARAMS, value: P256_PARAMS }] };
  }
  const bits = Number(/^rsa-(2048|3072|4096)$/.exec(spec)?.[1]);
  if (Number.isNaN(bits)) {
    throw unsupported(
      token,
      `make a key ${spec}`,
      'PKCS#11 tokens make ed25519, ecdsa-p256 and rsa-2048, -3072, -4096',
    );
  }
  return {
    mechanism: CKM.RSA_PKCS_KEY_PAIR_GEN,
    parameters: [
      { type: CKA.MODULUS_BITS, value: bits },
      { type: CKA.PUBLIC_EXPONENT, value: EXPONENT_65537 },
    ],
  };
}

function certificate(alias: string, id: Buffer, der: Uint8Array): Attribute[] {
  const { subject, issuer, serial } = certificateNames(der);
  return [
    is(CKO.CERTIFICATE),
    { type: CKA.CERTIFICATE_TYPE, value: CKC_X_509 },
    { type: CKA.TOKEN, value: true },
    { type: CKA.PRIVATE, value: false },
    text(CKA.LABEL, alias),
    { type: CKA.ID, value: id },
    { type: CKA.SUBJECT, value: Buffer.from(subject) },
    { type: CKA.ISSUER, value: Buffer.from(issuer) },
    { type: CKA.SERIAL_NUMBER, value: Buffer.from(serial) },
    { type: CKA.VALUE, value: Buffer.from(der) },
  ];
}

function ambiguous(alias: string): UnusableKey {
  return {
    alias,
    problem: `two private keys are labelled ${alias}; give one of them another label on the device`,
  };
}

function is(objectClass: number): Attribute {
  return { type: CKA.CLASS, value: objectClass };
}

/** What ties public key and certificate to a private key. */
function identity({ id, alias }: PrivateKey): Attribute[] {
  return [id.length > 0 ? { type: CKA.ID, value: id } : text(CKA.LABEL, alias)];
}

function text(type: number, value: string): Attribute {
  return { type, value: Buffer.from(value, 'utf8') };
}

/** CK_ULONG, as long as the platform has it. */
function unsigned(value: Buffer): number {
  return value.length === 0 ? -1 : value.readUIntLE(0, Math.min(value.length, 6));
}

function slotNumber(slot: Handle): number {
  return unsigned(slot);
}
