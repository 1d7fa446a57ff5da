import { defineCatalog, event, field } from '../../src/catalog/mod.ts';

export const vault = defineCatalog({
  system: 'vault',
  about: 'Keys of a vault.',
  partIn: null,
  textual: false,
  failureSuffix: ' failed',
  fields: {
    alias: field('text', 'Which key.'),
    digest: field('text', 'What was made.'),
  },
  parts: { '': { Generate: event('generate', 'alias digest?', 'A key was made.') } },
  objects: [],
  correlation: [],
  reason: [],
  actor: {},
});
