import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { concatBytes, utf8 } from '../../crypto/bytes.ts';
import { LogError, StoreError, TallystickError, UsageError } from '../../errors.ts';
import type { SealedHead } from '../../log/receipt.ts';
import { parseTilePath, TILE_WIDTH, type TileId, tileWidth } from '../../merkle/mod.ts';
import { formatKeyChanges, formatTimestamps, parsePayloadPath } from '../../published/mod.ts';
import type { AuditReader } from '../../reader/audit-reader.ts';
import { tileReader } from '../../store/tile-reader.ts';
import type { LogSource, SourceCheckpoint } from '../../verify/mod.ts';
import { Lately } from '../lately.ts';
import type { Service } from '../service.ts';
import { problems, text } from './answers.ts';

/** What a log is published as, and how long an answer may be kept, and by whom. */
const KINDS = {
  checkpoint: { type: 'text/plain; charset=utf-8', cache: 'public, max-age=5' },
  // Made of all that the log keeps: not for each who asks.
  timestamps: { type: 'application/x-ndjson', cache: 'public, max-age=60' },
  // The same bytes for ever; those of a partial tile have its width in their path.
  hashes: { type: 'application/octet-stream', cache: 'public, max-age=31536000, immutable' },
  entries: { type: 'application/octet-stream', cache: 'private, max-age=31536000, immutable' },
  // Content can be removed on purpose: it is not to live on in a cache.
  payload: { type: 'application/octet-stream', cache: 'no-store' },
} as const;

const zip = promisify(gzip);

const Node = Type.Object({ node: Type.String({ maxLength: 64 }) }, { additionalProperties: false });
const Below = Type.Object(
  { node: Type.String({ maxLength: 64 }), '*': Type.String({ maxLength: 100 }) },
  { additionalProperties: false },
);

export type Readable = 'everything' | 'hashes';

/** One log, in one of the two ways in which it is published. */
interface View {
  /** Where it is, with the parameter `node`. */
  readonly at: string;
  readonly what: string;
  /** The sealed state that its checkpoint is of. */
  head(node: string): Promise<Pick<SealedHead, 'origin' | 'size' | 'note'>>;
}

/**
 * The log as C2SP tlog-tiles, with what `log publish` adds to it: see `published/layout.ts`. Twice, as that does it too:
 * as it is now, for whoever remembers what it was, and as far as a witness has cosigned it, for readers whose policy asks
 * for cosignatures. Tiles are the same for both.
 *
 * `readable` is what those who come may read: with `hashes`, entries and payloads are refused with `UsageError`
 * ENTRIES_PRIVATE before one is looked for, so that the answer does not tell what there is.
 */
export function tileRoutes(app: FastifyInstance, { log }: Service, readable: Readable): void {
  const { reader } = log;
  logRoutes(app, reader, readable, {
    at: '/log/:node',
    what: 'The newest signed checkpoint (C2SP tlog-tiles)',
    head: (node) => reader.head(node),
  });
  logRoutes(app, reader, readable, {
    at: '/log/:node/cosigned',
    what: 'The newest checkpoint that a witness has cosigned, with all its cosignatures',
    head: (node) => reader.cosignedHead(node),
  });
}

function logRoutes(app: FastifyInstance, reader: AuditReader, readable: Readable, view: View): void {
  const { at, what, head } = view;
  // Described once.
  const hide = at !== '/log/:node';
  const answers = (type: string, description: string) => ({
    200: text(description, type),
    304: { description: 'What the ETag named still stands.', type: 'null' },
    ...problems(400, 403, 404, 500, 503),
  });

  app.get<{ Params: Static<typeof Node> }>(
    `${at}/checkpoint`,
    {
      schema: {
        summary: what,
        tags: ['tiles'],
        params: Node,
        response: answers('text/plain', 'C2SP tlog-checkpoint as a signed note'),
      },
    },
    async (request, reply) => {
      const { note } = await head(request.params.node);
      return send(request, reply, 'checkpoint', utf8(note));
    },
  );

  app.get<{ Params: Static<typeof Node> }>(
    `${at}/key-changes`,
    {
      schema: {
        hide,
        summary: 'The checkpoints at which the key changed',
        tags: ['tiles'],
        params: Node,
        response: answers('text/plain', 'Signed notes, oldest first, with an empty line between'),
      },
    },
    async (request, reply) => {
      const { node } = request.params;
      const { origin, size } = await head(node);
      const kept: SourceCheckpoint[] = [];
      for await (const one of reader.source(node).keyChanges()) if (one.size <= size) kept.push(one);
      return send(request, reply, 'checkpoint', utf8(formatKeyChanges(origin, kept)));
    },
  );

  const lately = new Lately<Uint8Array>(60_000);
  app.get<{ Params: Static<typeof Node> }>(
    `${at}/timestamps`,
    {
      schema: {
        hide,
        summary: 'Time stamps over its checkpoints',
        tags: ['tiles'],
        params: Node,
        response: answers(
          'application/x-ndjson',
          'JSON a line: the `checkpoint`, and the RFC 3161 `token` over it in base64',
        ),
      },
    },
    async (request, reply) => {
      const { node } = request.params;
      const bytes = await lately.get(node, async () => {
        const { size } = await head(node);
        const kept = await reader.timestamps(node);
        return utf8(formatTimestamps(kept.filter((each) => each.size <= size)));
      });
      return send(request, reply, 'timestamps', bytes);
    },
  );

  app.get<{ Params: Static<typeof Below> }>(
    `${at}/tile/*`,
    {
      schema: {
        hide,
        summary: 'A hash tile or a bundle of entries (C2SP tlog-tiles)',
        description:
          '`tile/<L>/<N>[.p/<W>]` are hashes, `tile/entries/<N>[.p/<W>]` entries, each after its length as u16. Every width that the log has come past is there.',
        tags: ['tiles'],
        params: Below,
        response: answers('application/octet-stream', 'The hashes or entries'),
      },
    },
    async (request, reply) => {
      const tile = tileAt(pathBelow(request, at));
      if (tile.level === 'entries') demandEntries(readable);
      const bytes = await readTile(reader, request.params.node, tile);
      return send(request, reply, tile.level === 'entries' ? 'entries' : 'hashes', bytes);
    },
  );

  app.get<{ Params: Static<typeof Below> }>(
    `${at}/payload/*`,
    {
      schema: {
        hide,
        summary: 'The content that a record sealed by its hash',
        description: '`payload/<two digits>/<digest>`: 16 bytes of salt, then the JSON of the member.',
        tags: ['tiles'],
        params: Below,
        response: answers('application/octet-stream', 'Salt and content; their SHA-256 is the digest'),
      },
    },
    async (request, reply) => {
      demandEntries(readable);
      const digest = parsePayloadPath(pathBelow(request, at));
      if (digest === null)
        throw nothing('a payload is at payload/<first two digits>/<digest>, in lower-case hex');
      const payload = await reader.payload(digest, request.params.node);
      if (payload === null)
        throw new LogError('LOG_NOT_FOUND', 'no such payload is stored: never, or not any more');
      return send(request, reply, 'payload', concatBytes(payload.salt, payload.bytes));
    },
  );
}

