import { ageText } from '../../anchors/age.ts';
import { readWitnessState, witnessPrefix } from './kept.ts';
import { alarmText } from './witnesses.ts';

/** A log that stands still is cosigned once an hour: this long without is too long, ms. */
const STALE_MS = 2 * 3_600_000;

/** A check of health: how fresh the cosignatures of a log's witnesses are, and whether one contradicts the log. */
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
      const [alarm] = alarms;
      if (alarm !== undefined) return { state: 'warning', detail: alarmText(alarm) };
      if (configs.length === 0) return { state: 'ok', detail: 'no witness is set' };
      const stale = configs.filter(({ name }) => {
        const kept = newest.find((each) => each.name === name);
        return kept === undefined || now() - kept.receivedAt > STALE_MS;
      });
      if (stale.length === 0) {
        const isSet = ({ name }: { readonly name: string }): boolean =>
          configs.some((each) => each.name === name);
        const ages = newest.filter(isSet).map(({ receivedAt }) => now() - receivedAt);
        const detail = `cosigned by ${configs.length} of ${configs.length} witnesses; the newest cosignature is ${ageText(Math.min(...ages))} old`;
        return { state: 'ok', detail };
      }
      const names = stale.map(({ name }) => name).join(', ');
      const detail = `not cosigned for 2 hours by ${names}; "tallystick witness ask" says why`;
      return { state: 'warning', detail };
    },
  };
}
