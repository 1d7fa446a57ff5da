import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { counted } from './format.ts';
import { openToSearch } from './open-data.ts';
import { Progress } from './progress.ts';

/** Makes the search index anew, here or by the server. Resolves with the exit code. */
export async function indexRebuild(call: Call): Promise<number> {
  call.expect(0, 0);
  const { io } = call;
  const progress = new Progress(io, 'indexing');
  // One that goes with this command is none to make anew.
  const searching = await openToSearch(call, (reason) => {
    throw reason;
  });
  try {
    await searching.rebuildIndex(progress.update);
    const { through } = await searching.search({ limit: 1 });
    progress.clear();
    const records = through.reduce((n, { size }) => n + size, 0);
    await (call.json
      ? io.stdout.json({ records, through })
      : io.stdout.line(`The index is rebuilt: ${counted(records, 'record')}.`));
    return EXIT.ok;
  } finally {
    progress.clear();
    await searching.close();
  }
}