/**
 * Entries and payloads are for auditors: until there is access control, whoever reaches the server on this machine
 * itself. Checkpoints and hashes may be for everybody.
 */
function demandEntries(readable: Readable): void {
  if (readable === 'everything') return;
  throw new UsageError(
    'ENTRIES_PRIVATE',
    "only checkpoints and hashes are public here; ask the log's operator for evidence of the records that you need",
  );
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  kind: keyof typeof KINDS,
  bytes: Uint8Array,
): Promise<FastifyReply> {
  const { type, cache } = KINDS[kind];
  const zipped = kind === 'entries' && takesGzip(request.headers['accept-encoding']);
  const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  const tag = `"${digest}${zipped ? '-gzip' : ''}"`;
  void reply.headers({ 'cache-control': cache, etag: tag });
  if (kind === 'entries') void reply.header('vary', 'accept-encoding');
  if (namesTag(request.headers['if-none-match'], tag)) return reply.code(304).send();
  void reply.type(type);
  if (!zipped) return reply.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  return reply.header('content-encoding', 'gzip').send(await zip(bytes));
}

function takesGzip(header: string | undefined): boolean {
  const codings = (header ?? '').toLowerCase().split(',');
  return codings.some((coding) => /^\s*gzip\s*(?:;\s*q=(?:0?\.0*[1-9][0-9]*|1(?:\.0*)?)\s*)?$/.test(coding));
}

function namesTag(header: string | undefined, tag: string): boolean {
  return (header ?? '').split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}

/** The path below the log, as it was sent: what was escaped is not one of ours. */
function pathBelow({ raw, params }: FastifyRequest<{ Params: Static<typeof Below> }>, at: string): string {
  const path = (raw.url ?? '').replace(/\?.*$/s, '');
  const prefix = `${at.replace(':node', () => params.node)}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : '';
}

function tileAt(path: string): TileId {
  try {
    return parseTilePath(path);
  } catch (error) {
    if (!(error instanceof TallystickError) || error.code !== 'TILE_INVALID') throw error;
    throw nothing(
      'a tile is at tile/<L>/<N> or tile/<L>/<N>.p/<W>, L a level or "entries", as C2SP tlog-tiles has it',
    );
  }
}

async function readTile(reader: AuditReader, node: string, tile: TileId): Promise<Uint8Array> {
  const { size } = await reader.head(node);
  const { level, index, width } = tile;
  const there = tileWidth(level === 'entries' ? 0 : level, index, size);
  if (width > there) {
    const what =
      there === 0 ? 'it has no such tile yet' : `this tile is ${there} wide, ${width} was asked for`;
    throw new LogError('LOG_NOT_FOUND', `the log of ${node} has ${size} records: ${what}`);
  }
  const source = reader.source(node);
  if (level !== 'entries') return tileReader(source)(level, index, width);
  return readEntries(source, index * TILE_WIDTH, width);
}

async function readEntries(source: LogSource, from: number, width: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let at = from;
  for await (const part of source.bundles(from, from + width)) {
    if (part.entries === null || part.from !== at) break;
    parts.push(part.entries);
    at = part.to;
  }
  if (at === from + width) return concatBytes(...parts);
  throw new StoreError('STORE_DAMAGED', `record ${at} can't be read; run verify`);
}

function nothing(rule: string): UsageError {
  return new UsageError('ROUTE_NOT_FOUND', rule);
}
