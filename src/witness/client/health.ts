import { ageText } from '../../anchors/age.ts';
import { type KeptConfig, type KeptCosignature, readWitnessState, witnessPrefix } from './kept.ts';
import { alarmText } from './witnesses.ts';

/** A log that stands still is cosigned once an hour: this long without is too long, ms. */
const STALE_MS = 2 * 3_600_000;

/** A check of health: how fresh the cosignatures of a log's witnesses are, and all in which they contradict the log. */
export function witnessCheck(
  node: string,
  state: (prefix: string) => Promise<ReadonlyMap<string, string>>,
  now: () => number = Date.now,
): {
  readonly name: string;
  check(): Promise<{ readonly state: 'ok' | 'warning'; readonly detail: string }>;
} {
  return {
    name: 'witnesses',
    check: async () => {
      const { configs, newest, alarms } = readWitnessState(await state(witnessPrefix(node)), node);
      if (configs.length === 0 && alarms.length === 0) return { state: 'ok', detail: 'no witness is set' };
      const all = configs.map((config) => ({
        config,
        kept: newest.find(({ name }) => name === config.name) ?? null,
      }));
      const ages = all.flatMap(({ kept }) => (kept === null ? [] : [now() - kept.receivedAt]));
      const troubles = [
        ...alarms.map(alarmText),
        ...all.flatMap(({ config, kept }) => staleText(config, kept, now()) ?? []),
      ];
      if (troubles.length > 0) return { state: 'warning', detail: troubles.join('; ') };
      const waiting = all.flatMap(({ config, kept }) =>
        kept === null ? [`; ${newText(config, now())}`] : [],
      );
      const count = `cosigned by ${ages.length} of ${configs.length} witnesses`;
      const age = ages.length === 0 ? '' : `; the newest cosignature is ${ageText(Math.min(...ages))} old`;
      return { state: 'ok', detail: `${count}${age}${waiting.join('')}` };
    },
  };
}

/** null for what is not too old. A witness that was added just now has had no time yet. */
function staleText(config: KeptConfig, kept: KeptCosignature | null, now: number): string | null {
  const { name, addedAt = 0 } = config;
  if (now - Math.max(addedAt, kept?.receivedAt ?? 0) <= STALE_MS) return null;
  const what =
    kept === null ? newText(config, now) : `not cosigned for ${ageText(now - kept.receivedAt)} by ${name}`;
  return `${what}; "tallystick witness ask" says why`;
}

function newText({ name, addedAt }: KeptConfig, now: number): string {
  const since = addedAt === undefined ? '' : ` since it was added ${ageText(now - addedAt)} ago`;
  return `${name} has cosigned nothing${since}`;
}
