import { type ReadTime, readIso } from '../time.ts';
import { decodeId } from './escapes.ts';

/** What stands on a line before its JSON. */
export interface Frame {
  readonly time: ReadTime | null;
  /** When syslog took it. */
  readonly written: ReadTime | null;
  readonly host: string | null;
  readonly correlation: string | null;
  /** The application as the line names it. */
  readonly context: string | null;
  readonly component: string | null;
  /** The correlation id stands in encoded form on the line. */
  readonly encoded: boolean;
  /** Offset of the `{`. */
  readonly json: number;
}

const JSON_AT = ' - {';
/** Room for a correlation id whose every character is written as the digits of its bytes. */
const MAX_FRAME = 16 * 1024;
/** Stands where no host or application is told. */
export const NONE = '-';

/**
 * `<outer time> <host> correlation-id: [<id>] INFO  [<context>] <inner time>`, as rsyslog files and syslog
 * carry it.
 */
const SYSLOG =
  /^(?:<\d{1,3}>)?(\S+|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (\S+) (?:correlation-id: ?\[([^\]]*)\] )?\w+ +\[([^\]]+)\] (\d{4}-\d\d-\d\d[T ]\S+)$/;
/** `<time> [<thread>] correlation-id:[<id>] INFO  <logger>`: the application's own log file. */
const SERVER_FILE = /^(\S+) \[[^\]]*\] correlation-id: ?\[([^\]]*)\] \w+ +[\w.$]*AuditLogger$/;
/** `<time> INFO [<application>] [<thread>] <logger>`: standard output of the Sidecar container. */
const SIDECAR = /^(\S+) \w+ +\[([^\]]*)\] \[[^\]]*\] [\w.$]*AuditLogger$/;
/** `<time> INFO  [<thread>] <logger>`: signer-console's file. */
const CONSOLE_FILE = /^(\S+) \w+ +\[[^\]]*\] [\w.$]*AuditLogger$/;

/** Applications by the names they give themselves, from 6.x on. */
export const COMPONENTS: ReadonlyMap<string, string> = new Map([
  ['X-Road Proxy Admin REST API', 'security-server'],
  ['X-Road Proxy UI', 'security-server'],
  ['xroad-proxy-ui-api', 'security-server'],
  ['X-Road Central Server Admin Service', 'central-server'],
  ['X-Road Center UI', 'central-server'],
  ['X-Road Signer Console', 'signer-console'],
]);

/** The names that the components of the current release give themselves. */
export const CONTEXTS: ReadonlyMap<string, string> = new Map([
  ['security-server', 'X-Road Proxy Admin REST API'],
  ['central-server', 'X-Road Central Server Admin Service'],
  ['signer-console', 'X-Road Signer Console'],
]);

/** Applications whose lines have no correlation id. */
export const UNCORRELATED: ReadonlySet<string> = new Set([
  'X-Road Signer Console',
  'X-Road Proxy UI',
  'X-Road Center UI',
]);

/** Reads the frame of a line; null when the line has none of the known ones. */
export function readFrame(text: string): Frame | null {
  const dash = text.slice(0, MAX_FRAME).indexOf(JSON_AT);
  if (dash === -1) return null;
  const frame = text.slice(0, dash);
  const json = dash + JSON_AT.length - 1;
  const syslog = SYSLOG.exec(frame);
  if (syslog !== null) {
    const [, written, host, correlation, context, time] = syslog;
    return known({ time, written, host, correlation, context, component: COMPONENTS.get(context!), json });
  }
  const server = SERVER_FILE.exec(frame);
  if (server !== null) return known({ time: server[1], correlation: server[2], json });
  const sidecar = SIDECAR.exec(frame);
  if (sidecar !== null) {
    return known({ time: sidecar[1], context: sidecar[2], component: COMPONENTS.get(sidecar[2]!), json });
  }
  const console = CONSOLE_FILE.exec(frame);
  return console === null ? null : known({ time: console[1], component: 'signer-console', json });
}

interface Parts {
  readonly time: string | undefined;
  readonly written?: string | undefined;
  readonly host?: string | undefined;
  readonly correlation?: string | undefined;
  readonly context?: string | undefined;
  readonly component?: string | undefined;
  readonly json: number;
}

function known({ time, written, host, correlation, context, component, json }: Parts): Frame {
  const decoded = correlation === undefined ? null : decodeId(correlation);
  return {
    time: time === undefined ? null : readIso(time),
    written: written === undefined ? null : readIso(written),
    host: told(host),
    correlation: decoded ?? (correlation === '' ? null : (correlation ?? null)),
    context: told(context),
    component: component ?? null,
    encoded: decoded !== null,
    json,
  };
}

function told(text: string | undefined): string | null {
  return text === undefined || text === NONE ? null : text;
}
