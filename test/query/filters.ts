import fc from 'fast-check';
import type { Filter } from '../../src/query/mod.ts';
import { NUMBER_FIELDS, OBJECT_KINDS, TEXT_FIELDS } from '../../src/query/mod.ts';

/** Patterns made of the texts that will be searched: whole, in part, and with wildcards. */
function patterns(text: fc.Arbitrary<string>): fc.Arbitrary<{ pattern: string; wildcard: boolean }> {
  const piece = fc
    .tuple(text, fc.nat(8), fc.nat(8))
    .map(([t, from, length]) => [...t.replaceAll('*', '')].slice(from, from + length).join(''));
  const wild = fc
    .array(fc.oneof(piece, fc.constant('')), { minLength: 2, maxLength: 4 })
    .map((pieces) => ({ pattern: pieces.join('*'), wildcard: true }));
  return fc.oneof(
    text.map((pattern) => ({ pattern, wildcard: false })),
    wild,
  );
}

export interface FilterSource {
  readonly text: fc.Arbitrary<string>;
  readonly time: fc.Arbitrary<number>;
  /** Whether there are terms that need the whole record. */
  readonly scanned: boolean;
}

/** Filters as a parser could have made them. */
export function filters({ text, time, scanned }: FilterSource): fc.Arbitrary<Filter> {
  const pattern = patterns(text);
  const textLeaf = fc
    .tuple(fc.constantFrom(...TEXT_FIELDS), pattern)
    .map(([field, p]): Filter => ({ kind: 'text', field, ...p }));
  const objectLeaf = fc
    .tuple(fc.oneof(fc.constant(null), fc.constantFrom(...OBJECT_KINDS), text), pattern)
    .map(([object, p]): Filter => ({ kind: 'object', object, ...p }));
  const rangeLeaf = fc.tuple(fc.constantFrom(...NUMBER_FIELDS), time, time, fc.nat(2)).map(range);
  const scannedLeaf = fc.oneof(
    fc.tuple(text, pattern).map(([name, p]): Filter => ({ kind: 'detail', name, ...p })),
    text.filter((t) => t !== '').map((t): Filter => ({ kind: 'free', text: t })),
  );
  const leaves: fc.Arbitrary<Filter>[] = [
    textLeaf,
    textLeaf,
    objectLeaf,
    rangeLeaf,
    fc.constant({ kind: 'all' }),
  ];
  if (scanned) leaves.push(scannedLeaf);
  return fc.letrec<{ filter: Filter }>((tie) => {
    const parts = fc.array(tie('filter'), { minLength: 2, maxLength: 3 });
    return {
      filter: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.oneof(...leaves),
        parts.map((of): Filter => ({ kind: 'and', of })),
        parts.map((of): Filter => ({ kind: 'or', of })),
        tie('filter').map((of): Filter => ({ kind: 'not', of })),
      ),
    };
  }).filter;
}

function range([field, a, b, ends]: [(typeof NUMBER_FIELDS)[number], number, number, number]): Filter {
  const [min, max] = a < b ? [a, b] : [b, a];
  if (ends === 0) return { kind: 'range', field, min };
  return ends === 1 ? { kind: 'range', field, max } : { kind: 'range', field, min, max };
}
