import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { tallystick } from '../catalog/tallystick.ts';
import { type TallystickError, UsageError } from '../errors.ts';
import type { Timestamps } from '../timestamps/mod.ts';
import type { Witnesses } from '../witness/client/mod.ts';
import { buildApp, type Door, type ServerOptions } from './app.ts';
import { listenPrivately } from './control-socket.ts';
import { loopbackAddress } from './loopback.ts';
import { type ServedLog, Service } from './service.ts';

export const DEFAULT_PORT = 4780;
/** How long requests may go on while the server closes, ms; then their connections are cut. */
const CLOSE_MS = 10_000;
const EXPIRY_EVERY_MS = 3_600_000;
const PROGRAM = { name: 'tallystick' };

export interface StartOptions extends ServerOptions {
  /** `127.0.0.1` when not given. Nothing but loopback is taken. */
  readonly host?: string;
  /** 0 for any that is free. */
  readonly port?: number;
  /** What has the log dated, for the control socket; started and closed by the caller. */
  readonly timestamps?: Timestamps;
  /** What has the log cosigned, for the control socket; started and closed by the caller. */
  readonly witnesses?: Witnesses;
  /** Path of the control socket; none when left out. */
  readonly controlSocket?: string;
  /** Where everybody may read checkpoints and hashes, of any address of this machine; nowhere when left out. */
  readonly public?: { readonly host: string; readonly port: number };
}

export interface RunningServer {
  /** As `http://127.0.0.1:4780`. */
  readonly url: string;
  /** Where checkpoints and hashes are public, null where they are not. */
  readonly publicUrl: string | null;
  /** Takes no more requests, finishes those it has, records the stop. The log stays open. */
  close(): Promise<void>;
}

/**
 * Serves a log on a loopback port and, if asked, on a control socket and a public port, and records the start. Throws `UsageError`
 * USAGE for another host or a socket path too long, SERVER_UNAVAILABLE when the port or socket is taken, and what
 * the log throws when the start can neither be recorded nor kept to be; nothing listens then. A log that can't seal is
 * served: what brings it back comes through the control socket.
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { log, version, logger, controlSocket } = options;
  const address = await loopbackAddress(options.host ?? '127.0.0.1');
  const service = new Service(log, version, options.timestamps, options.witnesses);
  const apps: FastifyInstance[] = [];
  try {
    const ready = async (door: Door): Promise<FastifyInstance> => {
      const app = buildApp(service, door, logger);
      apps.push(app);
      await app.ready();
      return app;
    };
    const url = await listen(await ready('local'), address, options.port ?? DEFAULT_PORT);
    const places = [url];
    if (controlSocket !== undefined) {
      await listenPrivately((await ready('control')).server, controlSocket);
      places.push(controlSocket);
    }
    let publicUrl: string | null = null;
    if (options.public !== undefined) {
      publicUrl = await listen(await ready('public'), options.public.host, options.public.port);
      places.push(publicUrl);
    }
    await recordStart(log, version, places);
    const expiries = watchExpiries(options);
    logger?.info({ node: log.node, listen: places }, 'serving');
    let closing: Promise<void> | null = null;
    return {
      url,
      publicUrl,
      close: () => {
        clearInterval(expiries);
        closing ??= stop(apps, service, options);
        return closing;
      },
    };
  } catch (error) {
    await closeAll(apps);
    throw error;
  }
}

async function listen(app: FastifyInstance, address: string, port: number): Promise<string> {
  const host = isIPv6(address) ? `[${address}]` : address;
  try {
    const listening = once(app.server, 'listening');
    app.server.listen({ host: address, port, exclusive: true });
    await listening;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'another program has it; choose another port' : `${code ?? 'failed'}`;
    throw new UsageError('SERVER_UNAVAILABLE', `cannot listen on ${host}:${port}: ${why}`, { cause });
  }
  return `http://${host}:${(app.server.address() as AddressInfo).port}`;
}

async function stop(
  apps: readonly FastifyInstance[],
  service: Service,
  options: StartOptions,
): Promise<void> {
  await closeAll(apps);
  if (service.stopped !== null) return;
  try {
    const { log, version } = options;
    const state = [{ key: runningState(log.node), value: null }];
    await log.acts.record(tallystick.AUDIT_LOG_SHUTDOWN, { version }, { actor: PROGRAM, state });
  } catch (error) {
    // The server is down all the same; a start that finds no stop before it says what happened.
    options.logger?.error({ code: (error as TallystickError).code }, 'the stop could not be recorded');
  }
}

/** Lets requests finish, but not for ever. */
async function closeAll(apps: readonly FastifyInstance[]): Promise<void> {
  const cut = setTimeout(() => {
    for (const { server } of apps) server.closeAllConnections();
  }, CLOSE_MS);
  await Promise.all(apps.map((app) => app.close()));
  clearTimeout(cut);
}

/** There from a recorded start to a recorded stop. */
function runningState(node: string): string {
  return `running/${node}`;
}

async function recordStart(log: ServedLog, version: string, listen: readonly string[]): Promise<void> {
  const key = runningState(log.node);
  const waiting = log.acts.waitingState(key);
  const before = waiting === undefined ? (await log.state(key)).get(key) : waiting;
  const unclean = typeof before === 'string' ? { unclean: true } : {};
  const told = { actor: PROGRAM, state: [{ key, value: version }] };
  await log.acts.record(tallystick.AUDIT_LOG_STARTUP, { version, listen, ...unclean }, told);
  await log.watch.recordSelfTests(PROGRAM);
}

function watchExpiries({ log, logger }: StartOptions): NodeJS.Timeout {
  const tell = (): void => {
    log.watch.tellExpiries().catch((error: Error) => {
      logger?.error({ err: error }, 'what expires could not be recorded; it is tried again in an hour');
    });
  };
  tell();
  return setInterval(tell, EXPIRY_EVERY_MS).unref();
}
