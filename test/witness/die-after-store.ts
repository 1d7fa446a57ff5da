import process from 'node:process';
import { startWitness, Witness, WitnessDatabase } from '../../src/witness/server/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';

/** A witness that is killed when a step is on the disk and its answer is not sent yet: `DIR NAME`. Prints its URL. */
const [dir = '', name = ''] = process.argv.slice(2);
const database = WitnessDatabase.open(dir);
const advance = database.advance.bind(database);
database.advance = async (...step) => {
  const isTaken = await advance(...step);
  process.kill(process.pid, 'SIGKILL');
  // Nothing is answered while the signal is on its way.
  await new Promise(() => {});
  return isTaken;
};
const witness = new Witness({ name, signers: [testSigner('witness')], database });
const { url } = await startWitness({ witness, port: 0 });
process.stdout.write(`${url}\n`);
