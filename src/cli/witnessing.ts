import type { AuditLog } from '../audit-log.ts';
import type { operatingLog } from '../server/mod.ts';
import { alarmText, Witnesses } from '../witness/client/mod.ts';

/** Has a served log cosigned by itself; what becomes of it stands in the operating log. To be closed before the log is. */
export function startWitnesses(log: AuditLog, logger: ReturnType<typeof operatingLog>): Witnesses {
  const witnesses = new Witnesses(log, {
    onAsked: (outcome) => {
      const { name, size, result } = outcome;
      if (result === 'failed') {
        logger.warn({ witness: name, code: outcome.code, detail: outcome.message }, 'not cosigned');
        return;
      }
      if (result === 'cosigned') logger.info({ witness: name, size, time: outcome.time }, 'cosigned');
      if (outcome.alarm !== undefined) logger.error({ witness: name, size }, alarmText(outcome.alarm));
    },
    onProblem: (error) => logger.error({ err: error }, 'witnesses could not be asked'),
  });
  witnesses.start();
  return witnesses;
}
