import type { Catalog, EventInfo } from '../../catalog/catalog.ts';
import { CATALOG } from '../../catalog/define.ts';
import { signserver } from '../../catalog/signserver.ts';
import type { Outcome } from '../../record/types.ts';
import type { ActorText, DraftBuilder, SignatureText } from '../draft.ts';
import type { Flag } from '../flags.ts';

/** What the fields of an event tell of the record's other members, in whatever form SignServer wrote them. */

export const catalog: Catalog = signserver[CATALOG];
const { actor, correlation, reason } = catalog.table;

/** The fields of one event. */
export interface Fields {
  has(name: string): boolean;
  /** All texts a field was given. */
  texts(name: string): readonly string[];
  /** The text of a field that was given exactly once. */
  only(name: string): string | undefined;
}

/** The name under which SignServer acts for a client of a worker. */
const CLIENT = 'client user';

/** SignServer prints the word `null` for what is not there. */
export function isTold(value: string | null | undefined): value is string {
  return value !== null && value !== undefined && value !== '' && value !== 'null';
}

export function told(value: string | null | undefined): string | undefined {
  return isTold(value) ? value : undefined;
}

/**
 * Who acted. For a client the administrator is only `Client user`; then the client's certificate is the
 * actor, or the user an authorizer accepted, if the worker demanded one: without that anybody could put such
 * a field into a file name. A worker's log names no administrator at all.
 */
export function actorOf(fields: Fields, administrator: ActorText | null): ActorText {
  const ip = first(fields, actor.ip);
  const auth = first(fields, actor.auth);
  const client =
    administrator === null || administrator.name?.toLowerCase() === CLIENT ? clientOf(fields, auth) : null;
  if (client === null) return { ...administrator, ip, auth };
  return { ...client, ip, auth, role: administrator?.name };
}

function clientOf(fields: Fields, auth: string | undefined): ActorText | null {
  if (auth === undefined || auth === 'NOAUTH') return null;
  const [subject, ...users] = actor.name ?? [];
  const name = first(fields, subject === undefined ? [] : [subject]);
  if (name !== undefined) {
    return { name, issuer: first(fields, actor.issuer), serial: first(fields, actor.serial) };
  }
  const user = first(fields, users);
  return user === undefined ? null : { name: user };
}

/**
 * Who is the administrator of an actor: of a client that the fields tell, the name under which SignServer
 * acts.
 */
export function administratorOf(told: ActorText | undefined, fields: Fields): ActorText {
  if (told?.role === undefined || told.name === undefined) return told ?? {};
  const head = { name: told.role };
  return actorOf(fields, head).name?.startsWith(told.name) === true ? head : told;
}

/** How outcomes are written. */
export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  success: 'SUCCESS',
  failure: 'FAILURE',
  void: 'VOID',
};

/** The outcome of the word that was written for it, and of what the fields say to that. */
export function outcomeOf(written: string | null, builder: DraftBuilder): Outcome {
  const denied = [...builder.texts('SUCCESS'), ...builder.texts('PROCESS_SUCCESS')].includes('false');
  switch (written) {
    case 'FAILURE':
      return 'failure';
    case 'VOID':
      return 'void';
    case 'SUCCESS':
      // KEYREMOVE reports a key that could not be removed as a success of the event.
      if (denied) builder.flag('outcome-deduced');
      return denied ? 'failure' : 'success';
    case null: {
      builder.flag('outcome-deduced');
      return denied || builder.has('EXCEPTION') || builder.has('ERROR') ? 'failure' : 'success';
    }
    default:
      builder.flag('unknown-outcome');
      builder.add('OUTCOME', written);
      return 'void';
  }
}

/** Why an event failed. */
export function reasonOf(fields: Fields): string | undefined {
  for (const name of reason) {
    const text = told(fields.texts(name)[0]);
    if (text !== undefined) return text;
  }
  return undefined;
}

export function correlationOf(fields: Fields): string | undefined {
  return first(fields, correlation);
}

/** Of an event that signs, what is known of the signature. */
export function signatureOf(
  event: EventInfo | null,
  fields: Fields,
  flags: Set<Flag>,
): SignatureText | undefined {
  if (event?.action !== 'sign') return undefined;
  const digest = told(fields.only('REQUEST_DIGEST'));
  const isHex = digest !== undefined && /^[0-9a-fA-F]+$/.test(digest);
  if (digest !== undefined && !isHex) flags.add('malformed-value');
  return {
    hash: isHex ? digest.toLowerCase() : undefined,
    hashAlgorithm: told(fields.only('REQUEST_DIGEST_ALGORITHM')),
    algorithm: told(fields.only('KEY_ALGORITHM')),
    keyAlias: told(fields.only('KEYALIAS')),
  };
}

function first(fields: Fields, names: readonly string[] = []): string | undefined {
  for (const name of names) {
    const text = told(fields.only(name));
    if (text !== undefined) return text;
  }
  return undefined;
}
