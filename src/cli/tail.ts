import { setTimeout as sleep } from 'node:timers/promises';
import { catalogDirectory } from '../open.ts';
import type { RecordView } from '../reader/types.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { openToRead, type Reading } from './open-data.ts';
import { isSound, recordLine, titleLine } from './record-line.ts';

const POLL_MS = 200;

/** Shows the newest records, and follows. Exit code 1 when one does not hold. */
export async function tail(call: Call): Promise<number> {
  call.expect(0, 0);
  const { io } = call;
  const count = call.number('number', 0, 1_000_000) ?? 10;
  const catalogs = catalogDirectory(call.data).read();
  const reading = await openToRead(call);
  let sound = true;
  const show = async (view: RecordView): Promise<void> => {
    sound &&= isSound(view);
    await (call.json ? io.stdout.record(view) : io.stdout.line(recordLine(view, catalogs, io.stdout)));
  };
  try {
    if (!call.json) await io.stdout.line(titleLine(io.stdout));
    for await (const view of views(reading, call.text('node'), count, call.isSet('follow'), io.signal)) {
      await show(view);
    }
    return sound ? EXIT.ok : EXIT.refused;
  } finally {
    await reading.close();
  }
}

/** The newest `count` records, then, when following, each one that is sealed, until the signal. */
async function* views(
  { reader }: Reading,
  node: string | undefined,
  count: number,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<RecordView> {
  let { size } = await reader.head(node);
  for (let at = Math.max(0, size - count); ; ) {
    for await (const view of reader.records(at, size, node)) {
      signal.throwIfAborted();
      yield view;
    }
    at = size;
    if (!follow) return;
    do {
      await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
      size = (await reader.head(node)).size;
    } while (size === at);
  }
}
