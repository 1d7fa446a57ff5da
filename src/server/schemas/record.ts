import Type from 'typebox';
import type { Json, RecordDraft } from '../../record/mod.ts';

/**
 * The record as the API document shows it. What a producer sends is checked by `checkDraft` alone: these schemas
 * describe, a test holds them against its rules.
 */

const Text = (maxLength: number, description: string, minLength = 0): Type.TString =>
  Type.String({ description, maxLength, ...(minLength > 0 ? { minLength } : {}) });

const Fields = (description: string): Type.TUnsafe<{ readonly [field: string]: Json }> =>
  Type.Unsafe<{ readonly [field: string]: Json }>({
    type: 'object',
    additionalProperties: true,
    description,
  });

const Actor = Type.Object(
  {
    name: Type.Optional(Text(4096, 'Subject DN, user name or service name.')),
    serial: Type.Optional(Text(1024, 'Serial number of the certificate.')),
    issuer: Type.Optional(Text(4096, 'Issuer of the certificate.')),
    ip: Type.Optional(Text(256, 'Address the act came from.')),
    auth: Type.Optional(Text(1024, 'How it was authenticated.')),
    role: Type.Optional(Text(1024, 'Role it acted in.')),
  },
  { additionalProperties: false, description: 'Who did it.' },
);

const ObjectRef = Type.Object(
  {
    kind: Text(64, 'As `key`.'),
    id: Text(1024, 'Identity.'),
    name: Type.Optional(Text(1024, 'For people.')),
  },
  { additionalProperties: false },
);

const Signature = Type.Object(
  {
    algorithm: Type.Optional(Text(256, 'As `SHA256withRSA`.')),
    hashAlgorithm: Type.Optional(Text(256, 'As `SHA-256`.')),
    hash: Type.Optional(Text(1024, 'What was signed, lower-case hex.')),
    value: Type.Optional(Type.String({ description: 'The signature as the system wrote it.' })),
    keyAlias: Type.Optional(Text(1024, 'Name of the key in its token.')),
    keyId: Type.Optional(Text(1024, 'Identity of the key.')),
    keyType: Type.Optional(Text(256, 'As `RSA`.')),
    use: Type.Optional(Type.Enum(['production', 'test'])),
    metadata: Type.Optional(
      Type.Array(
        Type.Object(
          {
            key: Text(1024, 'Name.'),
            value: Type.String({ description: 'Value.' }),
            primary: Type.Optional(Type.Boolean()),
            source: Type.Optional(Text(1024, 'Where it was found.')),
          },
          { additionalProperties: false },
        ),
        { maxItems: 4096 },
      ),
    ),
  },
  { additionalProperties: false, description: 'Of signing events.' },
);

const Link = Type.Object(
  { node: Text(64, 'Node id.'), seq: Type.Integer({ minimum: 0 }), why: Text(256, 'Why it is meant.') },
  { additionalProperties: false },
);

const Raw = Type.Union(
  [
    Type.Object({ text: Type.String() }, { additionalProperties: false }),
    Type.Object({ base64: Type.String() }, { additionalProperties: false }),
  ],
  { description: 'The original bytes of a line or row.' },
);

/** A record as a producer sends it. */
export const Draft: Type.TSchema = Type.Object(
  {
    id: Type.Optional(Text(256, 'Idempotency id: the same id and content again adds nothing.', 1)),
    time: Type.Integer({
      minimum: 0,
      maximum: 253_402_300_799_999,
      description: 'When it happened, ms since 1970.',
    }),
    system: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
      description: 'Whose vocabulary. `tallystick` is kept for the log itself.',
    }),
    event: Text(1024, "The system's own name of what happened."),
    module: Type.Optional(Text(1024, "The system's own word.")),
    service: Type.Optional(Text(1024, "The system's own word.")),
    component: Type.Optional(Text(1024, "The system's own word.")),
    outcome: Type.Enum(['success', 'failure', 'void']),
    reason: Type.Optional(Type.String({ description: 'Error message of a failed event.' })),
    actor: Type.Optional(Actor),
    correlation: Type.Optional(Text(1024, 'Correlation or trace id.')),
    details: Type.Optional(Fields("The event's own fields by their own names.")),
    signature: Type.Optional(Signature),
    objects: Type.Optional(
      Type.Array(ObjectRef, { maxItems: 256, description: 'What it was done to; usually derived.' }),
    ),
    refs: Type.Optional(Type.Array(Link, { maxItems: 256, description: 'Other records meant.' })),
    dialect: Type.Optional(Text(64, 'Which parser made this of a line, as `xroad/1`.')),
    raw: Type.Optional(Raw),
    upstream: Type.Optional(Fields("What checking the source's own signature said.")),
    flags: Type.Optional(Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' }), { maxItems: 64 })),
  },
  {
    $id: 'Draft',
    title: 'Record',
    description: 'A record as a producer sends it. Members above 8 KiB are sealed by their salted hash.',
    additionalProperties: false,
    examples: [
      {
        id: 'order-4711/sign',
        time: 1_790_000_000_000,
        system: 'shop',
        event: 'INVOICE_SIGN',
        outcome: 'success',
        actor: { name: 'CN=Signer 1', ip: '192.0.2.7' },
        details: { invoice: '2026-0815', pages: 3 },
      } satisfies RecordDraft,
    ],
  },
);

/** A record as it is read back: the producer's members as above, and the log's. */
export const StoredRecord: Type.TSchema = Type.Object(
  {
    v: Type.Literal(1),
    node: Type.String(),
    seq: Type.Integer({ minimum: 0 }),
    logged: Type.Integer({ minimum: 0, description: 'When the log took it, ms since 1970.' }),
    source: Type.String({ description: 'Which source or API identity delivered it.' }),
    time: Type.Integer({ minimum: 0 }),
    system: Type.String(),
    event: Type.String(),
    outcome: Type.Enum(['success', 'failure', 'void']),
  },
  {
    $id: 'StoredRecord',
    title: 'Sealed record',
    description:
      "The producer's members as in `Draft`, and those the log adds. A long member whose content was removed reads `{payload, bytes}`.",
    additionalProperties: true,
  },
);
