import type { StateWrite } from '../store/store.ts';

/** Something whose validity ends. */
export interface Expiring {
  /** As the catalog's `Resource type`: certificate, api-key, request. */
  readonly type: string;
  /** Identifies it among its type, for good: of a certificate the digest. */
  readonly id: string;
  readonly name?: string;
  /** ms since 1970. */
  readonly expires: number;
}

const DAY_MS = 86_400_000;
/** Days ahead at which it is told; 0 is the end itself. */
const STAGES = [30, 7, 1, 0] as const;
export const EXPIRY_STATE = 'expiry/';
const PROGRAM = { name: 'tallystick' };

/** Fields of the event `Expire`. */
interface Resource {
  readonly 'Resource type': string;
  readonly 'Resource ID': string;
  readonly 'Resource name'?: string;
  readonly expires: number;
  readonly daysLeft?: number;
}

/** What is to be told of one thing, and what then is kept so that it is told once. */
export interface Due {
  readonly details: Resource;
  readonly told: {
    readonly actor: { readonly name: string };
    readonly time: number;
    readonly outcome?: 'void';
  };
  readonly state: readonly StateWrite[];
}

/** The newest stage that a moment has reached: 30, 7 or 1 days or the end; null before all of them. */
export function stageOf(expires: number, now: number): (typeof STAGES)[number] | null {
  return STAGES.findLast((days) => now >= expires - days * DAY_MS) ?? null;
}

/**
 * Which `Expire` records are due. Of each thing the newest stage is told, once: 30, 7 and 1 days ahead (outcome `void`,
 * `daysLeft`), and when its validity has ended. Something that gets another end starts anew.
 *
 * @param told the state below `EXPIRY_STATE`: by type and id, what was told: `<expires> <stage>`.
 */
export function expiriesDue(
  things: readonly Expiring[],
  told: ReadonlyMap<string, string>,
  now: number,
): Due[] {
  return things.flatMap((thing): Due[] => {
    const { type, id, name, expires } = thing;
    const stage = stageOf(expires, now);
    const key = `${EXPIRY_STATE}${type}/${id}`;
    const [lastExpires, lastStage] = (told.get(key) ?? '').split(' ').map(Number);
    if (stage === null || (lastExpires === expires && (lastStage as number) <= stage)) return [];
    const resource = {
      'Resource type': type,
      'Resource ID': id,
      ...(name === undefined ? {} : { 'Resource name': name }),
      expires,
    };
    const daysLeft = Math.max(0, Math.floor((expires - now) / DAY_MS));
    const due =
      stage === 0
        ? { details: resource, told: { actor: PROGRAM, time: expires } }
        : {
            details: { ...resource, daysLeft },
            told: { actor: PROGRAM, time: now, outcome: 'void' as const },
          };
    return [{ ...due, state: [{ key, value: `${expires} ${stage}` }] }];
  });
}
