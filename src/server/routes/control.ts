import process from 'node:process';
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { certificateState } from '../../keys/sealing-keys.ts';
import { MAX_RECORD_BYTES, type RecordDraft } from '../../record/mod.ts';
import { problemOf } from '../problem.ts';
import { Problem, Receipt, ref } from '../schemas/answers.ts';
import type { Service } from '../service.ts';
import { problems } from './answers.ts';

/** The longest record, and what stands around it. */
const BODY_LIMIT = MAX_RECORD_BYTES + 1024 * 1024;

const strict = { additionalProperties: false } as const;
const Size = Type.Integer({ minimum: 0 });

const Append = Type.Object(
  {
    // Checked by the log, record by record; `Draft` describes them.
    records: Type.Array(Type.Unknown(), { minItems: 1, maxItems: 10_000, description: 'See `Draft`.' }),
    source: Type.String({ minLength: 1, maxLength: 256 }),
    state: Type.Optional(
      Type.Array(
        Type.Object(
          {
            key: Type.String({ minLength: 1, maxLength: 1024 }),
            value: Type.Union([Type.String(), Type.Null()]),
          },
          strict,
        ),
        { description: 'Committed with the records; null removes a key.' },
      ),
    ),
  },
  strict,
);
const AppendAnswer = Type.Object(
  {
    results: Type.Array(
      Type.Union([
        Type.Object({ receipt: ref(Receipt) }, strict),
        Type.Object({ error: ref(Problem) }, strict),
      ]),
    ),
  },
  strict,
);
const StateQuery = Type.Object({ prefix: Type.Optional(Type.String({ maxLength: 1024 })) }, strict);
const StateAnswer = Type.Object({ state: Type.Record(Type.String(), Type.String()) }, strict);
const RebuildAnswer = Type.Object({ rebuilt: Size }, strict);
const StatusAnswer = Type.Object(
  {
    version: Type.String(),
    pid: Type.Integer(),
    startedAt: Type.Integer({ description: 'ms since 1970.' }),
    node: Type.String(),
    vkey: Type.String(),
    origin: Type.String(),
    size: Size,
    certificate: Type.Union([Type.String(), Type.Null()], {
      description: 'PEM: that of the sealing key with those above it; null while none is active.',
    }),
    stopped: Type.Union([ref(Problem), Type.Null()]),
    rebuilding: Type.Union([Type.Object({ done: Size, total: Size }, strict), Type.Null()]),
  },
  strict,
);

const SelfTest = Type.Object(
  { actor: Type.String({ minLength: 1, maxLength: 256, description: 'Who the record says it was.' }) },
  strict,
);
const SelfTestAnswer = Type.Object(
  {
    at: Type.Integer({ description: 'ms since 1970.' }),
    tests: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          problem: Type.Union([Type.String(), Type.Null()], { description: 'null when it passed.' }),
        },
        strict,
      ),
    ),
  },
  strict,
);

/** Routes of the control socket alone: whoever may open it owns the data directory. */
export function controlRoutes(app: FastifyInstance, service: Service): void {
  const { log } = service;
  const tags = ['control'];

  app.post<{ Body: Static<typeof Append> }>(
    '/v1/control/append',
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: 'Append records and state together',
        description:
          'One commit: records and state are in the log, or neither. A record that can not be sealed is refused alone.',
        tags,
        body: Append,
        response: { 200: AppendAnswer, ...problems(400, 403, 413, 500, 503, 507) },
      },
    },
    async ({ body: { records, source, state = [] } }) => {
      const results = await log.appendEach(records as RecordDraft[], { source, state });
      return {
        results: results.map((result) => ('error' in result ? { error: problemOf(result.error) } : result)),
      };
    },
  );

  app.get<{ Querystring: Static<typeof StateQuery> }>(
    '/v1/control/state',
    {
      schema: {
        summary: 'Read state',
        tags,
        querystring: StateQuery,
        response: { 200: StateAnswer, ...problems(400, 500, 503) },
      },
    },
    async ({ query }) => ({ state: Object.fromEntries(await log.state(query.prefix ?? '')) }),
  );

  app.post(
    '/v1/control/index/rebuild',
    {
      schema: {
        summary: 'Rebuild the search index from the log',
        tags,
        response: { 200: RebuildAnswer, ...problems(429, 500, 503) },
      },
    },
    async () => ({ rebuilt: await service.rebuildIndex() }),
  );

  app.post<{ Body: Static<typeof SelfTest> }>(
    '/v1/control/self-test',
    {
      schema: {
        summary: 'Run the self-tests',
        description: 'Records what they say. After a failure the log takes no records until they pass.',
        tags,
        body: SelfTest,
        response: { 200: SelfTestAnswer, ...problems(400, 500, 503) },
      },
    },
    async ({ body }) => log.watch.selfTest({ name: body.actor }),
  );

  app.get(
    '/v1/control/status',
    { schema: { summary: 'What the server is doing', tags, response: { 200: StatusAnswer } } },
    async () => {
      const { version, startedAt, stopped, rebuilding } = service;
      const { origin, size } = log.head;
      const key = certificateState(log.node);
      return {
        ...{ version, pid: process.pid, startedAt, node: log.node, vkey: log.vkey, origin, size },
        certificate: (await log.state(key)).get(key) ?? null,
        stopped: stopped && problemOf(stopped),
        rebuilding,
      };
    },
  );
}
