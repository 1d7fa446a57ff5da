import { setTimeout as sleep } from 'node:timers/promises';
import { catalogDirectory } from '../places.ts';
import type { RecordView } from '../reader/types.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { holdToPins, openHeld } from './held.ts';
import type { Reading } from './open-data.ts';
import { isSound, recordLine, titleLine } from './record-line.ts';

const POLL_MS = 200;

/** Shows the newest records, and follows. Exit code 1 when one does not hold. */
export async function tail(call: Call): Promise<number> {
  call.expect(0, 0);
  const { io } = call;
  const count = call.number('number', 0, 1_000_000) ?? 10;
  const catalogs = catalogDirectory(call.data).read();
  const reading = await openHeld(call, call.text('node'));
  let sound = true;
  const show = async (view: RecordView): Promise<void> => {
    sound &&= isSound(view);
    await (call.json ? io.stdout.record(view) : io.stdout.line(recordLine(view, catalogs, io.stdout)));
  };
  try {
    const { size } = await reading.reader.head(call.text('node'));
    if (!call.json) await io.stdout.line(titleLine(io.stdout));
    for await (const view of views(call, reading, size, count)) {
      await show(view);
    }
    return sound ? EXIT.ok : EXIT.refused;
  } finally {
    await reading.close();
  }
}

/** The newest `count` records of `size`, then, when following, each one that is sealed, until the signal. */
async function* views(call: Call, reading: Reading, size: number, count: number): AsyncGenerator<RecordView> {
  const { reader } = reading;
  const { signal } = call.io;
  const node = call.text('node');
  for (let at = Math.max(0, size - count); ; ) {
    for await (const view of reader.records(at, size, node)) {
      signal.throwIfAborted();
      yield view;
    }
    at = size;
    if (!call.isSet('follow')) return;
    do {
      await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
      size = (await reader.head(node)).size;
    } while (size === at);
    await holdToPins(call, reading, node);
  }
}
