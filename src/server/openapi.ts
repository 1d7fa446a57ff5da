import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type Type from 'typebox';
import {
  BatchAnswer,
  CatalogEvent,
  Problem,
  Receipt,
  RecordAnswer,
  RecordView,
  SearchAnswer,
} from './schemas/answers.ts';
import { Draft, StoredRecord } from './schemas/record.ts';

const COMPONENTS: readonly Type.TSchema[] = [
  ...[Draft, StoredRecord, Receipt, BatchAnswer],
  ...[RecordView, RecordAnswer, SearchAnswer, CatalogEvent, Problem],
];

/** Gathers the OpenAPI document from the schemas of the routes registered after it. */
export function gatherOpenApi(app: FastifyInstance, version: string): void {
  for (const component of COMPONENTS) app.addSchema(component);
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tallystick',
        description:
          'A tamper-evident audit log. An answer to an append means durable and sealed. Errors are RFC 9457 problems with a stable `code`.',
        version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
    },
    refResolver: { buildLocalReference: (json) => String(json.$id) },
  });
}
