import { type DestinationStream, destination, type Logger, pino } from 'pino';

const STDERR = 2;

/**
 * Operating messages as JSON lines on standard error: what the server does, never what records hold. At `debug` each
 * request is a line with its route, status and duration.
 */
export function operatingLog(
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent' = 'info',
  stream: DestinationStream = destination({ dest: STDERR, sync: true }),
): Logger {
  return pino({ level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` }, stream);
}
