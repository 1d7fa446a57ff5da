import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { HOME, HOME_POLICY } from '../home.ts';
import type { Service } from '../service.ts';
import { problems, text } from './answers.ts';

const Check = Type.Object(
  {
    name: Type.String(),
    state: Type.Enum(['ok', 'warning', 'failed', 'unknown'], {
      description: '`failed`: records are refused. `warning`: they are taken, and somebody must look.',
    }),
    detail: Type.String({ description: 'In words, with the way out.' }),
    since: Type.Optional(Type.Integer({ description: 'ms since 1970.' })),
  },
  { additionalProperties: false },
);

function health(status: readonly string[], description: string): Type.TSchema {
  return Type.Object(
    {
      status: Type.Enum([...status], { description: 'The worst of the checks; `unknown` counts as ok.' }),
      version: Type.String(),
      node: Type.String(),
      size: Type.Integer({ minimum: 0, description: 'Records sealed.' }),
      checks: Type.Array(Check),
    },
    { description, additionalProperties: false },
  );
}

const tags = ['server'];

/** `/` and `/healthz`. */
export function metaRoutes(app: FastifyInstance, service: Service): void {
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
        summary: 'How the log is, and why',
        tags,
        response: {
          200: health(['ok', 'warning'], 'An append would be accepted.'),
          503: health(['failed'], 'An append would be refused.'),
          ...problems(403),
        },
      },
    },
    async (_request, reply) => {
      const { status, checks } = await service.log.watch.health();
      const { version, log } = service;
      void reply.code(status === 'failed' ? 503 : 200);
      return { status, version, node: log.node, size: log.head.size, checks };
    },
  );
}

/** `/openapi.json`. */
export function documentRoute(app: FastifyInstance): void {
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
