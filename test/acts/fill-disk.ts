/** A program for `disk.test.ts`, run on a small disk: fills it, repairs the log by freeing some of it, goes on. */

import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tallystick } from '../../src/catalog/mod.ts';
import { TallystickError } from '../../src/errors.ts';
import { openLog } from '../../src/open.ts';

const [data = '', state = ''] = process.argv.slice(2);
const log = await openLog({ data, state, node: 'n', index: false });
const ballast = join(data, 'ballast');
writeFileSync(ballast, '');
try {
  for (;;) writeFileSync(ballast, new Uint8Array(4096), { flag: 'a' });
} catch {
  // Full.
}
const draft = {
  time: 1,
  system: 'test',
  event: 'E',
  outcome: 'success',
  reason: 'x'.repeat(100_000),
} as const;
let refusal: unknown = null;
while (refusal === null)
  refusal = await log.append(draft).then(
    () => null,
    (error: unknown) => error,
  );
console.log(refusal instanceof TallystickError ? refusal.code : refusal);
console.log(statfsSync(data).bavail);
await log.acts.repair(
  tallystick.REPAIR,
  { Op: 'free space', since: 1 },
  () => {
    console.log(log.acts.isSettled);
    rmSync(ballast);
  },
  { actor: { name: 'CLI user' } },
);
const { size } = log.head;
const { record } = await log.get(size - 1);
console.log(record?.event, record?.outcome, record?.flags?.join());
await log.close();
