import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkTable } from '../../src/catalog/check.ts';
import type { SystemTable } from '../../src/catalog/table.ts';

const GOOD = {
  system: 'shop',
  about: 'A shop.',
  partIn: 'module',
  textual: false,
  fields: {
    item: { type: 'text', list: false, about: 'What was sold.' },
    kind: { type: 'enum', list: false, about: 'How.' },
  },
  parts: {
    TILL: {
      SOLD: {
        ...{ action: 'update', fields: 'item kind? extra:*', about: 'Something was sold.' },
        ...{ aliases: ['SALE'], implies: { SALE: 'success' }, means: { item: 'Its number.' } },
        ...{
          actionBy: { field: 'kind', values: { refund: 'restore' } },
          ocsf: { class: 3004, activity: 99 },
        },
      },
    },
  },
  objects: [{ kind: 'item', from: 'item', as: 'text' }],
  ...{ correlation: [], reason: [], actor: {} },
};

/** The table with another value at a place; undefined takes it away. */
function changed(path: string, value: unknown): SystemTable {
  const copy = structuredClone(GOOD) as unknown as Record<string, unknown>;
  const steps = path.split('/');
  let at = copy;
  for (const step of steps.slice(0, -1)) at = at[step] as Record<string, unknown>;
  at[steps.at(-1)!] = value;
  if (value === undefined) delete at[steps.at(-1)!];
  return copy as unknown as SystemTable;
}

const SOLD = 'parts/TILL/SOLD';

describe('checkTable', () => {
  test('a good table', () => checkTable(GOOD as unknown as SystemTable));

  for (const [path, value, rule] of [
    ['system', 'A Shop', /system must be 1 to 32 lower-case/],
    ['fields/item/type', 'tex', /fields\.item has the unknown type tex/],
    ['partIn', null, /parts must be one, called ''/],
    ['fields/other', { type: 'text', list: false, about: 'x' }, /fields\.other is in no event/],
    [`${SOLD}/action`, 'frob', /event TILL \/ SOLD has the unknown verb frob/],
    [`${SOLD}/fields`, 'item kind item', /names the field item twice/],
    [`${SOLD}/fields`, 'item kind price', /names the field price, which fields lacks/],
    [`${SOLD}/aliases`, ['sold', 'SALE'], /uses the name sold a second time/],
    [`${SOLD}/aliases`, ['', 'SALE'], /has a name that is empty or longer than 1024/],
    [`${SOLD}/aliases`, [], /has an outcome for the name SALE, which is none of its own/],
    [`${SOLD}/means`, { price: 'x' }, /says what price means, which is none of its fields/],
    [`${SOLD}/actionBy/field`, 'price', /has its verb from price, which is none of its fields/],
    [`${SOLD}/actionBy/values`, { refund: 'frob' }, /has the unknown verb frob/],
    [`${SOLD}/ocsf/class`, 9999, /has the OCSF class 9999, activity 99, which is not known/],
    [`${SOLD}/ocsf/activity`, 42, /has the OCSF class 3004, activity 42, which is not known/],
    [`${SOLD.replace('SOLD', 'TILL')}`, GOOD.parts.TILL.SOLD, /has the name of a part/],
    ['objects', [{ kind: 'item', from: 'item', as: 'nope' }], /objects\[0\] has the unknown form nope/],
  ] as const)
    test(`${path}: ${rule.source}`, () => {
      assert.throws(() => checkTable(changed(path, value)), { code: 'USAGE', message: rule });
    });
});
