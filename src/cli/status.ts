import { LateFile } from '../acts/late-file.ts';
import { certificatesInForce } from '../audit-log.ts';
import type { Health } from '../client/mod.ts';
import { TallystickError } from '../errors.ts';
import { diskCheck, expiryCheck, lateActsCheck, timeSyncCheck } from '../health/checks.ts';
import { type Condition, examine, type HealthCheck } from '../health/health.ts';
import { lateFile, version } from '../places.ts';
import type { AuditReader } from '../reader/audit-reader.ts';
import type { LogStore } from '../store/store.ts';
import { Timestamps, timestampsCheck } from '../timestamps/mod.ts';
import { type Continuation, readContinuation } from '../verify/mod.ts';
import { witnessCheck } from '../witness/client/mod.ts';
import { standingLog } from './anchors-desk.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { counted, utc } from './format.ts';
import { continuesWhatIsRemembered } from './held.ts';
import type { Style } from './io.ts';
import { openToRead } from './open-data.ts';
import { safeText } from './safe-text.ts';
import { findServerOf } from './server-here.ts';
import { wrapped } from './table-text.ts';

const STYLES: Readonly<Record<string, Style>> = {
  ok: 'green',
  warning: 'yellow',
  failed: 'red',
  unknown: 'dim',
};

/**
 * Says how the log is: as the server knows it, or else what can be read; and whether it is the one remembered here, which
 * no server can tell. Exit code 1 when it takes no records, or is another.
 */
export async function status(call: Call): Promise<number> {
  call.expect(0, 0);
  const asked = await ask(call);
  const health = await held(call, asked);
  const { stdout } = call.io;
  if (call.json) await stdout.json(health);
  else await print(call, health);
  return health.status === 'failed' ? EXIT.refused : EXIT.ok;
}

const WORST = ['failed', 'warning', 'ok'] as const;

type Asked = Health & { readonly server: boolean };
/** With what the log itself says it continues, or null. */
type Status = Asked & { readonly continues: Continuation | null };

async function ask(call: Call): Promise<Asked> {
  const server = await findServerOf(call);
  if (server === null) return read(call);
  try {
    return { ...(await server.client.health()), server: true };
  } finally {
    server.close();
  }
}

/** What can be told while no server writes the log. */
async function read(call: Call): Promise<Asked> {
  const { data } = call;
  const reading = await openToRead(call);
  const { store, close } = reading;
  try {
    const log = await standingLog(reading, call.text('node'));
    const { node } = log;
    const { size } = log.head;
    const checks: HealthCheck[] = [
      {
        name: 'seal',
        check: () => ({
          state: 'unknown',
          detail: 'no server writes it; whoever opens the log for writing runs the self-tests first',
        }),
      },
      lateActsCheck(() => LateFile.read(lateFile(data, node)).acts.length),
      diskCheck(data),
      expiryCheck(() => certificatesInForce(store, node), call.io.now),
      timeSyncCheck(),
      witnessCheck(node, (prefix) => store.state(prefix), call.io.now),
      timestampsCheck(() => new Timestamps(log).list(), call.io.now),
    ];
    return { ...(await examine(checks)), version: version(), node, size, server: false };
  } finally {
    await close();
  }
}

/** What is on the disk, whoever writes it: whether it continues what is remembered, and which log it says it continues. */
async function held(call: Call, asked: Asked): Promise<Status> {
  let continues: Continuation | null = null;
  const remembered = async (): Promise<Condition> => {
    const { store, reader, close } = await openToRead(call);
    try {
      continues = await continuesOf(store, reader, asked.node);
      return await continuesWhatIsRemembered(call, store, asked.node);
    } finally {
      await close();
    }
  };
  const more = await examine([{ name: 'remembered', check: remembered }]);
  const status = WORST.find((each) => each === asked.status || each === more.status) ?? asked.status;
  return { ...asked, status, checks: [...asked.checks, ...more.checks], continues };
}

async function continuesOf(store: LogStore, reader: AuditReader, node: string): Promise<Continuation | null> {
  try {
    return await readContinuation(store.source(node), await reader.head(node));
  } catch (error) {
    // What is wrong with the log, its checks say.
    if (error instanceof TallystickError) return null;
    throw error;
  }
}

async function print(
  { io, data }: Call,
  { status, node, size, server, checks, continues }: Status,
): Promise<void> {
  const { stdout } = io;
  const word = stdout.style(STYLES[status] as Style, status);
  const how = server ? 'served' : 'not served';
  await stdout.line(
    `${word}: the log of ${safeText(node)}, ${counted(size, 'record')}, ${how} (${safeText(data)})`,
  );
  if (continues !== null) {
    const { origin, size: at, cause } = continues;
    await stdout.line(`  continues ${safeText(origin)} at ${counted(at, 'record')}: ${safeText(cause)}`);
  }
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, state, detail, since } of checks) {
    const when = since === undefined ? '' : ` (${utc(since)})`;
    const [first = '', ...more] = wrapped(`${safeText(detail)}${when}`, width + 13);
    const lead = `  ${safeText(name).padEnd(width)}  ${stdout.style(STYLES[state] as Style, state.padEnd(7))}  `;
    await stdout.line([`${lead}${first.trimStart()}`, ...more].join('\n'));
  }
}
