import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { escapeJson, safeJson, safeLines, safeText } from '../../src/cli/safe-text.ts';
import { codePoint } from '../code-point.ts';

describe('safeText', () => {
  const cases: readonly [string, string, string][] = [
    ['plain text in any script', 'Ødegård 山田 太郎 Иван 🙂', 'Ødegård 山田 太郎 Иван 🙂'],
    ['line ends and tabs', 'a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['escape sequences', '\x1b[31mred\x1b]0;title\x07', '\\x1b[31mred\\x1b]0;title\\x07'],
    ['eight-bit control sequences', '\x9b31m', '\\x9b31m'],
    ['NUL, backspace, delete', '\0\b\x7f', '\\x00\\x08\\x7f'],
    [
      'bidirectional controls',
      'abc\u202egpj.exe\u202c \u2066x\u2069',
      'abc\\u{202e}gpj.exe\\u{202c} \\u{2066}x\\u{2069}',
    ],
    ['zero-width characters', 'ad\u200bmin\u2060\ufeff\u00ad', 'ad\\u{200b}min\\u{2060}\\u{feff}\\xad'],
    ['line and paragraph separators', 'a\u2028b\u2029', 'a\\u{2028}b\\u{2029}'],
    ['half a surrogate pair', 'a\ud800b', 'a\\u{d800}b'],
    ['marks as scripts use them', 'e\u0301 မြွှောင့် क्षि', 'e\u0301 မြွှောင့် क्षि'],
    [
      'marks that paint over other lines',
      `Z${'\u0301'.repeat(9)}a\u0301`,
      `Z${'\u0301'.repeat(6)}${'\\u{301}'.repeat(3)}a\u0301`,
    ],
    ['tags and fillers', '\u{e0041}\u3164', '\\u{e0041}\\u{3164}'],
  ];
  for (const [name, text, expected] of cases) {
    test(name, () => assert.equal(safeText(text), expected));
  }

  test('nothing unsafe is ever left', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), (text) => {
        assert.doesNotMatch(safeText(text), /\p{M}{7}|[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
      }),
    );
  });

  test('however many marks stand on one letter', () => {
    for (const count of [6, 7, 200, 100_000]) {
      const shown = safeText(`Z${'\u0301'.repeat(count)}`);
      assert.equal(shown.match(/\p{M}+/u)?.[0].length, 6);
      assert.equal(JSON.parse(safeJson('\u0301'.repeat(count))).length, count);
    }
  });

  test('lines are kept apart, and each is safe', () => {
    assert.deepEqual(safeLines('one\x1b\ntwo\r\n'), ['one\\x1b', 'two\\r', '']);
  });
});

describe('safeJson', () => {
  test('says the same to a program, and nothing to a terminal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: codePoint }), (value, text) => {
        const json = safeJson({ value, text }, 2);
        assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify({ value, text })));
        assert.doesNotMatch(
          json.replaceAll('\n', ''),
          /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
        );
      }),
    );
  });

  test('a text that is JSON already keeps its form', () => {
    assert.equal(escapeJson('{"a":"\u202e\u009b"}'), '{"a":"\\u202e\\u009b"}');
  });
});
