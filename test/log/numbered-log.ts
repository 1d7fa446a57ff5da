import type { AuditLog } from '../../src/audit-log.ts';
import { openLog } from '../../src/open.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import { SoftwareToken } from '../../src/tokens/software.ts';
import { FaultyToken } from '../tokens/faulty.ts';

const TOKEN = 'slow';

/** The log of a data directory, and beside it a token that takes so long for a signature, ms. */
export function openNumbered(data: string, delayMs = 0): Promise<AuditLog> {
  const token = new FaultyToken(new SoftwareToken({ name: TOKEN, path: `${data}-token` }), { delayMs });
  return openLog({ data, node: 'n', index: false, state: `${data}-state`, tokens: [token] });
}

/** Makes the log, and has it sealed by a key of that token. */
export async function makeSlow(data: string): Promise<void> {
  const log = await openNumbered(data);
  await log.keys.generate({ token: TOKEN, alias: 'k', spec: 'ecdsa-p256' });
  await log.keys.select({ keys: [{ token: TOKEN, alias: 'k' }] });
  await log.close();
}

/** Draft `number` of a round: the same in every process. Every third has no id, every tenth a payload. */
export function draftOf(round: string, number: number): RecordDraft {
  const name = `${round}-${number}`;
  return {
    time: 1_700_000_000_000,
    system: 'test',
    event: `E${number % 10}`,
    outcome: 'success',
    correlation: name,
    ...(number % 3 === 0 ? {} : { id: name }),
    details: { TEXT: (number % 10 === 0 ? 'long ' : 'short ').repeat(number % 10 === 0 ? 2_000 : 40) },
  };
}
