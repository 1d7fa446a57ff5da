/**
 * A program for `kill.test.ts` and `sync-order.test.ts`: appends until it is killed, keeping so many appends under
 * way, with a token of that many ms a signature, and prints `<seq> <leaf> <number of the draft>` for each record that was acknowledged.
 */

import { draftOf, openNumbered } from './numbered-log.ts';

const [data = '', round = '', atOnce = '1', most = '1', delayMs = '0'] = process.argv.slice(2);
const log = await openNumbered(data, Number(delayMs));
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
