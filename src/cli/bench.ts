import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../errors.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';

/** Runs the benchmark of the checkout, in a process of its own so that nothing of this one is measured. */
export async function bench(call: Call): Promise<number> {
  call.expect(0, 0);
  const script = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
  if (!existsSync(script)) {
    throw new UsageError('USAGE', 'the benchmark is not in the published package; run it from a checkout');
  }
  const records = call.text('records');
  const dir = call.text('dir');
  const args = [
    ...(records === undefined ? [] : ['--records', records]),
    ...(dir === undefined ? [] : ['--dir', call.path(dir)]),
    ...(call.json ? ['--json'] : []),
  ];
  const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit', signal: call.io.signal });
  child.on('error', () => {}); // being asked to stop; the exit below says so
  const [code] = (await once(child, 'exit')) as [number | null];
  call.io.signal.throwIfAborted();
  return code === 0 ? EXIT.ok : code === EXIT.unusable ? EXIT.unusable : EXIT.refused;
}
