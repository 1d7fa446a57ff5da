/**
 * A program for `kill.test.ts` and `sync-order.test.ts`: appends until it is killed, keeping so many appends under
 * way, and prints `<seq> <leaf> <number of the draft>` for each record that was acknowledged.
 */

import { openLog } from '../../src/open.ts';
import { draftOf } from './numbered-draft.ts';

const [data = '', round = '', atOnce = '1', most = '1'] = process.argv.slice(2);
const log = await openLog({ data, node: 'n', index: false, state: `${data}-state` });
let made = 0;

async function appendForever(): Promise<never> {
  for (;;) {
    const count = 1 + Math.floor(Math.random() * Number(most));
    const first = made;
    made += count;
    const drafts = Array.from({ length: count }, (_, i) => draftOf(round, first + i));
    const receipts = await log.append(drafts, { source: 'load' });
    const lines = receipts.map(({ seq, leaf }, i) => `${seq} ${leaf} ${first + i}\n`);
    // Writing to a pipe is synchronous: it is out before anything else happens here.
    process.stdout.write(lines.join(''));
  }
}

await Promise.all(Array.from({ length: Number(atOnce) }, appendForever));
