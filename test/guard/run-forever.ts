/** A program for `crash.test.ts`: guards an operation that ends, then one that does not, and says when it is in it. */

import { openLog } from '../../src/open.ts';
import { vault } from './vault.ts';

const [data = '', state = ''] = process.argv.slice(2);
const log = await openLog({ data, state, node: 'n', index: false });
await log.guard(vault.Generate, { alias: 'k1' }, () => 'made');
await log.guard(vault.Generate, { alias: 'k2' }, () => {
  process.stdout.write('under way\n');
  // Keeps the process until it is killed.
  return new Promise(() => setInterval(() => {}, 1_000));
});
