import { createHash } from 'node:crypto';
import { draft, type EventHandle, type Told, type ToldFailure } from '../../src/catalog/mod.ts';
import type { Actor, RecordDraft } from '../../src/record/types.ts';
import { ADDRESSES, type Cast, type Person, START } from './cast.ts';
import type { Random } from './random.ts';

/** Which file a record goes to. */
export type Channel =
  | 'signserver-audit'
  | 'signserver-worker'
  | 'ca-audit'
  | 'kra-audit'
  | 'central-server'
  | 'security-server'
  | 'digicert-audit'
  | 'digicert-signatures';

export interface Line {
  readonly channel: Channel;
  readonly record: RecordDraft;
}

/** A file that is signed: its bytes are made up, its hash is that of the bytes. */
export interface StoryFile {
  readonly name: string;
  /** Lower-case hex SHA-256. */
  readonly hash: string;
  readonly digest: Uint8Array;
  readonly size: number;
}

/** What recurs all month. */
export interface Month {
  /** By which DigiCert knows the key. */
  readonly keypair: string;
  readonly sealFiles: readonly StoryFile[];
  readonly anchor: StoryFile;
}

/** What happens, in the order of time within each channel. */
export class Stage {
  readonly cast: Cast;
  readonly random: Random;
  readonly lines: Line[] = [];
  #requests = 0x4c0;

  constructor(cast: Cast, random: Random) {
    this.cast = cast;
    this.random = random;
  }

  /** ms of a time of day on a day of the month, 1 to 30. */
  at(day: number, time: string): number {
    const [h = 0, m = 0, s = 0] = time.split(':').map(Number);
    return (
      START +
      (((day - 1) * 24 + h) * 60 + m) * 60_000 +
      s * 1000 +
      this.random.fork(`${day} ${time}`).below(1000)
    );
  }

  tell<D extends object>(channel: Channel, event: EventHandle<D>, details: D, told?: Told): void;
  tell<D extends object>(
    channel: Channel,
    event: EventHandle<D>,
    details: Partial<D>,
    told: ToldFailure,
  ): void;
  tell(channel: Channel, event: EventHandle, details: object, told: Told | ToldFailure = {}): void {
    this.lines.push({ channel, record: draft(event, details, told as Told) });
  }

  file(name: string): StoryFile {
    const bytes = this.random.fork(`file ${name}`).bytes(4096);
    const digest = createHash('sha256').update(bytes).digest();
    return { name, hash: digest.toString('hex'), digest, size: bytes.length };
  }

  /** A number by which the certificate authority keeps a request. */
  nextRequest(): string {
    return `0x${(this.#requests++).toString(16)}`;
  }
}

/** The administrator as SignServer sees one. */
export function administrator({ subject, certificate }: Person): Actor {
  return { name: subject, issuer: certificate.issuer, serial: certificate.serial };
}

/** The same person in X-Road's and DigiCert's eyes. */
export function user({ uid, ip }: Person, from: string = ip): Actor {
  return { name: uid, ip: from, auth: 'Session' };
}

export function digicertUser({ name, uid, ip }: Person, from: string = ip): Actor {
  return { name: `${name} (${uid})`, ip: from };
}

export const CI_USER: Actor = { name: 'svc-ci', ip: ADDRESSES.ci };
