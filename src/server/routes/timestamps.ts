import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { fromBase64 } from '../../crypto/bytes.ts';
import { UsageError } from '../../errors.ts';
import { outcomeOf, type Timestamps } from '../../timestamps/mod.ts';
import { problems } from './answers.ts';

const strict = { additionalProperties: false } as const;
const Url = Type.String({ minLength: 1, maxLength: 1024 });
const Integer = Type.Integer({ minimum: 0 });
const Actor = Type.String({ minLength: 1, maxLength: 256, description: 'Who the record says it was.' });
const orNull = (schema: Type.TSchema): Type.TSchema => Type.Union([schema, Type.Null()]);

const Authority = Type.Object(
  {
    url: Url,
    roots: Type.Array(Type.String({ description: 'A root certificate: DER in base64.' }), { maxItems: 20 }),
    policy: Type.Union([Type.String({ maxLength: 256 }), Type.Null()]),
    actor: Actor,
  },
  strict,
);
const Named = Type.Object({ url: Url, actor: Actor }, strict);
const Status = Type.Object(
  {
    url: Url,
    policy: orNull(Type.String()),
    roots: Type.Array(Type.String({ description: 'SHA-256 of the certificate.' })),
    tokens: Integer,
    newest: orNull(Type.Object({ size: Integer, genTime: Integer }, strict)),
    overdue: Type.Boolean({ description: 'The log has gone on and was not dated for 4 hours.' }),
    renewal: orNull(Type.Object({ at: Type.Integer(), why: Type.Enum(['certificate', 'hash']) }, strict)),
    failing: orNull(Type.Object({ times: Integer, code: Type.String(), message: Type.String() }, strict)),
  },
  strict,
);
const Outcome = Type.Union([
  Type.Object(
    {
      ...{ url: Url, size: Integer, genTime: Integer, notLaterThan: Integer, by: Type.String() },
      trust: Type.Enum(['given-root', 'none']),
    },
    strict,
  ),
  Type.Object(
    { url: Url, error: Type.Object({ code: Type.String(), message: Type.String() }, strict) },
    strict,
  ),
]);
const Done = Type.Object({}, strict);

/** Routes of the control socket: the authorities that date the log. */
export function timestampRoutes(app: FastifyInstance, timestamps: Timestamps): void {
  const tags = ['control'];
  const path = '/v1/control/timestamps';

  app.get(
    path,
    {
      schema: {
        summary: 'Time stamp authorities and how they fare',
        tags,
        response: { 200: Type.Object({ authorities: Type.Array(Status) }, strict), ...problems(500, 503) },
      },
    },
    async () => ({ authorities: await timestamps.list() }),
  );

  app.post<{ Body: Static<typeof Authority> }>(
    path,
    {
      schema: {
        summary: 'Set a time stamp authority',
        tags,
        body: Authority,
        response: { 200: Done, ...problems(400, 422, 500, 503, 507) },
      },
    },
    async ({ body: { url, roots, policy, actor } }) => {
      await timestamps.set({ url, policy, roots: roots.map(certificate) }, actor);
      return {};
    },
  );

  app.post<{ Body: Static<typeof Named> }>(
    `${path}/remove`,
    {
      schema: {
        summary: 'Remove a time stamp authority',
        tags,
        body: Named,
        response: { 200: Done, ...problems(400, 422, 500, 503, 507) },
      },
    },
    async ({ body: { url, actor } }) => {
      await timestamps.remove(url, actor);
      return {};
    },
  );

  app.post(
    `${path}/now`,
    {
      schema: {
        summary: 'Have all authorities date the newest checkpoint',
        tags,
        response: { 200: Type.Object({ outcomes: Type.Array(Outcome) }, strict), ...problems(500, 503) },
      },
    },
    async () => ({ outcomes: (await timestamps.stamp()).map(outcomeOf) }),
  );
}

function certificate(base64: string): Uint8Array {
  const der = fromBase64(base64);
  if (der === null) throw new UsageError('REQUEST_INVALID', 'a root certificate is not in base64');
  return der;
}
