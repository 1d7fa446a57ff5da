import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { UsageError } from '../../errors.ts';
import type { Receipt } from '../../log/receipt.ts';
import type { Json, RecordDraft } from '../../record/mod.ts';
import { appendItems, type Result } from '../append-records.ts';
import { countLines, type Item, itemsOfLines, itemsOfList } from '../parse-records.ts';
import { BatchAnswer, Receipt as ReceiptSchema, ref } from '../schemas/answers.ts';
import { Draft } from '../schemas/record.ts';
import type { Service } from '../service.ts';
import { checkAllButBody } from '../validation.ts';
import { problems } from './answers.ts';

export const MAX_RECORDS = 10_000;
const NDJSON = 'application/x-ndjson';
/** What records are said to come from until callers have identities. */
const SOURCE = 'http';

const Headers = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,256}$',
      description: 'Becomes the id of a single record that has none.',
    }),
  ),
});
const Phase = {
  phase: Type.Optional(
    Type.Enum(['attempt', 'outcome'], {
      description:
        'What a single record is to a guarded operation; the log seals it with the record. An attempt has outcome `void`, an outcome one link in `refs` with `why: attempt`; both have a correlation.',
    }),
  ),
};
const Parameters = Type.Object(Phase, { additionalProperties: false });
const ControlParameters = Type.Object(
  {
    ...Phase,
    source: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: `\`${SOURCE}\` when not given.` }),
    ),
  },
  { additionalProperties: false },
);

/** `POST /v1/records`: one record, a list, or NDJSON. On the control socket the caller names its source. */
export function recordsRoute(app: FastifyInstance, service: Service, control: boolean): void {
  // Of this scope alone. Lines stay bytes: each is decoded on its own, so that a bad one harms no other.
  app.addContentTypeParser(
    NDJSON,
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => body,
  );
  app.post<{ Querystring: Static<typeof ControlParameters>; Headers: Static<typeof Headers> }>(
    '/v1/records',
    { schema: schema(control), validatorCompiler: checkAllButBody },
    async (request, reply) => {
      const { source = SOURCE, phase } = request.query;
      const body = request.body as Json | Uint8Array | undefined;
      const items = several(body);
      if (items !== null) {
        if (request.headers['idempotency-key'] !== undefined) {
          throw invalid('Idempotency-Key is for a single record; give each record of a list its own id');
        }
        if (phase !== undefined) throw invalid('phase is for a single record', 'phase');
        const results = await appendItems(service.log, items, source);
        return reply.code(isWhole(results) ? 200 : 207).send({ results });
      }
      const draft = withId(body as Json | undefined, request.headers['idempotency-key']);
      const receipt = await service.log.append(draft, {
        ...{ source, whenFull: 'refuse' },
        ...(phase === undefined ? {} : { phase }),
      });
      if (!receipt.duplicate) void reply.code(201).header('location', locationOf(receipt));
      return receipt;
    },
  );
}

function schema(control: boolean): Record<string, unknown> {
  return {
    summary: 'Append records',
    description:
      'One record is answered 201 with its receipt, or 200 when it was there already. Several are answered one by one: 200 when all went in, 207 when some did not. A receipt means durable and sealed.',
    tags: ['records'],
    querystring: control ? ControlParameters : Parameters,
    headers: Headers,
    body: {
      content: {
        'application/json': {
          schema: Type.Union([ref(Draft), Type.Array(ref(Draft), { maxItems: MAX_RECORDS })]),
        },
        [NDJSON]: {
          schema: Type.String({ description: `One record a line, at most ${MAX_RECORDS} lines.` }),
        },
      },
    },
    response: {
      200: Type.Union([ref(ReceiptSchema), ref(BatchAnswer)]),
      201: ref(ReceiptSchema),
      207: ref(BatchAnswer),
      ...problems(400, 403, 409, 413, 415, 429, 500, 503, 507),
    },
  };
}

/** The records when the body holds several, else null. Throws `UsageError` REQUEST_TOO_LARGE. */
function several(body: Json | Uint8Array | undefined): Iterable<Item> | null {
  if (body instanceof Uint8Array) {
    limit(countLines(body), 'lines');
    return itemsOfLines(body);
  }
  if (!Array.isArray(body)) return null;
  limit(body.length, 'records');
  return itemsOfList(body);
}

function limit(count: number, of: string): void {
  if (count <= MAX_RECORDS) return;
  throw new UsageError('REQUEST_TOO_LARGE', `a request may hold ${MAX_RECORDS} ${of}; send these in parts`);
}

/** The record, as yet unchecked, with the header's id. */
function withId(body: Json | undefined, key: string | undefined): RecordDraft {
  if (body === undefined) throw invalid('there is no body; send a record as application/json');
  const draft = body as unknown as RecordDraft;
  if (key === undefined || typeof body !== 'object' || body === null) return draft;
  if (draft.id !== undefined && draft.id !== key) {
    throw invalid('Idempotency-Key and the id of the record differ; send one of them', 'id');
  }
  return { ...draft, id: key };
}

function isWhole(results: readonly Result[]): boolean {
  return results.every((result) => 'receipt' in result);
}

function locationOf({ node, seq }: Receipt): string {
  return `/v1/records/${node}/${seq}`;
}

function invalid(message: string, path?: string): UsageError {
  return new UsageError('REQUEST_INVALID', message, path === undefined ? {} : { context: { path } });
}
