import type { FastifyReply } from 'fastify';

/** Why work ended: its caller went away, so there is nobody to answer. */
export class HungUp extends Error {}

/** Aborts when the caller hangs up before it has its answer. (`request.signal` does not, once a body has been read.) */
export function untilHungUp(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => controller.abort(new HungUp('the caller hung up')));
  return controller.signal;
}
