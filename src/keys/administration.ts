import type { By, Desk } from './desk.ts';
import { KeyAdmin } from './key-admin.ts';
import { TokenAdmin } from './token-admin.ts';

/** Tokens and keys, as one person administers them. */
export interface Administration {
  readonly tokens: TokenAdmin;
  readonly keys: KeyAdmin;
}

export function administration(desk: Desk, by: By): Administration {
  return { tokens: new TokenAdmin(desk, by), keys: new KeyAdmin(desk, by) };
}

type Method = (given: never) => Promise<unknown>;
type Methods<T> = { [K in keyof T]: T[K] extends Method ? K : never }[keyof T] & string;
type MethodOf<A extends Act> = A extends `${infer P extends keyof Administration}/${infer M}`
  ? M extends keyof Administration[P]
    ? Administration[P][M]
    : never
  : never;

/** An act by name, as it goes over a wire: `keys/generate`. */
export type Act = `tokens/${Methods<TokenAdmin>}` | `keys/${Methods<KeyAdmin>}`;
/** What it is given and what it answers: JSON both. */
export type Given<A extends Act> =
  MethodOf<A> extends (given: infer G extends object) => unknown ? G : object;
export type Answer<A extends Act> = MethodOf<A> extends (given: never) => Promise<infer R> ? R : never;

/** Does an act by its name. What is given must have the shape that the act takes. */
export function administer<A extends Act>(by: Administration, act: A, given: Given<A>): Promise<Answer<A>> {
  const [part, method] = act.split('/') as ['tokens', keyof TokenAdmin];
  const admin = by[part];
  return (admin[method] as Method).call(admin, given as never) as Promise<Answer<A>>;
}
