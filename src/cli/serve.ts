import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditLog } from '../audit-log.ts';
import type { TallystickError } from '../errors.ts';
import { LAYOUT, version } from '../places.ts';
import { loopbackAddress } from '../server/loopback.ts';
import { operatingLog, type RunningServer, startServer } from '../server/mod.ts';
import { databasePath } from '../store/sqlite/database.ts';
import type { Call } from './command.ts';
import { EXIT, exitCode } from './exit.ts';
import { grouped } from './format.ts';
import { listenAddress } from './listen-address.ts';
import { openHere } from './open-data.ts';
import { typed } from './process-io.ts';
import { safeText } from './safe-text.ts';
import { startTimestamps } from './timestamping.ts';
import { startWitnesses } from './witnessing.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** Runs until it is asked to stop (exit code 0), or the log can't go on. */
export async function serve(call: Call): Promise<number> {
  call.expect(0, 0);
  const { io, data } = call;
  const host = call.text('host');
  const port = call.number('port', 0, 65_535);
  const open = call.text('public') === undefined ? null : listenAddress(call, 'public');
  const level = levelOf(call);
  if (host !== undefined) await loopbackAddress(host);
  const isNew = !existsSync(databasePath(data));
  const log = await openHere(call, true);
  const logger = operatingLog(level);
  const timestamps = startTimestamps(log, logger);
  const witnesses = startWitnesses(log, logger);
  try {
    const server = await startServer({
      log,
      version: version(),
      controlSocket: join(data, LAYOUT.control),
      logger,
      timestamps,
      witnesses,
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(open === null ? {} : { public: open }),
    });
    try {
      await (call.json ? io.stdout.record(facts(call, log, server)) : greet(call, log, server, isNew));
      const reason = await Promise.race([log.stopped, askedToStop(io.signal)]);
      return reason === null ? EXIT.ok : await sayStopped(call, reason);
    } finally {
      await Promise.all([timestamps.close(), witnesses.close()]);
      await server.close();
    }
  } finally {
    await Promise.all([timestamps.close(), witnesses.close()]);
    await log.close();
  }
}

function levelOf(call: Call): (typeof LEVELS)[number] {
  // A person reads the greeting; a service's operator reads the log.
  const text = call.text('log-level') ?? (call.io.stderr.isTerminal ? 'warn' : 'info');
  const level = LEVELS.find((each) => each === text);
  if (level !== undefined) return level;
  throw call.usage(`--log-level is ${JSON.stringify(text)}; there are: ${LEVELS.join(', ')}`);
}

async function askedToStop(signal: AbortSignal): Promise<null> {
  if (!signal.aborted) await once(signal, 'abort');
  return null;
}

function facts({ data }: Call, log: AuditLog, server: RunningServer): Record<string, unknown> {
  const { origin, size } = log.head;
  const { url, publicUrl } = server;
  return { url, publicUrl, data, node: log.node, origin, key: log.vkey, size };
}

async function greet(call: Call, log: AuditLog, server: RunningServer, isNew: boolean): Promise<void> {
  const { io, data } = call;
  const { origin, size } = log.head;
  const { url, publicUrl } = server;
  const { stdout } = io;
  await stdout.write(`Tallystick ${version()} serves the log of ${safeText(log.node)}.

  ${stdout.style('bold', url)}
  data     ${safeText(data)}
  origin   ${safeText(origin)}
  key      ${log.vkeys.map(safeText).join('\n           ')}
  records  ${grouped(size)}
${publicUrl === null ? '' : `  public   ${publicUrl}/log/${safeText(log.node)}/ (checkpoints and hashes, no records)\n`}
`);
  if (isNew) {
    const there = data === join(io.cwd, 'tallystick-data') ? '' : ` --data ${typed(data)}`;
    const command = (words: string): string => safeText(`${io.program} ${words}${there}`);
    await stdout.write(`This is a new log. Its sealing key is ${safeText(join(data, LAYOUT.key))}: keep a copy, for
without it the log cannot go on. Give the key above to whoever shall verify.

In another terminal:
  ${command('import FILE…')}    takes in logs of SignServer, Dogtag, X-Road and DigiCert
  ${command("search ''   ")}    shows what is there
  ${command('verify      ')}    checks all of it

`);
  }
  await stdout.line('Ctrl-C stops it.');
}

async function sayStopped({ io }: Call, reason: TallystickError): Promise<number> {
  await io.stderr.line(`${io.stderr.style('red', 'The log has stopped:')} ${safeText(reason.message)}`);
  return exitCode(reason.code);
}
