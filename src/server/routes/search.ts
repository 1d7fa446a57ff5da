import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { UsageError } from '../../errors.ts';
import type { FacetRequest } from '../../index/index.ts';
import { untilHungUp } from '../hang-up.ts';
import { ref, SearchAnswer } from '../schemas/answers.ts';
import type { Service } from '../service.ts';
import { problems } from './answers.ts';

const MAX_TIME = 253_402_300_799_999;
const MAX_BUCKETS = 5_000;
const FACETS_LIMIT = 20;

const strict = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Query = Type.Optional(
  Type.String({
    maxLength: 8192,
    description: 'Query text (docs/query.md). Empty matches everything.',
    examples: ['event:KEYGEN -outcome:success'],
  }),
);

const SearchQuery = Type.Object(
  {
    query: Query,
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: '50 when not given. A page may end before, where its records are large.',
      }),
    ),
    cursor: Type.Optional(Type.String({ maxLength: 8192, description: '`next` of the page before.' })),
    order: Type.Optional(Type.Enum(['newest', 'oldest'], { description: '`newest` when not given.' })),
  },
  strict,
);

const CountQuery = Type.Object({ query: Query }, strict);
const CountAnswer = Type.Object({ count: Count }, strict);

const HistogramQuery = Type.Object(
  {
    query: Query,
    from: Type.Integer({ minimum: 0, maximum: MAX_TIME, description: 'First `time`, ms since 1970.' }),
    to: Type.Integer({ minimum: 0, maximum: MAX_TIME, description: 'Last `time`, ms since 1970.' }),
    bucketMs: Type.Integer({ minimum: 1, description: `Width; at most ${MAX_BUCKETS} buckets.` }),
  },
  strict,
);
const HistogramAnswer = Type.Object(
  {
    buckets: Type.Array(Type.Object({ start: Type.Integer(), outcome: Type.String(), count: Count }, strict)),
  },
  strict,
);

const FACETS = [
  ...(['system', 'source', 'event', 'action', 'outcome', 'module'] as const),
  ...(['component', 'actor', 'ip', 'node', 'flag', 'object'] as const),
] satisfies FacetRequest['field'][];
const FacetsQuery = Type.Object(
  {
    query: Query,
    field: Type.Enum(FACETS),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1000, description: `${FACETS_LIMIT} when not given.` }),
    ),
  },
  strict,
);
const FacetsAnswer = Type.Object(
  { values: Type.Array(Type.Object({ value: Type.String(), count: Count }, strict)) },
  strict,
);

/** `GET /v1/records`, `/v1/count`, `/v1/histogram`, `/v1/facets`: what a query text finds, over all logs. */
export function searchRoutes(app: FastifyInstance, { log: { reader } }: Service): void {
  const failing = problems(400, 403, 500, 503);

  app.get<{ Querystring: Static<typeof SearchQuery> }>(
    '/v1/records',
    {
      schema: {
        summary: 'Search records',
        description:
          'A page of records, each read from the log and checked up to the signed root. With the cursor the next page goes on over the same sealed state.',
        tags: ['records'],
        querystring: SearchQuery,
        response: { 200: ref(SearchAnswer), ...failing },
      },
    },
    (request, reply) => reader.search({ ...request.query, signal: untilHungUp(reply) }),
  );

  app.get<{ Querystring: Static<typeof CountQuery> }>(
    '/v1/count',
    { schema: summary('Count records', CountQuery, CountAnswer, failing) },
    async (request) => ({ count: await reader.count(request.query.query) }),
  );

  app.get<{ Querystring: Static<typeof HistogramQuery> }>(
    '/v1/histogram',
    { schema: summary('Count records by time and outcome', HistogramQuery, HistogramAnswer, failing) },
    async (request) => {
      const { query, ...range } = request.query;
      checkRange(range);
      return { buckets: await reader.histogram(query, range) };
    },
  );

  app.get<{ Querystring: Static<typeof FacetsQuery> }>(
    '/v1/facets',
    { schema: summary('Most frequent values of a field', FacetsQuery, FacetsAnswer, failing) },
    async (request) => {
      const { query, field, limit = FACETS_LIMIT } = request.query;
      return { values: await reader.facets(query, { field, limit }) };
    },
  );
}

function summary(
  text: string,
  querystring: Type.TSchema,
  answer: Type.TSchema,
  failing: Record<number, unknown>,
): Record<string, unknown> {
  return { summary: text, tags: ['search'], querystring, response: { 200: answer, ...failing } };
}

function checkRange({ from, to, bucketMs }: { from: number; to: number; bucketMs: number }): void {
  if (from > to) throw wrong('from', 'from is after to');
  if ((to - from) / bucketMs >= MAX_BUCKETS) {
    throw wrong('bucketMs', `more than ${MAX_BUCKETS} buckets; make them wider or the range shorter`);
  }
}

function wrong(path: string, message: string): UsageError {
  return new UsageError('REQUEST_INVALID', message, { context: { path } });
}
