import {
  checkPinSigned,
  Keyring,
  openCheckpoint,
  type Pin,
  parseCheckpoint,
  parseNote,
  type VerifierKey,
} from '../checkpoint/mod.ts';
import { TallystickError } from '../errors.ts';
import { type Era, erasAt, type KeyHistory, readKeyHistory, retiredAt } from './key-history.ts';
import type { Trust } from './report.ts';
import type { LogSource } from './source.ts';

/** What opening a checkpoint came to. */
export type Opening =
  | {
      readonly result: 'good';
      readonly trust: Trust;
      /** vkeys whose signature is good and counts. */
      readonly keys: readonly string[];
      /** vkeys that had to sign and have, in a way that this platform cannot check. */
      readonly unchecked: readonly string[];
      /** Who else signed: keys not known, or without say at this size. */
      readonly strangers: readonly string[];
    }
  | {
      readonly result: 'bad-checkpoint' | 'bad-signature' | 'unknown-key' | 'missing-signature';
      readonly message: string;
    };

/** What one who is trusted demands: by era the vkeys that all have to sign. */
interface Demand {
  readonly trust: Trust;
  readonly byEra: readonly (readonly string[])[];
}

/** Keys that are not in the log's history: they hold for every size. `every`: all have to sign, else one is enough. */
interface Fixed {
  readonly trust: Trust;
  readonly keys: readonly string[];
  readonly every: boolean;
}

/**
 * Whose signatures a verifier demands of a checkpoint of each size: from the keys it was given it follows the log's
 * key changes, forwards.
 *
 * - A pin's keys are those that have to sign at the pin's size: all of the log's, or fewer where whoever pinned chose
 *   so. A key change takes away what it takes away, and adds what it adds.
 * - Keys given by the caller hold likewise from the first of the log's eras that has one of them.
 * - Whatever is given is demanded, one beside the other: a second thing to stand on never weakens the first.
 * - Without either the log's own first keys are followed.
 * - Checkpoints from before are held to all keys of their era: the records that name those are under the signed root.
 */
export class KeyPolicy {
  readonly history: KeyHistory | null;
  /** Trouble with the pin itself, null when there is none: the key that signed it seals no more at its size. */
  readonly pinTrouble: string | null;
  /** Whether every record that may tell of keys could be read. Where not, a key that is not known may be the log's own. */
  readonly isFollowed: boolean;
  readonly #origin: string;
  readonly #size: number;
  readonly #keyring: Keyring;
  readonly #demands: readonly (Demand | Fixed)[];

  private constructor(
    { origin, size }: { readonly origin: string; readonly size: number },
    history: KeyHistory | null,
    keyring: Keyring,
    demands: readonly (Demand | Fixed)[],
    pinTrouble: string | null,
    isFollowed: boolean,
  ) {
    this.isFollowed = isFollowed;
    this.#origin = origin;
    this.#size = size;
    this.history = history;
    this.#keyring = keyring;
    this.#demands = demands;
    this.pinTrouble = pinTrouble;
  }

  /**
   * Reads the log's key history and finds the place in it of those who are trusted: a pin, and lists of keys, of each of which
   * one at least is the log's. Throws `ProofError` KEY_INVALID
   * for a bad vkey of the caller, `UsageError` PIN_INVALID for a pin whose own checkpoint its keys did not sign.
   */
  static async read(
    source: LogSource,
    head: { readonly origin: string; readonly size: number },
    pin: Pin | undefined,
    given: readonly (readonly string[])[] = [],
  ): Promise<KeyPolicy> {
    let isFollowed = true;
    const history = await readKeyHistory(source, head.origin, head.size, () => {
      isFollowed = false;
    });
    return KeyPolicy.of(history, head, pin, given, isFollowed);
  }

  /** As `read`, with the key history known. */
  static async of(
    found: KeyHistory | null,
    head: { readonly origin: string; readonly size: number },
    pin: Pin | undefined,
    given: readonly (readonly string[])[] = [],
    isFollowed: boolean = true,
  ): Promise<KeyPolicy> {
    if (pin !== undefined) await checkPinSigned(pin);
    const trusted = [...(pin?.keys ?? []), ...given.flat()];
    const { keyring, history } = ringOf(trusted, found);
    const demands: (Demand | Fixed)[] = [];
    let pinTrouble: string | null = null;
    if (pin !== undefined) {
      const placed = pinned(pin, head, history);
      pinTrouble = placed.trouble;
      demands.push(placed.demand);
    }
    for (const keys of given) if (keys.length > 0) demands.push(givenBy(keys, history));
    if (trusted.length === 0 && history !== null) demands.push(ownOf(history));
    return new KeyPolicy(head, history, keyring, demands, pinTrouble, isFollowed);
  }

  /** Whether any key is known. */
  get knowsKeys(): boolean {
    return this.#demands.length > 0;
  }

