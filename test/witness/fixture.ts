import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Signer } from '../../src/crypto/signer.ts';
import { startWitness, Witness, WitnessDatabase } from '../../src/witness/server/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { FakeLog } from './fake-log.ts';

export const NAME = 'witness.example/w';
/** What the witness's clock says, ms since 1970. */
export const NOW = 1_800_000_000_500;

export interface Running {
  readonly url: string;
  readonly dir: string;
  readonly witness: Witness;
  post(body: Uint8Array | string): Promise<Response>;
  get(path: string): Promise<Response>;
  close(): Promise<void>;
}

export function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-witness-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A witness on a free port that believes these logs. */
export async function running(
  t: TestContext,
  {
    dir = folder(t),
    logs = [new FakeLog()],
    signers = [testSigner('witness')],
    now = () => NOW,
  }: {
    dir?: string;
    logs?: readonly { origin: string; vkey: string }[];
    signers?: readonly Signer[];
    now?: () => number;
  } = {},
): Promise<Running> {
  const database = WitnessDatabase.open(dir);
  for (const { origin, vkey } of logs) database.addKey(origin, vkey);
  const witness = new Witness({ name: NAME, signers, database, now });
  const server = await startWitness({ witness, port: 0 });
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await server.close();
    database.close();
  };
  const once = (): Promise<void> => {
    closing ??= close();
    return closing;
  };
  t.after(once);
  return {
    ...{ url: server.url, dir, witness, close: once },
    post: (body) => fetch(`${server.url}/add-checkpoint`, { method: 'POST', body: Buffer.from(body) }),
    get: (path) => fetch(`${server.url}${path}`),
  };
}
