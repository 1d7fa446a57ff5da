import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { type Catalog, type Catalogs, eventsNamed, listEvent, listSystem } from '../../catalog/mod.ts';
import { UsageError } from '../../errors.ts';
import { CatalogEvent, ref } from '../schemas/answers.ts';
import { problems } from './answers.ts';

const strict = { additionalProperties: false } as const;
const Text = Type.String();
const Count = Type.Integer({ minimum: 0 });

const SYSTEM = {
  system: Text,
  about: Text,
  partIn: Type.Union([Type.Enum(['module', 'component']), Type.Null()], {
    description: 'The member of a record that names the part of the system an event is of.',
  }),
  parts: Type.Array(Text),
  failureSuffix: Type.Union([Text, Type.Null()], {
    description: 'Stands behind the names of failed events.',
  }),
  permissions: Type.Record(Text, Text, {
    description: 'What its users must be allowed to see of it, and what each permits.',
  }),
};
const SystemsAnswer = Type.Object(
  { systems: Type.Array(Type.Object({ ...SYSTEM, events: Count, fields: Count }, strict)) },
  strict,
);
const SystemAnswer = Type.Object({ ...SYSTEM, events: Type.Array(ref(CatalogEvent)), fields: Count }, strict);
const EventsAnswer = Type.Object(
  { events: Type.Array(ref(CatalogEvent), { minItems: 1, description: 'One for each part that has it.' }) },
  strict,
);
const SystemParameters = Type.Object({ system: Type.String() }, strict);
const EventParameters = Type.Object(
  { system: Type.String(), event: Type.String({ description: 'Any of its names, in any case.' }) },
  strict,
);

/** `GET /v1/catalog` and below: which events and fields are known. */
export function catalogRoutes(app: FastifyInstance, catalogs: Catalogs): void {
  const tags = ['catalog'];

  app.get(
    '/v1/catalog',
    {
      schema: {
        summary: 'Systems whose events are known',
        tags,
        response: { 200: SystemsAnswer, ...problems(403) },
      },
    },
    async () => ({ systems: [...catalogs].map(listSystem) }),
  );

  app.get<{ Params: Static<typeof SystemParameters> }>(
    '/v1/catalog/:system',
    {
      schema: {
        summary: 'All events of a system',
        tags,
        params: SystemParameters,
        response: { 200: SystemAnswer, ...problems(400, 403, 404) },
      },
    },
    async ({ params }) => {
      const catalog = find(catalogs, params.system);
      return { ...listSystem(catalog), events: catalog.events.map((info) => listEvent(catalog, info)) };
    },
  );

  app.get<{ Params: Static<typeof EventParameters> }>(
    '/v1/catalog/:system/:event',
    {
      schema: {
        summary: 'One event of a system',
        tags,
        params: EventParameters,
        response: { 200: EventsAnswer, ...problems(400, 403, 404) },
      },
    },
    async ({ params }) => {
      const catalog = find(catalogs, params.system);
      const events = eventsNamed(catalog, params.event).map((info) => listEvent(catalog, info));
      if (events.length > 0) return { events };
      throw unknown(
        `the catalog of ${catalog.system} has no event of that name; /v1/catalog/${catalog.system} lists them`,
      );
    },
  );
}

function find(catalogs: Catalogs, system: string): Catalog {
  const catalog = catalogs.find(system);
  if (catalog === null)
    throw unknown('there is no catalog of that system; /v1/catalog lists those there are');
  return catalog;
}

function unknown(message: string): UsageError {
  return new UsageError('CATALOG_UNKNOWN', message);
}
