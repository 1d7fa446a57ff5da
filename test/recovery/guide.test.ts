/** docs/recovery.md, as a user would type it. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Sandbox } from '../cli/harness.ts';

const GUIDE = readFileSync(new URL('../../docs/recovery.md', import.meta.url), 'utf8');
const LAUNCHER = fileURLToPath(new URL('../../bin/tallystick.js', import.meta.url));
const DATA = ['--data', 'ca1'];

/** What is to be typed in the part under a heading, step by step. */
function steps(heading: string): string[] {
  const part = GUIDE.split('\n## ').find((text) => text.startsWith(`${heading}\n`));
  assert.ok(part !== undefined, heading);
  return [...part.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text]) => text as string);
}

class Place extends Sandbox {
  /** Seals three records in `ca1`. */
  async seal(): Promise<void> {
    const records = [1, 2, 3].map((time) =>
      JSON.stringify({ system: 'test', event: 'E', outcome: 'void', time }),
    );
    await this.ok(['append', ...DATA], { stdin: records.join('\n') });
  }

  type(script: string): { readonly status: number | null; readonly out: string } {
    mkdirSync(this.at('bin'), { recursive: true });
    const program = this.at('bin', 'tallystick');
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${LAUNCHER}" "$@"\n`);
    chmodSync(program, 0o755);
    const env = { ...process.env, ...this.env, PATH: `${this.at('bin')}${delimiter}${process.env.PATH}` };
    const ran = spawnSync('sh', ['-e', '-c', script], { cwd: this.dir, encoding: 'utf8', env });
    return { status: ran.status, out: `${ran.stdout}${ran.stderr}` };
  }

  typed(script: string): string {
    const { status, out } = this.type(script);
    assert.equal(status, 0, `${script}${out}`);
    return out;
  }
}

test('the key is lost, and one stands by', async (t) => {
  const box = new Place(t);
  await box.seal();
  const [ahead = '', then = ''] = steps('The key is lost, and one stands by');
  box.typed(ahead);
  await box.ok(['verify', ...DATA]);
  rmSync(box.at('ca1/seal.key'));
  assert.match(box.typed(then), /^intact: [\s\S]*a stand-by took over/m);
  await box.seal();
});

test('the key is lost, and none stands by', async (t) => {
  const box = new Place(t);
  await box.seal();
  rmSync(box.at('ca1/seal.key'));
  t.after(() => spawnSync('chmod', ['-R', 'u+w', box.at('ca1')]));
  const out = box.typed(steps('The key is lost, and none stands by').join(''));
  assert.match(out, /continues tallystick-[0-9a-f]{8}\/\S+ at 4 records \(HSM 4 destroyed/);
  assert.match(out, /the head quoted is its own\n {2}intact: 4 of 4 records/);
  // Write-protected, it is read all the same.
  await box.ok(['verify', '--data', 'ca1-2', '--previous', 'ca1']);
});

test('a backup was restored', async (t) => {
  const box = new Place(t);
  await box.seal();
  cpSync(box.at('ca1'), box.at('backup'), { recursive: true });
  await box.seal();
  await box.ok(['pin', 'create', '-o', 'ca1.pin', ...DATA]);
  rmSync(box.at('ca1'), { recursive: true });
  renameSync(box.at('backup'), box.at('ca1'));
  const [onward = '', held = ''] = steps('A backup was restored, or the store was rolled back');
  assert.match(box.typed(onward), /newer records of it were known of, and are lost/);
  const { status, out } = box.type(held);
  assert.equal(status, 1);
  assert.match(out, /^REFUSED: [\s\S]*rolled-back/);
});

test('the store is damaged', async (t) => {
  const box = new Place(t);
  await box.ok(['append', ...DATA], {
    stdin: '{"system":"test","event":"E","outcome":"void","time":1}\n'.repeat(300),
  });
  const db = new DatabaseSync(box.at('ca1/log.db'));
  db.exec('UPDATE bundles SET entries = zeroblob(length(entries)) WHERE idx = 0');
  db.close();
  const [typed = ''] = steps('The store is damaged');
  const [look = '', onward = '', prove = ''] = typed.trimEnd().split('\n');
  assert.equal(box.type(look).status, 1);
  assert.match(box.typed(onward), /declared: /);
  const { status, out } = box.type(prove);
  assert.equal(status, 1);
  assert.match(out, /^intact: [\s\S]*NOT INTACT: /);
});
