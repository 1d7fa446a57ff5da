import type { FastifyInstance } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { type Act, administer, type Given } from '../../keys/administration.ts';
import { KEY_SPECS } from '../../tokens/token.ts';
import type { Service } from '../service.ts';
import { problems } from './answers.ts';

/** Room for a file of 256 KiB in base64. */
const MAX_FILE = 400_000;
const MAX_KEYS = 16;

const strict = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1, maxLength: 256 });
const Secret = Type.String({ minLength: 1, maxLength: 1_024, description: 'Not kept, and in no record.' });
const File = Type.String({ maxLength: MAX_FILE, description: 'Base64.' });
const token = { name: Name };
const key = { token: Name, alias: Name };
const installed = {
  token: Type.Optional(Name),
  alias: Type.Optional(Name),
  file: File,
  allowExpired: Type.Optional(Type.Boolean()),
};

/** What each act is given: see `TokenAdmin` and `KeyAdmin`. */
const GIVEN: Readonly<Record<Act, Readonly<Record<string, TSchema>>>> = {
  'tokens/list': {},
  // Checked by the act itself, so that what is wrong is recorded.
  'tokens/init': { ...token, settings: Type.Unknown(), pin: Type.Optional(Secret) },
  'tokens/login': { ...token, pin: Type.Optional(Secret) },
  'tokens/logout': token,
  'tokens/rename': { ...token, to: Name },
  'tokens/remove': token,
  'keys/list': { token: Type.Optional(Name) },
  'keys/generate': { ...key, spec: Type.Union(KEY_SPECS.map((spec) => Type.Literal(spec))) },
  'keys/import': { ...key, pem: Type.String({ maxLength: MAX_FILE }), passphrase: Type.Optional(Secret) },
  'keys/test': { token: Type.Optional(Name), alias: Type.Optional(Name) },
  'keys/csr': {
    token: Type.Optional(Name),
    alias: Type.Optional(Name),
    subject: Type.String({ maxLength: 4_096 }),
  },
  'keys/deleteCsr': key,
  'keys/installCertificate': installed,
  'keys/installChain': installed,
  'keys/activate': key,
  'keys/deactivate': key,
  'keys/deleteCertificate': key,
  'keys/rename': { ...key, to: Name },
  'keys/remove': key,
  'keys/select': {
    keys: Type.Array(Type.Object(key, strict), { maxItems: MAX_KEYS }),
    standBy: Type.Optional(Type.Boolean()),
    withoutOld: Type.Optional(Type.Boolean()),
  },
};

const Body = Type.Union(
  Object.entries(GIVEN).map(([act, given]) =>
    Type.Object(
      {
        act: Type.Literal(act),
        user: Type.String({ minLength: 1, maxLength: 256, description: 'Who does it, as the record says.' }),
        given: Type.Object(given, strict),
      },
      strict,
    ),
  ),
);

interface Order<A extends Act> {
  readonly act: A;
  readonly user: string;
  readonly given: Given<A>;
}

/** What the owner of the data directory does to tokens and keys: for the control socket alone. */
export function administrationRoutes(app: FastifyInstance, service: Service): void {
  app.post<{ Body: Order<Act> }>(
    '/v1/control/administer',
    {
      schema: {
        summary: 'Administer tokens and keys',
        description:
          'An act of `TokenAdmin` or `KeyAdmin`, given and answered as in the library, and recorded as done by `user`. `answer` is null when there is nothing to say.',
        tags: ['control'],
        body: Body,
        response: {
          200: Type.Object({ answer: Type.Unknown() }, strict),
          ...problems(400, 404, 409, 422, 500, 503),
        },
      },
    },
    async ({ body: { act, user, given } }) => ({
      answer: (await administer(service.log.administration({ name: user }), act, given)) ?? null,
    }),
  );
}
