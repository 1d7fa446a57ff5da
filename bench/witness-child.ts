import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { openSoftwareKey } from '../src/tokens/software.ts';
import { startWitness, Witness, WitnessDatabase } from '../src/witness/server/mod.ts';
import { OpensslAuthority } from '../test/timestamps/support/openssl.ts';
import { ca, stamper } from '../test/timestamps/support/pki.ts';
import { answering, serve } from '../test/timestamps/support/server.ts';

/**
 * A process that answers `POST /add-checkpoint`: `witness DIR ORIGIN VKEY`, or `bare DIR`, which reads the body, writes one
 * row in a synced transaction of SQLite and answers. Or `authority DIR`: a time stamp authority, by `openssl ts`, whose
 * root certificate it leaves in DIR. Prints its URL.
 */
const [kind = '', dir = '', origin = '', vkey = ''] = process.argv.slice(2);
process.on('SIGTERM', () => process.exit(0));
const KINDS: Readonly<Record<string, () => Promise<string>>> = { witness, bare, authority };
process.stdout.write(`${await KINDS[kind]?.()}\n`);

async function witness(): Promise<string> {
  const database = WitnessDatabase.open(dir);
  database.addKey(origin, vkey);
  const signers = [openSoftwareKey({ file: `${dir}/witness.key`, create: 'ed25519' })];
  const server = await startWitness({ witness: new Witness({ name: 'bench', signers, database }), port: 0 });
  return server.url;
}

async function bare(): Promise<string> {
  const db = new DatabaseSync(`${dir}/bare.db`);
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)',
  );
  const write = db.prepare('INSERT OR REPLACE INTO rows VALUES (1, ?)');
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    write.run(Buffer.concat(parts));
    response.end('done\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
}

async function authority(): Promise<string> {
  const root = await ca('Bench');
  mkdirSync(dir, { recursive: true });
  writeFileSync(`${dir}/root.der`, root.der);
  const current = new OpensslAuthority(await stamper('Bench stamps', root), []);
  process.on('exit', () => current.remove());
  return (await serve(answering({ current }))).url;
}
