import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { Witnesses } from '../../witness/client/mod.ts';
import { problems } from './answers.ts';

const strict = { additionalProperties: false } as const;
const Text = Type.String();
const Integer = Type.Integer({ minimum: 0 });
const orNull = (schema: Type.TSchema): Type.TSchema => Type.Union([schema, Type.Null()]);
const Actor = Type.String({ minLength: 1, maxLength: 256, description: 'Whom the record names.' });
const Name = Type.String({ minLength: 1, maxLength: 256 });

const Added = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 1024 }),
    vkey: Type.String({ maxLength: 8192 }),
    actor: Actor,
  },
  strict,
);
const Removed = Type.Object({ name: Name, actor: Actor }, strict);
const Alarm = Type.Object(
  {
    ...{ name: Text, kind: Type.Enum(['rolled-back', 'split-view', 'put-back']), proven: Type.Boolean() },
    ...{ size: Integer, time: Integer, answer: Text, seen: orNull(Text), own: Text },
  },
  strict,
);
const Status = Type.Object(
  {
    ...{ name: Text, url: orNull(Text), vkeys: Type.Array(Text) },
    newest: orNull(Type.Object({ size: Integer, time: Integer, ageMs: Integer }, strict)),
    failing: orNull(Type.Object({ times: Integer, code: Text, message: Text }, strict)),
    alarms: Type.Array(Alarm),
  },
  strict,
);
const asked = { name: Text, size: Integer };
const Outcome = Type.Union([
  Type.Object(
    { ...asked, result: Type.Literal('cosigned'), time: Integer, alarm: Type.Optional(Alarm) },
    strict,
  ),
  Type.Object({ ...asked, result: Type.Literal('alarm'), alarm: Alarm }, strict),
  Type.Object({ ...asked, result: Type.Literal('failed'), code: Text, message: Text }, strict),
]);
const Done = Type.Object({}, strict);

/** Routes of the control socket: the witnesses that cosign the log. */
export function witnessRoutes(app: FastifyInstance, witnesses: Witnesses): void {
  const tags = ['control'];
  const path = '/v1/control/witnesses';

  app.get(
    path,
    {
      schema: {
        summary: 'Witnesses and how they fare',
        tags,
        response: { 200: Type.Object({ witnesses: Type.Array(Status) }, strict), ...problems(500, 503) },
      },
    },
    async () => ({ witnesses: await witnesses.list() }),
  );

  app.post<{ Body: Static<typeof Added> }>(
    path,
    {
      schema: {
        summary: 'Add a witness, or a key of one',
        tags,
        body: Added,
        response: { 200: Done, ...problems(400, 422, 500, 503, 507) },
      },
    },
    async ({ body: { url, vkey, actor } }) => {
      await witnesses.add(url, vkey, actor);
      return {};
    },
  );

  app.post<{ Body: Static<typeof Removed> }>(
    `${path}/remove`,
    {
      schema: {
        summary: 'Remove a witness',
        tags,
        body: Removed,
        response: { 200: Done, ...problems(400, 422, 500, 503, 507) },
      },
    },
    async ({ body: { name, actor } }) => {
      await witnesses.remove(name, actor);
      return {};
    },
  );

  app.post(
    `${path}/ask`,
    {
      schema: {
        summary: 'Show all witnesses the newest checkpoint',
        tags,
        response: { 200: Type.Object({ outcomes: Type.Array(Outcome) }, strict), ...problems(500, 503) },
      },
    },
    async () => ({ outcomes: await witnesses.ask() }),
  );
}
