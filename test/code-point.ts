import fc from 'fast-check';

/**
 * Any code point but half surrogates, as unit of `fc.string`. fast-check's own, named 'binary', begins with a table of a
 * million strings: most of a second of processor time, and 200 MB, in each test file.
 */
export const codePoint: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10_f7ff })
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));
