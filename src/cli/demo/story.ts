import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../errors.ts';
import { databasePath } from '../../store/sqlite/database.ts';
import { Call } from '../command.ts';
import { EXIT } from '../exit.ts';
import { importFiles } from '../import.ts';

/** In a checkout and in the published package alike. */
const STORY = fileURLToPath(new URL('../../../examples/story/logs', import.meta.url));

/** What is worth a look in it, besides its README. */
const TRIES: readonly (readonly [args: string, why: string])[] = [
  ['search ip:203.0.113.66', 'one address at four doors'],
  ['trace key HSM1/seal-2026', 'one key by all its names, and its false friend apart'],
  ['search "key:seal-2026 outcome:failure"', 'what failed, and why: tallystick get SEQ'],
  ['verify', 'whether anything was altered'],
];

/** Makes a log of the sample story in a directory that holds none yet. */
export async function demoStory(call: Call): Promise<number> {
  call.expect(0, 0);
  const data = call.path(call.text('data') ?? 'tallystick-demo');
  if (existsSync(databasePath(data))) {
    const message = `${data} holds a log already, and what is in a log stays there; name another directory with --data`;
    throw new UsageError('USAGE', message);
  }
  const args = ['--data', data, ...(call.json ? ['--json'] : []), '--', STORY];
  const code = await importFiles(Call.parse(call.command, args, call.io));
  if (code !== EXIT.ok || call.json) return code;
  const { stdout } = call.io;
  await stdout.line('\nA month of four systems, sealed. Try');
  const width = Math.max(...TRIES.map(([args]) => args.length));
  for (const [args, why] of TRIES) {
    const command = `tallystick ${args.padEnd(width)} --data ${data}`;
    await stdout.line(`  ${command}  ${stdout.style('dim', why)}`);
  }
  return code;
}
