import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { LogError } from '../../errors.ts';
import { HOME, HOME_POLICY } from '../home.ts';
import type { Service } from '../service.ts';
import { problems, text } from './answers.ts';

const Health = Type.Object(
  {
    status: Type.Literal('ok'),
    version: Type.String(),
    node: Type.String(),
    size: Type.Integer({ minimum: 0, description: 'Records sealed.' }),
  },
  { description: 'An append would be accepted.', additionalProperties: false },
);

/** `/`, `/healthz` and `/openapi.json`. */
export function metaRoutes(app: FastifyInstance, service: Service): void {
  const tags = ['server'];

  app.get(
    '/',
    { schema: { summary: 'What this is', tags, response: { 200: text('A page', 'text/html') } } },
    (_request, reply) => {
      void reply.type('text/html; charset=utf-8').header('content-security-policy', HOME_POLICY);
      return reply.send(HOME);
    },
  );

  app.get(
    '/healthz',
    {
      schema: {
        summary: 'Whether an append would be accepted',
        tags,
        response: { 200: Health, ...problems(403, 503) },
      },
    },
    async () => {
      if (service.stopped !== null) throw stopped(service.stopped.message);
      return { status: 'ok', version: service.version, node: service.log.node, size: service.log.head.size };
    },
  );

  app.get(
    '/openapi.json',
    {
      schema: {
        summary: 'This document',
        tags,
        response: { 200: { type: 'object', description: 'OpenAPI 3.1', additionalProperties: true } },
      },
    },
    async () => app.swagger(),
  );
}

/** Whatever ended the log, to a monitor it is one thing: unavailable until it is started again. */
function stopped(reason: string): LogError {
  return new LogError('LOG_CLOSED', `the log has stopped and takes nothing: ${reason}`);
}
