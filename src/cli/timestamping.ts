import type { AuditLog } from '../audit-log.ts';
import type { operatingLog } from '../server/mod.ts';
import type { Timestamps } from '../timestamps/mod.ts';

/** Has a served log dated by itself; what becomes of it stands in the operating log. To be closed before the log is. */
export function startTimestamps(log: AuditLog, logger: ReturnType<typeof operatingLog>): Timestamps {
  return log.beDated({
    onStamped: (outcome) => {
      const { url } = outcome;
      if ('error' in outcome) {
        const { code, message } = outcome.error;
        logger.warn({ url, code, detail: message }, 'no time stamp');
      } else {
        logger.info({ url, size: outcome.size, genTime: outcome.report.time?.genTime }, 'time stamp');
      }
    },
    onProblem: (error) => logger.error({ err: error }, 'time stamp authorities could not be asked'),
  });
}
