import Type from 'typebox';
import { FIELD_TYPES } from '../../catalog/table.ts';
import { ERROR_CODES } from '../../errors.ts';
import { StoredRecord } from './record.ts';

/** What the server answers. Bodies are written as they are; the schemas describe them, and tests hold them to it. */

const Hash = (description: string): Type.TString =>
  Type.String({ pattern: '^[0-9a-f]{64}$', description: `${description} Lower-case hex.` });
const Note = Type.String({ description: 'Signed checkpoint (C2SP tlog-checkpoint as a signed note).' });
const Seq = Type.Integer({ minimum: 0 });
const NULL = Type.Null();

/** Points at a schema that stands among the components of the document. */
export function ref(schema: Type.TSchema): Type.TSchema {
  return Type.Unsafe({ $ref: `${(schema as { $id?: string }).$id}#` });
}

/** RFC 9457. */
export const Problem: Type.TSchema = Type.Object(
  {
    type: Type.String({ description: 'URI of the kind of problem.' }),
    title: Type.String({ description: 'The kind of problem, in words.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'What is wrong this time, and the way out.' }),
    code: Type.Enum(Object.keys(ERROR_CODES), { description: 'Stable; never re-used.' }),
    retry: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
    instance: Type.Optional(Type.String({ description: 'Under this the operating log says more.' })),
    path: Type.Optional(Type.String({ description: 'Where in a record or request, as `details.KEY[2]`.' })),
    at: Type.Optional(Type.Integer({ description: 'Offset in the text or query, in UTF-16 units.' })),
    index: Type.Optional(Type.Integer({ description: 'Which of several records, from 0.' })),
  },
  {
    $id: 'Problem',
    additionalProperties: false,
    examples: [
      {
        type: 'urn:tallystick:problem:RECORD_INVALID',
        title: 'a record breaks a rule of its format',
        status: 400,
        detail: 'outcome is required',
        code: 'RECORD_INVALID',
        retry: false,
        path: 'outcome',
      },
    ],
  },
);

export const Receipt: Type.TSchema = Type.Object(
  {
    node: Type.String(),
    seq: Seq,
    leaf: Hash('SHA-256(0x00 ‖ entry).'),
    checkpoint: Note,
    duplicate: Type.Boolean({ description: 'The record was there already, under the same id.' }),
  },
  {
    $id: 'Receipt',
    description: 'The record is durable and covered by this checkpoint.',
    additionalProperties: false,
  },
);

const Place = {
  index: Type.Optional(Type.Integer({ minimum: 0, description: 'Of a list: which item, from 0.' })),
  line: Type.Optional(Type.Integer({ minimum: 1, description: 'Of NDJSON: which line, from 1.' })),
};

/** One answer for each record of a list. */
export const BatchAnswer: Type.TSchema = Type.Object(
  {
    results: Type.Array(
      Type.Union([
        Type.Object({ ...Place, receipt: ref(Receipt) }, { additionalProperties: false }),
        Type.Object({ ...Place, error: ref(Problem) }, { additionalProperties: false }),
      ]),
    ),
  },
  { $id: 'BatchAnswer', additionalProperties: false },
);

const VIEW = {
  node: Type.String(),
  seq: Seq,
  status: Type.Enum(['verified', 'altered', 'missing', 'unreadable'], {
    description: '`verified`: the bytes hash up to the signed root. The others name what does not hold.',
  }),
  problem: Type.Optional(Type.String({ description: 'What is wrong; absent when verified.' })),
  leaf: Type.Union([Hash('Sealed leaf hash.'), NULL]),
  record: Type.Union([ref(StoredRecord), NULL]),
};

export const RecordView: Type.TSchema = Type.Object(VIEW, { $id: 'RecordView', additionalProperties: false });

export const RecordAnswer: Type.TSchema = Type.Object(
  {
    ...VIEW,
    bound: Type.Union(
      [
        Type.Object(
          {
            size: Seq,
            root: Hash('Root of the checkpoint that was dated.'),
            notLaterThan: Type.Integer({ description: 'ms since 1970.' }),
            by: Type.String(),
            trust: Type.Enum(['given-root', 'none']),
          },
          { additionalProperties: false },
        ),
        NULL,
      ],
      { description: 'By when the record existed, as a time stamp says; null when none covers it.' },
    ),
    proof: Type.Union([
      Type.Object(
        {
          hashes: Type.Array(Hash('Inclusion path (RFC 9162), leaf side first.')),
          checkpoint: Note,
        },
        { additionalProperties: false },
      ),
      NULL,
    ]),
  },
  { $id: 'RecordAnswer', additionalProperties: false },
);

export const SearchAnswer: Type.TSchema = Type.Object(
  {
    records: Type.Array(ref(RecordView)),
    next: Type.Union([Type.String({ description: 'Cursor of the next page.' }), NULL]),
    through: Type.Array(
      Type.Object({ node: Type.String(), origin: Type.String(), size: Seq }, { additionalProperties: false }),
      { description: 'The answer is complete for these sealed states.' },
    ),
    scanned: Type.Integer({ minimum: 0, description: 'Records read to answer; 0 when the index sufficed.' }),
  },
  { $id: 'SearchAnswer', additionalProperties: false },
);

const Names = Type.Array(Type.String());
const Texts = Type.Record(Type.String(), Type.String());

/** An event of a catalog: `EventListing`. */
export const CatalogEvent: Type.TSchema = Type.Object(
  {
    system: Type.String(),
    component: Type.Union([Type.String(), NULL], {
      description: 'The part of the system that has it; null where there are no parts.',
    }),
    event: Type.String(),
    aliases: Names,
    about: Type.String(),
    action: Type.String({ description: 'The common verb.' }),
    actionBy: Type.Union([
      Type.Object({ field: Type.String(), values: Texts }, { additionalProperties: false }),
      NULL,
    ]),
    implies: Type.Record(Type.String(), Type.Enum(['success', 'failure']), {
      description: 'Outcomes that names tell by themselves.',
    }),
    effects: Texts,
    ocsf: Type.Object(
      {
        class: Type.Integer(),
        className: Type.String(),
        activity: Type.Integer(),
        activityName: Type.Union([Type.String(), NULL]),
      },
      { additionalProperties: false, description: 'Its place in OCSF 1.9.' },
    ),
    fields: Type.Array(
      Type.Object(
        {
          name: Type.String({ description: '`a.b` and `a[].b` stand inside `a`; `added:*` is a pattern.' }),
          type: Type.Union([Type.Enum(Object.keys(FIELD_TYPES)), NULL], {
            description: 'Null for a pattern.',
          }),
          list: Type.Boolean(),
          optional: Type.Boolean({ description: 'May be missing from a successful event.' }),
          about: Type.String(),
          at: Type.String({ description: "The record's member that holds it." }),
        },
        { additionalProperties: false },
      ),
    ),
    derives: Type.Object(
      {
        objects: Type.Array(
          Type.Object(
            { kind: Type.String(), from: Type.String(), as: Type.String() },
            { description: 'A rule.' },
          ),
        ),
        actor: Type.Record(Type.String(), Names),
        correlation: Names,
        reason: Names,
      },
      { additionalProperties: false, description: 'What its fields tell beyond themselves.' },
    ),
    mandatoryIn: Names,
    defaultIn: Names,
    versions: Type.Union([Type.String(), NULL]),
  },
  { $id: 'CatalogEvent', additionalProperties: false },
);
