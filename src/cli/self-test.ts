import type { SelfTestReport } from '../client/mod.ts';
import { cliUser } from './administer.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { openHere, requireLog } from './open-data.ts';
import { safeText } from './safe-text.ts';
import { findServer } from './server-here.ts';
import { wrapped } from './table-text.ts';

/** Runs the self-tests, in the server when one runs, and has them recorded. Exit code 1 when one fails. */
export async function selfTest(call: Call): Promise<number> {
  call.expect(0, 0);
  const report = await run(call);
  const { stdout } = call.io;
  if (call.json) await stdout.json(report);
  else {
    for (const { name, problem } of report.tests) {
      const word = problem === null ? stdout.style('green', 'passed') : stdout.style('red', 'failed');
      const lines = problem === null ? [] : wrapped(safeText(problem), 4);
      await stdout.line([`${word}  ${safeText(name)}`, ...lines].join('\n'));
    }
  }
  return report.tests.every(({ problem }) => problem === null) ? EXIT.ok : EXIT.refused;
}

async function run(call: Call): Promise<SelfTestReport> {
  const server = await findServer(call.data);
  if (server !== null) {
    try {
      return await server.client.selfTest(cliUser());
    } finally {
      server.close();
    }
  }
  requireLog(call);
  const log = await openHere(call, false, true);
  try {
    return await log.watch.selfTest({ name: cliUser() });
  } finally {
    await log.close();
  }
}
