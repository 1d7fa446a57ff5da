import { randomBytes } from 'node:crypto';
import type { Signer } from '../crypto/signer.ts';
import { LogError, StoreError } from '../errors.ts';
import type { LogStore, StateWrite } from '../store/store.ts';
import { testSigner } from '../tokens/key-test.ts';
import type { SelfTest } from './self-tests.ts';
import { type TimeSync, timeSync } from './time-sync.ts';

/** What is tested of a log. */
export interface TestedLog {
  /** The keys that seal now. */
  readonly signers: readonly Signer[];
  writeState(state: readonly StateWrite[]): Promise<void>;
  checkHead(): Promise<void>;
  clockDeviation(): { readonly ahead: number; readonly behind: number; readonly borne: number };
}

/** A state's key that nothing else has. */
const WRITTEN = 'self-test';

/**
 * The self-tests of a log:
 * - `token`: each sealing key signs a text that is no checkpoint, and the signature verifies;
 * - `store`: a value is committed as state and read back, from files that are still those that were opened;
 * - `head`: the stored head is the one sealed last, and as a start wants it: signature, tiles, first and newest record;
 * - `clock`: not ahead of elapsed time, and not behind the newest record, by more than the log bears; behind it may be when
 *   it is in step with a time source.
 *
 * @param checkFiles throws when the store's files were moved or replaced beneath it.
 */
export function logTests(
  log: TestedLog,
  store: Pick<LogStore, 'state'>,
  checkFiles: () => void = () => {},
  askSync: () => Promise<TimeSync> = timeSync,
): SelfTest[] {
  return [
    {
      name: 'token',
      run: async () => {
        for (const signer of log.signers) await testSigner(signer);
      },
    },
    {
      name: 'store',
      run: async () => {
        checkFiles();
        const value = randomBytes(16).toString('hex');
        await log.writeState([{ key: WRITTEN, value }]);
        const found = (await store.state(WRITTEN)).get(WRITTEN);
        if (found === value) return;
        throw new StoreError(
          'STORE_UNAVAILABLE',
          'what was written to the store is not what is read back; have its disk and files checked',
        );
      },
    },
    { name: 'head', run: () => log.checkHead() },
    { name: 'clock', run: () => checkClock(log.clockDeviation(), askSync) },
  ];
}

/** Throws `LogError` CLOCK_JUMPED, CLOCK_BEHIND. */
async function checkClock(
  { ahead, behind, borne }: ReturnType<TestedLog['clockDeviation']>,
  askSync: () => Promise<TimeSync>,
): Promise<void> {
  if (ahead > borne) {
    throw new LogError(
      'CLOCK_JUMPED',
      `the clock jumped ahead by ${seconds(ahead)}; set it right, or restart to accept it`,
    );
  }
  // A clock that is known to be right is: then the newest record was logged by one that was ahead.
  if (behind > borne && (await askSync()) !== 'synchronised') {
    throw new LogError(
      'CLOCK_BEHIND',
      `the clock is ${seconds(behind)} behind the newest record; set it right, best by a time source (chrony, systemd-timesyncd)`,
    );
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