  /**
   * vkeys that have to sign what is sealed from now on: what a pin is to hold.
   *
   * @param head the trust that it stands on, and who signed it.
   */
  required({ trust, keys }: { readonly trust: Trust; readonly keys: readonly string[] }): readonly string[] {
    const demanded = this.#demands.filter((demand) => demand.trust === trust);
    const required = demanded.flatMap((demand) => {
      if ('byEra' in demand) return demand.byEra.at(-1) as readonly string[];
      return demand.every ? demand.keys : keys;
    });
    return [...new Set(required)];
  }

  /** Opens a checkpoint's note of this size; trouble with it is a result. */
  async open(note: string, size: number): Promise<Opening> {
    let verified: readonly VerifierKey[];
    let unchecked: readonly VerifierKey[];
    let unknown: readonly string[];
    try {
      const opened = await openCheckpoint(note, this.#keyring);
      ({ verifiedBy: verified, unchecked } = opened);
      unknown = opened.unknown.map(({ name, keyId }) => `${name}+${keyId}`);
    } catch (error) {
      if (!(error instanceof TallystickError) || error.code === 'KEY_INVALID') throw error;
      if (error.code === 'NOTE_INVALID') return { result: 'bad-checkpoint', message: error.message };
      const reason = error.context.reason === 'bad-signature' ? 'bad-signature' : 'unknown-key';
      return { result: reason, message: error.message };
    }
    const names = verified.map((key) => key.name);
    // A key called otherwise does not speak for the log.
    if (!names.includes(this.#origin)) {
      const message = `signed by ${names.join(', ')}, whose name is not that of the log, ${this.#origin}`;
      return { result: 'unknown-key', message };
    }
    const good = new Set(verified.map(({ vkey }) => vkey));
    const open = new Set(unchecked.map(({ vkey }) => vkey));
    const [first] = this.#demands;
    const unmet = this.#demands.find(
      (demand) =>
        !isMet(demand, this.#requiredOf(demand, size), good, open) && !this.#isAhead(demand, good, size),
    );
    if (first === undefined || unmet !== undefined) {
      const required = unmet === undefined ? [] : this.#requiredOf(unmet, size);
      const [hidden] = unchecked;
      if (hidden !== undefined && required.every((key) => open.has(key))) throw hidden.notCheckable();
      return this.#refuse(required, good, open, size);
    }
    const required = [...new Set(this.#demands.flatMap((demand) => this.#requiredOf(demand, size)))];
    const counted = new Set([...required, ...this.#keysAt(size)]);
    const foreign = [...good].filter((key) => !counted.has(key) && !this.#mayStandBeside(key));
    return {
      result: 'good',
      trust: first.trust,
      keys: [...good].filter((key) => !foreign.includes(key)),
      unchecked: required.filter((key) => open.has(key)),
      strangers: [...unknown, ...foreign.map((key) => this.#describe(key, size))],
    };
  }

  /**
   * Whether a checkpoint is larger than the log, and signed by a key that stands by at the log's end: it may have taken
   * over since, of which a log that is an older copy of itself says nothing.
   */
  #isAhead(demand: Demand | Fixed, good: ReadonlySet<string>, size: number): boolean {
    if (size <= this.#size || !('byEra' in demand)) return false;
    return this.history?.standBy.some((key) => good.has(key)) === true;
  }

  #requiredOf(demand: Demand | Fixed, size: number): readonly string[] {
    if (!('byEra' in demand)) return demand.keys;
    const eras = erasAt(this.history as KeyHistory, size);
    return [...new Set(eras.flatMap((i) => demand.byEra[i] as readonly string[]))];
  }

  #keysAt(size: number): readonly string[] {
    const { history } = this;
    if (history === null) return [];
    return erasAt(history, size).flatMap((i) => (history.eras[i] as Era).keys);
  }

  /** Keys given that are not the log's own, as those of witnesses, and stand-bys, which sign their announcement. */
  #mayStandBeside(key: string): boolean {
    const { history } = this;
    return history === null || history.stoodBy.includes(key) || retiredAt(history, key) === null;
  }

  #refuse(
    required: readonly string[],
    good: ReadonlySet<string>,
    open: ReadonlySet<string>,
    size: number,
  ): Opening {
    const missing = required.filter((key) => !good.has(key) && !open.has(key));
    if (required.some((key) => good.has(key))) {
      const message = `it is not signed by ${missing.map(short).join(', ')}, which has to sign it too`;
      return { result: 'missing-signature', message };
    }
    const signers = [...good].map((key) => this.#describe(key, size)).join(', ');
    const wanted = required.map(short).join(', ');
    return {
      result: 'unknown-key',
      message: `signed by ${signers}, not by ${wanted || 'a key that counts'}`,
    };
  }

  /** A key that does not count at a size, and why. */
  #describe(key: string, size: number): string {
    const { history } = this;
    const at = history === null ? null : retiredAt(history, key);
    if (at !== null && at <= size) return `${short(key)}, which was retired at ${at} records`;
    const begins = history?.eras.find(({ keys, from }) => from >= size && keys.includes(key))?.from;
    if (begins !== undefined) return `${short(key)}, which seals only from ${begins} records on`;
    if (history?.stoodBy.includes(key)) return `${short(key)}, which only stands by`;
    return short(key);
  }
}

/**
 * Whether a log's own keys, followed through its key changes, have signed a checkpoint. Throws `ProofError` NOTE_INVALID
 * for what is none, and what the source throws when its medium fails.
 */
export async function isSealedBy(
  source: LogSource,
  head: { readonly origin: string; readonly size: number },
  note: string,
): Promise<boolean> {
  const { origin, size } = parseCheckpoint(parseNote(note).text);
  if (origin !== head.origin) return false;
  const policy = await KeyPolicy.read(source, head, undefined);
  return policy.knowsKeys && (await policy.open(note, size)).result === 'good';
}

/** A vkey as messages name it. */
export function short(vkey: string): string {
  return vkey.split('+', 2).join('+');
}

/** All keys that may be met. What a log says of its keys must not keep those that are trusted from being used. */
function ringOf(
  trusted: readonly string[],
  history: KeyHistory | null,
): { readonly keyring: Keyring; readonly history: KeyHistory | null } {
  const own = history === null ? [] : [...history.eras.flatMap(({ keys }) => keys), ...history.stoodBy];
  try {
    return { keyring: new Keyring([...new Set([...trusted, ...own])]), history };
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
    // Two keys of one name and id: unless those given are to blame themselves, the log's own are not looked at.
    return { keyring: new Keyring(trusted), history: null };
  }
}

function isMet(
  demand: Demand | Fixed,
  required: readonly string[],
  good: ReadonlySet<string>,
  open: ReadonlySet<string>,
): boolean {
  if (!required.some((key) => good.has(key))) return false;
  return ('every' in demand && !demand.every) || required.every((key) => good.has(key) || open.has(key));
}

/** Follows key changes from the era at `start`, whose required keys are given, to the last. */
function followed(eras: readonly Era[], start: number, required: readonly string[]): (readonly string[])[] {
  const byEra = eras.map(({ keys }) => keys);
  byEra[start] = required;
  for (let i = start + 1; i < eras.length; i++) {
    const before = (eras[i - 1] as Era).keys;
    const demanded = byEra[i - 1] as readonly string[];
    const { keys } = eras[i] as Era;
    const taken = keys.filter((key) => !before.includes(key) || demanded.includes(key));
    const foreign = demanded.filter((key) => !before.includes(key));
    // When nothing is left of what was demanded, all of the new ones are.
    byEra[i] = [...(taken.length === 0 ? keys : taken), ...foreign];
  }
  return byEra;
}

function pinned(
  pin: Pin,
  head: { readonly origin: string; readonly size: number },
  history: KeyHistory | null,
): { readonly demand: Demand | Fixed; readonly trouble: string | null } {
  const fixed: Fixed = { trust: 'pinned-key', keys: pin.keys, every: true };
  if (history === null || pin.origin !== head.origin) return { demand: fixed, trouble: null };
  const { eras } = history;
  const own = pin.keys.filter((key) => eras.some(({ keys }) => keys.includes(key)));
  const begun = eras.filter(({ from }) => from <= pin.size);
  const whole = begun.findLastIndex(({ keys }) => own.every((key) => keys.includes(key)));
  // At a key change a pin may hold keys of both sides.
  const partly = begun.findLastIndex(({ keys }) => own.some((key) => keys.includes(key)));
  const start = own.length === 0 ? -1 : whole >= 0 ? whole : partly;
  const era = eras[start];
  // A pin that is newer than the log has its finding already: by its own keys the log is judged only to tell which.
  if (era === undefined) {
    return { demand: pin.size > head.size ? ownOf(history) : fixed, trouble: null };
  }
  if (era.to !== null && era.to < pin.size) {
    const retired = `the pinned checkpoint at ${pin.size} records is signed by a key that this log retired at ${era.to}`;
    return { demand: ownOf(history), trouble: retired };
  }
  const required = pin.keys.filter((key) => era.keys.includes(key) || !own.includes(key));
  return { demand: { trust: 'pinned-key', byEra: followed(eras, start, required) }, trouble: null };
}

function givenBy(given: readonly string[], history: KeyHistory | null): Demand | Fixed {
  const start = history?.eras.findIndex(({ keys }) => keys.some((key) => given.includes(key))) ?? -1;
  if (history === null || start < 0) return { trust: 'given-key', keys: given, every: false };
  const required = (history.eras[start] as Era).keys.filter((key) => given.includes(key));
  return { trust: 'given-key', byEra: followed(history.eras, start, required) };
}

function ownOf(history: KeyHistory): Demand {
  return { trust: 'log-key', byEra: history.eras.map(({ keys }) => keys) };
}
