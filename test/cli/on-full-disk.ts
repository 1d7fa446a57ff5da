/** A program for `read-only.test.ts`, run on a small disk: makes a log, fills the disk, runs commands, prints what came of each. */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { TestContext } from 'node:test';
import { ndjson, Sandbox } from './harness.ts';

const [data = ''] = process.argv.slice(2);
const box = new Sandbox({ after: () => {} } as unknown as TestContext);
await box.ok(['append', '--data', data], { stdin: ndjson(5) });
// So that there is an index, which is behind the log by then.
await box.ok(['search', '', '--data', data]);
await box.ok(['append', '--data', data], { stdin: ndjson(5) });
try {
  for (;;) writeFileSync(join(data, 'ballast'), new Uint8Array(1024), { flag: 'a' });
} catch {
  // Full.
}
const commands = [['append'], ['self-test'], ['search', 'EVENT_1'], ['get', '1'], ['verify']];
const results: Record<string, unknown> = {};
for (const argv of commands) {
  const { code, out, err } = await box.run([...argv, '--data', data], { stdin: ndjson(1) });
  results[String(argv[0])] = { code, out, err };
}
rmSync(box.dir, { recursive: true });
console.log(JSON.stringify(results));
