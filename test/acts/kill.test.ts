import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AuditLog } from '../../src/audit-log.ts';
import { openLog } from '../../src/open.ts';
import { tempDir } from '../store/temp.ts';

const SCRIPT = fileURLToPath(new URL('act-forever.ts', import.meta.url));

for (const [where, outcome] of [
  ['after', 'success'],
  ['within', 'void'],
] as const) {
  test(`a repair is recorded once when the program is killed ${where} the act`, async (t) => {
    const { dir: data, remove } = tempDir();
    t.after(remove);
    const open = (): Promise<AuditLog> =>
      openLog({ data, node: 'n', index: false, state: join(data, 'state') });
    await (await open()).close();
    const before = Date.now();
    const child = spawn(process.execPath, [SCRIPT, data, where], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    assert.deepEqual(await exited, [null, 'SIGKILL']);
    const killed = Date.now();

    for (let n = 0; n < 2; n++) {
      const log = await open();
      assert.equal(log.head.size, 2);
      const { record } = await log.get(1);
      assert.deepEqual(
        [record?.event, record?.outcome, record?.flags],
        ['Log in to token', outcome, ['late']],
      );
      assert.ok(record !== null && record.time >= before && record.time <= killed);
      await log.close();
    }
  });
}
