import type { Pin } from '../checkpoint/mod.ts';
import type { KeyHistory } from '../verify/mod.ts';
import { KeyPolicy, type Opening } from '../verify/policy.ts';

type Good = Extract<Opening, { readonly result: 'good' }>;

/** Whose signatures count where several pins of a log were given: those that satisfy each of them. */
export class KeyPolicies {
  readonly history: KeyHistory | null;
  /** As `KeyPolicy.isFollowed`. */
  readonly isFollowed: boolean;
  readonly #policies: readonly KeyPolicy[];

  private constructor(history: KeyHistory | null, policies: readonly KeyPolicy[], isFollowed: boolean) {
    this.history = history;
    this.#policies = policies;
    this.isFollowed = isFollowed;
  }

  /** As `KeyPolicy.of`, with any number of pins. */
  static async of(
    history: KeyHistory | null,
    head: { readonly origin: string; readonly size: number },
    pins: readonly Pin[],
    keys: readonly (readonly string[])[],
    isFollowed: boolean,
  ): Promise<KeyPolicies> {
    const each = pins.length === 0 ? [undefined] : pins;
    const policies = await Promise.all(each.map((pin) => KeyPolicy.of(history, head, pin, keys, isFollowed)));
    return new KeyPolicies(policies[0]?.history ?? null, policies, isFollowed);
  }

  get knowsKeys(): boolean {
    return this.#policies.every(({ knowsKeys }) => knowsKeys);
  }

  /** Trouble with the pin of that place in the list; null when there is none. */
  pinTrouble(index: number): string | null {
    return this.#policies[index]?.pinTrouble ?? null;
  }

  /** Opens a checkpoint's note as whoever demands most of it does. */
  async open(note: string, size: number): Promise<Opening> {
    const openings: Good[] = [];
    for (const policy of this.#policies) {
      const opening = await policy.open(note, size);
      if (opening.result !== 'good') return opening;
      openings.push(opening);
    }
    const [first] = openings as [Good, ...Good[]];
    const strangers = first.strangers.filter((name) =>
      openings.every((each) => each.strangers.includes(name)),
    );
    return {
      result: 'good',
      trust: (openings.find(({ trust }) => trust === 'pinned-key') ?? first).trust,
      keys: [...new Set(openings.flatMap(({ keys }) => keys))],
      unchecked: [...new Set(openings.flatMap(({ unchecked }) => unchecked))],
      strangers,
    };
  }
}
