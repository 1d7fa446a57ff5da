import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { openLog } from '../../src/open.ts';
import { xroadLine } from '../sources/lines.ts';
import { ndjson, prepared, Sandbox } from './harness.ts';

const two = prepared((box) => box.fill(2));

const DATABASE = ['tallystick-data', 'log.db'] as const;

/** All that was sealed: it must be as it was after something was refused. */
async function sealed(box: Sandbox): Promise<string> {
  return (await box.ok(['export', '--no-pin'])).out;
}

describe('a data directory that cannot be used is left as it is', () => {
  test('without its key', async (t) => {
    const box = await two(t);
    const before = await sealed(box);
    renameSync(box.at('tallystick-data', 'seal.key'), box.at('kept.key'));
    writeFileSync(box.at('a.log'), xroadLine(0));
    for (const argv of [['append'], ['import', 'a.log'], ['serve', '--port', '0']]) {
      assert.equal(await box.refused(argv, 2, { stdin: ndjson(1) }), 'TOKEN_UNAVAILABLE');
    }
    assert.equal(await sealed(box), before);
    await box.ok(['verify']);
    await box.ok(['append', '--key-file', 'kept.key'], { stdin: ndjson(1) });
  });

  test('with the key of another log', async (t) => {
    const box = await two(t);
    const before = await sealed(box);
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(box.at('other.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const argv = ['append', '--key-file', 'other.key'];
    assert.equal(await box.refused(argv, 2, { stdin: ndjson(1) }), 'LOG_KEY_MISMATCH');
    assert.equal(await sealed(box), before);
  });

  test('with a key that needs its passphrase', async (t) => {
    const box = new Sandbox(t);
    const { privateKey } = generateKeyPairSync('ed25519');
    const format = {
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'open sesame',
    } as const;
    writeFileSync(box.at('sealed.key'), privateKey.export(format), { mode: 0o600 });
    const argv = ['append', '--key-file', 'sealed.key'];
    assert.equal(await box.refused(argv, 2), 'TOKEN_PASSPHRASE');
    await box.ok(argv, { stdin: ndjson(1), env: { TALLYSTICK_PASSPHRASE: 'open sesame' } });
  });

  test('of a newer version', async (t) => {
    const box = await two(t);
    const file = box.at(...DATABASE);
    const bytes = readFileSync(file);
    // PRAGMA user_version stands at offset 60 of an SQLite file.
    bytes.writeUInt32BE(99, 60);
    writeFileSync(file, bytes);
    for (const argv of [['append'], ['verify'], ['search', 'x'], ['get', '0']]) {
      assert.equal(await box.refused(argv, 2, { stdin: ndjson(1) }), 'STORE_SCHEMA');
    }
    assert.deepEqual(readFileSync(file), bytes);
  });

  test('that is no database any more', async (t) => {
    const box = await two(t);
    const rubbish = Buffer.alloc(8192, 'rubbish ');
    writeFileSync(box.at(...DATABASE), rubbish);
    for (const argv of [['append'], ['verify'], ['tail']]) {
      assert.equal(await box.refused(argv, 2, { stdin: ndjson(1) }), 'STORE_DAMAGED');
    }
    assert.deepEqual(readFileSync(box.at(...DATABASE)), rubbish);
  });

  test('that is older than what was sealed before', async (t) => {
    const box = await two(t);
    const older = readFileSync(box.at(...DATABASE));
    const before = await sealed(box);
    await box.fill(2);
    writeFileSync(box.at(...DATABASE), older);
    assert.equal(await box.refused(['append'], 2, { stdin: ndjson(1) }), 'ROLLED_BACK');
    assert.equal(await sealed(box), before);
  });

  test('that another process writes; reading goes on', async (t) => {
    const box = await two(t);
    const log = await openLog({ data: box.data, index: false, state: box.at('state') });
    try {
      const { code, err } = await box.run(['append'], { stdin: ndjson(1) });
      assert.equal(code, 2);
      assert.match(err, /is being written by process \d+ on .*; wait until it is done, or stop it/);
      for (const argv of [['verify'], ['get', '1'], ['tail'], ['checkpoint'], ['search', ''], ['export']])
        await box.ok(argv);
    } finally {
      await log.close();
    }
  });
});

test('where nothing can be made, no command waits for ever', async (t) => {
  if (!existsSync('/proc/self')) return t.skip('there is no /proc here');
  const box = new Sandbox(t);
  writeFileSync(box.at('a.log'), xroadLine(0));
  for (const argv of [['append'], ['import', 'a.log'], ['serve', '--port', '0']]) {
    const code = await box.refused([...argv, '--data', '/proc/tallystick/data'], 2, { stdin: ndjson(1) });
    assert.equal(code, 'STORE_UNAVAILABLE');
  }
});

test('TALLYSTICK_DATA names the data directory, --data goes before it', async (t) => {
  const box = new Sandbox(t);
  const env = { TALLYSTICK_DATA: box.at('from-env') };
  await box.ok(['append'], { stdin: ndjson(1), env });
  await box.ok(['append', '--data', 'named'], { stdin: ndjson(2), env });
  assert.equal((await box.ok(['checkpoint', '--json'], { env })).json.size, 2);
  assert.equal((await box.ok(['checkpoint', '--json', '--data', box.at('named')])).json.size, 3);
});
