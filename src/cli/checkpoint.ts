import { toHex } from '../crypto/bytes.ts';
import { certificateState } from '../keys/sealing-keys.ts';
import { keysInForce } from '../verify/mod.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { openHeld } from './held.ts';

/** Prints the newest signed checkpoint as it is. Resolves with the exit code. */
export async function checkpoint(call: Call): Promise<number> {
  call.expect(0, 0);
  const reading = await openHeld(call, call.text('node'));
  try {
    const { origin, size, root, note } = await reading.reader.head(call.text('node'));
    const { stdout } = call.io;
    if (call.json) {
      const key = certificateState(origin.slice(origin.indexOf('/') + 1));
      const certificate = (await reading.store.state(key)).get(key) ?? null;
      const history = await reading.reader.keys(call.text('node'));
      const keys = { keys: keysInForce(history), standBy: history.standBy };
      await stdout.json({ origin, size, root: toHex(root), ...keys, checkpoint: note, certificate });
    } else await stdout.write(note);
    return EXIT.ok;
  } finally {
    await reading.close();
  }
}
