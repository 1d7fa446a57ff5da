import { defineCatalog, event, field, list } from '../../src/catalog/mod.ts';

/** A user's own catalog. */
export const payments = defineCatalog({
  system: 'payments',
  about: 'Events of a payment service.',
  partIn: null,
  textual: false,
  fields: {
    account: field('text', 'Whose money it was.'),
    amount: field('integer', 'In cents.'),
    kind: field('enum', 'What became of it.'),
    notes: list('text', 'Remarks.'),
  },
  parts: {
    '': {
      Pay: event('update', 'account amount kind? notes?', 'A payment was made, or came back.', {
        aliases: ['Payment'],
        actionBy: { field: 'kind', values: { refund: 'restore' } },
      }),
    },
  },
  objects: [{ kind: 'account', from: 'account', as: 'text' }],
  correlation: [],
  reason: [],
  actor: {},
});
