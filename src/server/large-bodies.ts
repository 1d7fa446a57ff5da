import { finished } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { UsageError } from '../errors.ts';

const LARGE_BYTES = 1024 * 1024;
const MAX_LARGE = 8;

/**
 * A body stands in memory until it is whole, and as records for as long as they are being sealed. Small ones are
 * bounded by the number of connections; of large ones, and those that do not say, only so many are taken at once.
 * More are refused with `UsageError` SERVER_BUSY before they are read.
 */
export function boundLargeBodies(app: FastifyInstance): void {
  let held = 0;
  app.addHook('onRequest', async ({ headers }, reply) => {
    const isLarge =
      headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > LARGE_BYTES;
    if (!isLarge) return;
    if (held >= MAX_LARGE) {
      void reply.header('connection', 'close');
      throw new UsageError(
        'SERVER_BUSY',
        `${MAX_LARGE} large requests are being taken already; send this one again`,
      );
    }
    held++;
    finished(reply.raw, () => {
      held--;
    });
  });
}
