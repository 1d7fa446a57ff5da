import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { parsePin } from '../../checkpoint/mod.ts';
import { toHex } from '../../crypto/bytes.ts';
import { TallystickError } from '../../errors.ts';
import type { AuditReader } from '../../reader/audit-reader.ts';
import { untilHungUp } from '../hang-up.ts';
import { RecordAnswer, ref } from '../schemas/answers.ts';
import type { Service, VerifySettings } from '../service.ts';
import { problems, text } from './answers.ts';

const strict = { additionalProperties: false } as const;

const NodesAnswer = Type.Object(
  {
    nodes: Type.Array(
      Type.Object(
        {
          node: Type.String(),
          origin: Type.String(),
          size: Type.Integer({ minimum: 0 }),
          root: Type.String({ pattern: '^[0-9a-f]{64}$' }),
          vkey: Type.Optional(
            Type.String({
              description:
                'Verifier key of the log this server writes. Have its operator confirm it before pinning it.',
            }),
          ),
        },
        strict,
      ),
    ),
  },
  strict,
);
const NodeQuery = Type.Object(
  { node: Type.Optional(Type.String({ maxLength: 64, description: 'Needed when there are several.' })) },
  strict,
);
const RecordParameters = Type.Object(
  { node: Type.String({ maxLength: 64 }), seq: Type.Integer({ minimum: 0 }) },
  strict,
);

const VerifyBody = Type.Object(
  {
    node: Type.Optional(Type.String({ maxLength: 64, description: 'Needed when there are several.' })),
    keys: Type.Optional(
      Type.Array(Type.String({ maxLength: 8192 }), {
        maxItems: 64,
        description: 'vkeys to believe. Without these and a pin: the key the log itself names.',
      }),
    ),
    pin: Type.Optional(Type.String({ description: 'Text of a pin file: what was remembered of the log.' })),
    deep: Type.Optional(
      Type.Boolean({
        description: 'Also read every record. Done anyway where there is an index to compare.',
      }),
    ),
  },
  strict,
);
const Count = Type.Integer({ minimum: 0 });
const VerifyAnswer = Type.Object(
  {
    verdict: Type.Enum(['intact', 'not-intact']),
    origin: Type.Union([Type.String(), Type.Null()]),
    range: Type.Object({ from: Count, to: Count }, strict),
    size: Count,
    root: Type.Union([Type.String(), Type.Null()]),
    trust: Type.Enum(['pinned-key', 'given-key', 'log-key', 'none'], {
      description: 'Whose word a pass stands on.',
    }),
    keys: Type.Array(Type.String()),
    required: Type.Array(Type.String(), {
      description: 'vkeys that have to sign what is sealed from now on.',
    }),
    eras: Type.Array(
      Type.Object(
        {
          from: Count,
          to: Type.Union([Count, Type.Null()]),
          keys: Type.Array(Type.String()),
          takenOver: Type.Boolean(),
        },
        strict,
      ),
      { description: 'Which keys sealed the log, from where up to where; the last ones do now.' },
    ),
    checked: Type.Record(Type.String(), Count),
    notChecked: Type.Array(Type.Object({ what: Type.String(), why: Type.String() }, strict)),
    findings: Type.Array(
      Type.Object({
        code: Type.String(),
        class: Type.Enum(['notice', 'fail']),
        from: Count,
        to: Count,
        message: Type.String(),
      }),
    ),
    witnessed: Type.Null({ description: 'Here no policy is given: see `tallystick verify --policy`.' }),
    dated: Type.Array(Type.Object({ size: Count, notLaterThan: Count, by: Type.String() }, strict), {
      description:
        'By when records existed, as time stamps say; the first that covers a record is its bound.',
    }),
    certified: Type.Null({
      description: 'Here no trust anchor is given: see `tallystick verify --trust-anchor`.',
    }),
    attempts: Type.Union(
      [
        Type.Object(
          {
            ...{ sealed: Count, open: Count, unfollowed: Count },
            listed: Type.Array(Type.Object({ seq: Count, logged: Count }, strict)),
          },
          strict,
        ),
        Type.Null(),
      ],
      { description: 'Guarded operations, and the first of those without outcome. Null unless `deep`.' },
    ),
  },
  strict,
);

/** The logs themselves: which there are, their signed state, one record with its proof, verification. */
export function logRoutes(app: FastifyInstance, service: Service): void {
  const { log } = service;
  const { reader } = log;

  app.get(
    '/v1/nodes',
    {
      schema: {
        summary: 'The logs here',
        tags: ['log'],
        response: { 200: NodesAnswer, ...problems(403, 500, 503) },
      },
    },
    async () => ({
      nodes: await Promise.all(
        reader.nodes.map(async (node) => {
          const { origin, size, root } = await reader.head(node);
          return { node, origin, size, root: toHex(root), ...(node === log.node ? { vkey: log.vkey } : {}) };
        }),
      ),
    }),
  );

  app.get<{ Querystring: Static<typeof NodeQuery> }>(
    '/v1/checkpoint',
    {
      schema: {
        summary: 'The newest signed checkpoint',
        tags: ['log'],
        querystring: NodeQuery,
        response: {
          200: text('C2SP tlog-checkpoint as a signed note'),
          ...problems(400, 403, 404, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const { note } = await reader.head(request.query.node);
      return reply.type('text/plain; charset=utf-8').send(note);
    },
  );

  app.get<{ Params: Static<typeof RecordParameters> }>(
    '/v1/records/:node/:seq',
    {
      schema: {
        summary: 'One record with its proof',
        tags: ['records'],
        params: RecordParameters,
        response: { 200: ref(RecordAnswer), ...problems(400, 403, 404, 500, 503) },
      },
    },
    async ({ params: { node, seq } }) => {
      const view = await reader.get(seq, node);
      return { ...view, bound: await reader.bound(seq, node), proof: await proofOf(reader, seq, node) };
    },
  );

  app.post<{ Body: Static<typeof VerifyBody> | undefined }>(
    '/v1/verify',
    {
      schema: {
        summary: 'Verify a log',
        description:
          'Reads the whole log and answers what holds and what does not. One at a time: it takes as long as the log is big, and ends when the connection does.',
        tags: ['log'],
        body: VerifyBody,
        response: { 200: VerifyAnswer, ...problems(400, 403, 404, 413, 415, 422, 429, 500, 503) },
      },
      // No body asks for no more than an empty one.
      preValidation: async (request) => {
        request.body ??= {};
      },
    },
    ({ body = {} }, reply) => service.verify({ ...settingsOf(body), signal: untilHungUp(reply) }),
  );
}

/** Members left undefined are not there. */
function settingsOf({ node, keys, pin, deep }: Static<typeof VerifyBody>): VerifySettings {
  return {
    ...(node === undefined ? {} : { node }),
    ...(keys === undefined ? {} : { keys }),
    ...(pin === undefined ? {} : { pin: parsePin(pin) }),
    ...(deep === undefined ? {} : { deep }),
  };
}

/** null where the hash tiles are damaged: the record is shown all the same, and says what is wrong. */
async function proofOf(
  reader: AuditReader,
  seq: number,
  node: string,
): Promise<{ checkpoint: string; hashes: string[] } | null> {
  try {
    const { head, proof } = await reader.prove(seq, node);
    return { checkpoint: head.note, hashes: proof.map(toHex) };
  } catch (error) {
    if (error instanceof TallystickError && DAMAGED.includes(error.code)) return null;
    throw error;
  }
}

const DAMAGED: readonly string[] = ['STORE_DAMAGED', 'TILE_INVALID'];
