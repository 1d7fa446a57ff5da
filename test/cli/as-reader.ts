/** A program for `read-only.test.ts`: runs commands one after the other as whoever it is run by, and prints what came of each. */

import { rmSync } from 'node:fs';
import process from 'node:process';
import type { TestContext } from 'node:test';
import { draft, Sandbox } from './harness.ts';

const [commands = '[]'] = process.argv.slice(2);
const box = new Sandbox({ after: () => {} } as unknown as TestContext);
const results: unknown[] = [];
for (const argv of JSON.parse(commands)) {
  const { code, out, err } = await box.run(argv, { stdin: `${JSON.stringify(draft(0))}\n` });
  results.push({ code, out, err });
}
rmSync(box.dir, { recursive: true });
console.log(JSON.stringify(results));
