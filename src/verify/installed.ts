import { sha256 } from '#sha256';
import { tallystick } from '../catalog/tallystick.ts';
import { Malformed } from '../certificates/asn1.ts';
import { type Certificate, parseCertificate } from '../certificates/certificate.ts';
import { certificatesInPem } from '../certificates/pem.ts';
import { Unfit } from '../certificates/unfit.ts';
import { parseVkey } from '../checkpoint/mod.ts';
import { toHex } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { bundleEntries } from '../merkle/mod.ts';
import {
  type AuditRecord,
  decodeEntry,
  isReference,
  type Payload,
  payloadMatches,
  references,
  restorePayloads,
} from '../record/mod.ts';
import type { LogSource } from './source.ts';
import type { WalkedBundle } from './walk.ts';

/** Which certificate a key has from a record on. */
export interface Installed {
  /** The record that says so. */
  readonly seq: number;
  /** null when none is to be used from here on; then `why`. */
  readonly certificate: Certificate | null;
  readonly why: string;
}

/** Certificates that may lie between, at most: a sealed log could name any number. */
const MAX_ISSUERS = 200;
/** Times that one key's certificate changes, at most. */
const MAX_CHANGES = 1_000;

/** Every record of the log's own says this; a producer's text has its quotes escaped. */
const OWN = '"system":"tallystick"';

/** What the records of a log say of the certificates of its keys, gathered while they are read in order. */
export class InstalledCertificates {
  readonly #source: LogSource;
  readonly #byKey = new Map<string, Installed[]>();
  readonly #issuers = new Map<string, Certificate>();
  readonly #unread: number[] = [];

  /** @param keys vkeys of those that seal, or did: of others nothing is kept. */
  constructor(source: LogSource, keys: readonly string[]) {
    this.#source = source;
    for (const key of keys) {
      const { publicKey } = parseVkey(key).spki ?? {};
      if (publicKey !== undefined) this.#byKey.set(toHex(sha256(publicKey)), []);
    }
  }

  /** Certificates that were installed above others: believed only for what an issuer signed. */
  get issuers(): readonly Certificate[] {
    return [...this.#issuers.values()];
  }

  /** Records whose certificates can't be read, so that it is not known whose they are. */
  get unread(): readonly number[] {
    return this.#unread;
  }

  /** Of a key by its SubjectPublicKeyInfo, in order. */
  of(publicKey: Uint8Array): readonly Installed[] {
    return this.#byKey.get(toHex(sha256(publicKey))) ?? [];
  }

  async add({ entries }: WalkedBundle): Promise<void> {
    if (entries === null || !textOf(entries).includes(OWN)) return;
    for (const entry of bundleEntries(entries)) {
      if (textOf(entry).includes(OWN)) await this.#read(entry);
    }
  }

  async #read(entry: Uint8Array): Promise<void> {
    const record = decoded(entry);
    if (record?.system !== tallystick.CERTINSTALLED.system || record.outcome !== 'success') return;
    switch (record.event) {
      case tallystick.CERTINSTALLED.event:
        return this.#install(record, 'CERTIFICATE');
      case tallystick.CERTCHAININSTALLED.event:
        return this.#install(record, 'CERTIFICATECHAIN');
      case tallystick['Enable certificate'].event:
        return this.#enable(record);
      case tallystick['Disable certificate'].event:
        return this.#end(record, 'it was deactivated');
      case tallystick['Delete certificate'].event:
        return this.#end(record, 'it was thrown away');
    }
  }

  async #install(record: AuditRecord, field: string): Promise<void> {
    const certificates = parsed(detail(await this.#whole(record), field));
    const [own, ...issuers] = certificates ?? [];
    if (own === undefined) {
      if (this.#unread.length < MAX_CHANGES) this.#unread.push(record.seq);
      return;
    }
    for (const issuer of issuers) {
      if (this.#issuers.size < MAX_ISSUERS) this.#issuers.set(issuer.digest, issuer);
    }
    this.#note(toHex(sha256(own.spki)), { seq: record.seq, certificate: own, why: '' });
  }

  /** Only the one that was installed last can be brought back. */
  #enable(record: AuditRecord): void {
    const key = detail(record, 'keyHash');
    const digest = detail(record, 'certHash');
    const certificate =
      this.#byKey.get(key)?.findLast((each) => each.certificate?.digest === digest)?.certificate ?? null;
    this.#note(key, { seq: record.seq, certificate, why: 'no record has the one that was activated' });
  }

  #end(record: AuditRecord, why: string): void {
    this.#note(detail(record, 'keyHash'), { seq: record.seq, certificate: null, why });
  }

  #note(key: string, change: Installed): void {
    const changes = this.#byKey.get(key);
    if (changes === undefined) return;
    if (changes.length === MAX_CHANGES) {
      changes.push({ ...change, certificate: null, why: 'it was changed too often to be followed' });
    } else if (changes.length < MAX_CHANGES) changes.push(change);
  }

  /** With the content that is sealed beside it: a long chain is. */
  async #whole(record: AuditRecord): Promise<AuditRecord> {
    const wanted = references(record).map(({ ref }) => ref);
    if (wanted.length === 0) return record;
    const found = new Map<string, Payload>();
    for await (const { digest, salt, bytes } of this.#source.payloads(record.seq, record.seq + 1)) {
      const ref = wanted.find(({ payload }) => payload === digest);
      if (ref === undefined || bytes === null || !payloadMatches(ref, { salt, bytes })) continue;
      found.set(digest, { digest, salt, bytes });
    }
    try {
      return restorePayloads(record, found);
    } catch (error) {
      if (error instanceof TallystickError) return record;
      throw error;
    }
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** null for what is not in canonical form: that is found where records are checked. */
function decoded(entry: Uint8Array): AuditRecord | null {
  try {
    return decodeEntry(entry);
  } catch (error) {
    if (error instanceof TallystickError) return null;
    throw error;
  }
}

/** A text in the details; empty when there is none. */
function detail({ details }: AuditRecord, name: string): string {
  if (details === undefined || isReference(details)) return '';
  const value: unknown = (details as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : '';
}

function parsed(pem: string): readonly Certificate[] | null {
  try {
    return certificatesInPem(pem).map((der) => parseCertificate(der ?? new Uint8Array(0)));
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unfit) return null;
    throw error;
  }
}
