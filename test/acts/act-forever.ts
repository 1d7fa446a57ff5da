/** A program for `kill.test.ts`: repairs a log that seals nothing, and waits to be killed, in the act or after it. */

import { join } from 'node:path';
import { LateFile } from '../../src/acts/late-file.ts';
import { AuditLog } from '../../src/audit-log.ts';
import { Catalogs } from '../../src/catalog/catalogs.ts';
import { tallystick } from '../../src/catalog/mod.ts';
import { TokenError } from '../../src/errors.ts';
import { Log } from '../../src/log/log.ts';
import { SqliteStore } from '../../src/store/sqlite/mod.ts';
import { openSoftwareKey } from '../../src/tokens/software.ts';
import { noKeys } from '../keys/no-keys.ts';

const [data = '', where = ''] = process.argv.slice(2);
const key = openSoftwareKey({ file: join(data, 'seal.key') });
const signer = {
  ...key,
  sign: () => Promise.reject(new TokenError('TOKEN_PASSPHRASE', 'the token is logged out')),
};
const store = await SqliteStore.open({ dir: data });
const log = await Log.open({ store, signers: [signer], node: 'n' });
const late = LateFile.open(join(data, 'n.late'));
const { acts } = await AuditLog.start({
  ...{ data: null, selfTests: false },
  store,
  log,
  index: null,
  catalogs: Catalogs.builtIn,
  late,
  keys: noKeys(data),
});

function waitToBeKilled(): Promise<void> {
  process.stdout.write('here\n');
  return new Promise(() => setInterval(() => {}, 1_000));
}

const settings = { actor: { name: 'CLI user' } };
await acts.repair(
  tallystick['Log in to token'],
  { tokenId: 'hsm1' },
  () => (where === 'within' ? waitToBeKilled() : undefined),
  settings,
);
await waitToBeKilled();
