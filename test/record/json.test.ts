import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Json, MAX_DEPTH, parseExact, parseJson } from '../../src/record/mod.ts';
import { runs } from '../runs.ts';
import { anyJson, assertRefused } from './support.ts';

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** Writes JSON in a random one of its many spellings; can send one name twice, and knows where. */
class Scribe {
  text = '';
  /** Where the second name of a pair begins. */
  duplicateAt = -1;
  readonly #dice: (sides: number) => number;
  /** Members to go until one is sent twice; below 0: never. */
  #untilDuplicate: number;

  constructor(dice: (sides: number) => number, untilDuplicate = -1) {
    this.#dice = dice;
    this.#untilDuplicate = untilDuplicate;
  }

  write(value: Json): this {
    this.#space();
    if (typeof value === 'string') this.#string(value);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value !== 'object' || value === null) this.text += String(value);
    else if (Array.isArray(value)) this.#list(value);
    else this.#object(value as Record<string, Json>);
    this.#space();
    return this;
  }

  #space(): void {
    while (this.#dice(3) === 0) this.text += ' \t\n\r'[this.#dice(4)];
  }

  #number(value: number): void {
    const forms = [JSON.stringify(value), value.toExponential(), value.toExponential().toUpperCase()];
    this.text += forms[this.#dice(3)];
  }

  #string(value: string): void {
    this.text += '"';
    for (let i = 0; i < value.length; i++) {
      const unit = value.charAt(i);
      const plain = unit >= ' ' && unit !== '"' && unit !== '\\';
      const choice = this.#dice(4);
      if (plain && choice < 2) this.text += unit;
      else if (SHORT[unit] !== undefined && choice === 2) this.text += SHORT[unit];
      else this.#escape(unit);
    }
    this.text += '"';
  }

  #escape(unit: string): void {
    const hex = unit.charCodeAt(0).toString(16).padStart(4, '0');
    this.text += `\\u${this.#dice(2) === 0 ? hex : hex.toUpperCase()}`;
  }

  #list(list: readonly Json[]): void {
    this.text += '[';
    list.forEach((item, i) => {
      if (i > 0) this.text += ',';
      this.write(item);
    });
    this.text += ']';
  }

  #object(object: Record<string, Json>): void {
    this.text += '{';
    Object.keys(object).forEach((name, i) => {
      if (i > 0) this.text += ',';
      this.#member(name, object[name] as Json);
      if (this.#untilDuplicate-- !== 0) return;
      this.text += ',';
      this.#member(name, this.#dice(2) === 0 ? (object[name] as Json) : null, true);
    });
    this.text += '}';
  }

  #member(name: string, value: Json, duplicate = false): void {
    this.#space();
    if (duplicate) this.duplicateAt = this.text.length;
    this.#string(name);
    this.#space();
    this.text += ':';
    this.write(value);
  }
}

const anyDice = fc.infiniteStream(fc.nat()).map((stream) => (sides: number) => {
  return (stream.next().value as number) % sides;
});

function countMembers(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((n, item) => n + countMembers(item as Json), own);
}

test('reads any spelling of any JSON', () => {
  fc.assert(
    fc.property(anyJson, anyDice, (value, dice) => {
      assert.deepStrictEqual(parseJson(new Scribe(dice).write(value).text), value);
    }),
    { numRuns: runs(1_000) },
  );
});

test('refuses a name that comes twice, at any depth and in any spelling, and says where', () => {
  fc.assert(
    fc.property(anyJson, fc.nat(), anyDice, (value, which, dice) => {
      const members = countMembers(value);
      fc.pre(members > 0);
      const scribe = new Scribe(dice, which % members).write(value);
      assert.doesNotThrow(() => JSON.parse(scribe.text));
      const error = assertRefused(() => parseJson(scribe.text), 'JSON_INVALID');
      assert.equal(error.context.at, scribe.duplicateAt);
    }),
    { numRuns: runs(1_000) },
  );
});

describe('one name in two spellings', () => {
  const cases = [
    ['{"a":1,"a":1}', 7],
    ['{"a":1,"\\u0061":2}', 7],
    ['{"\\u0041":1,"A":2}', 12],
    ['{"x":[{"é":1,"\\u00E9":2}]}', 13],
    ['{"/":1,"\\/":2}', 7],
    ['{"":1,"":2}', 6],
    ['{"0":1,"0":2}', 7],
    ['{"__proto__":1,"__proto__":2}', 15],
    ['{"a":{"b":1},"a":{"b":1}}', 13],
    ['{"a":{"deep":[[[]]]},"b":":","a":0}', 29],
    ['{"😀":1,"\\ud83d\\uDE00":2}', 8],
  ] as const;
  for (const [text, at] of cases) {
    test(text, () => {
      assert.equal(assertRefused(() => parseJson(text), 'JSON_INVALID').context.at, at);
    });
  }
});

test('names that only look alike, and colons and quotes in strings, are fine', () => {
  for (const text of [
    '{"a":1,"A":2}',
    '{"é":1,"e\u0301":2}',
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}',
    '{"a\\":":"\\\\","b":"\\":\\"{\\"a\\":1}"}',
    '{"\\\\":":","\\\\\\\\":"\\\\\\""}',
    '":"',
    '[":",{":":":"}]',
  ]) {
    assert.deepStrictEqual(parseJson(text), JSON.parse(text));
  }
});

test('takes exactly what JSON.parse takes, but for duplicates', () => {
  const jsonish = fc.string({
    unit: fc.constantFrom(...'{}[]:,""\\ \n01-+.eEtruefalsn/\x01'),
    maxLength: 12,
  });
  fc.assert(
    fc.property(jsonish, (text) => {
      let value: Json;
      try {
        value = JSON.parse(text);
      } catch {
        const { context } = assertRefused(() => parseJson(text), 'JSON_INVALID');
        const at = context.at as number;
        assert.ok(at >= 0 && at <= text.length);
        return;
      }
      const read = parseJson(text);
      // Of names with escapes the engine is no judge, see below.
      if (!text.includes('\\')) assert.deepStrictEqual(read, value);
    }),
    { numRuns: runs(5_000) },
  );
});

test('a name is read as it was sent, whatever was read before', () => {
  // V8 takes the second name of each pair for the one before it (nodejs/node issue 63785).
  const pairs = [
    ['{"h":1,"\\\\":2}', '{"h":1,"\\"":2}', '"'],
    ['{"i":1,"\\\\u":2}', '{"i":1,"\\u00e9\\u00e8":2}', 'éè'],
    ['{"j":1,"ab\\\\":2}', '{"j":1,"ab\\u0063":2}', 'abc'],
    ['[{"k":1,"\\\\":2}]', '[{"k":1,"\\n" :2}]', '\n'],
  ] as const;
  for (const [before, text, name] of pairs) {
    parseJson(before);
    JSON.parse(before);
    const value = parseJson(text);
    assert.equal(Object.keys(Array.isArray(value) ? value[0] : (value as object))[1], name);
  }
});

test('a text with one wrong character is refused if JSON.parse refuses it', () => {
  fc.assert(
    fc.property(
      anyJson,
      anyDice,
      fc.nat(),
      fc.constantFrom(...'{}[]:,"\\x0 \n'),
      (value, dice, at, character) => {
        const { text } = new Scribe(dice).write(value);
        const i = at % text.length;
        const changed = text.slice(0, i) + character + text.slice(i + 1);
        let valid = true;
        try {
          JSON.parse(changed);
        } catch {
          valid = false;
        }
        if (!valid) assertRefused(() => parseJson(changed), 'JSON_INVALID');
      },
    ),
  );
});

describe('says where the first fault is', () => {
  const cases = [
    ['', 0],
    ['  ', 2],
    ['tru', 0],
    ['nulll', 4],
    ['\ufeff{}', 0],
    ['{"a":1', 6],
    ['{"a"', 4],
    ['{"a" 1}', 5],
    ['{"a":}', 5],
    ['{"a":1,}', 7],
    ['{a:1}', 1],
    ["{'a':1}", 1],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['[1,2', 4],
    ['[,1]', 1],
    ['01', 1],
    ['+1', 0],
    ['-', 0],
    ['.5', 0],
    ['1.', 1],
    ['1e', 1],
    ['NaN', 0],
    ['"a', 2],
    ['"a\\', 2],
    ['"a\\x"', 2],
    ['"\\u12G4"', 1],
    ['"a\nb"', 2],
    ['"a\0b"', 2],
    ['{} {}', 3],
    ['[1]]', 3],
    ['{"position 5":x}', 14],
    ['/* no */1', 0],
    ['[1}', 2],
    ['{"a":1]', 6],
    ['1\u00a0', 1],
  ] as const;
  for (const [text, at] of cases) {
    test(JSON.stringify(text), () => {
      assert.equal(assertRefused(() => parseJson(text), 'JSON_INVALID').context.at, at);
    });
  }
});

test('quotes nothing of the input', () => {
  for (const text of [
    '{"secret":secret}',
    '{"secret":1,"secret":1}',
    'secret',
    '"secret',
    '["secret" secret]',
  ]) {
    const error = assertRefused(() => parseJson(text), 'JSON_INVALID');
    assert.equal(error.cause, undefined);
    assert.doesNotMatch(error.message + JSON.stringify(error.context), /secret/);
  }
});

test('nesting has a limit, however deep a text goes', () => {
  const lists = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const objects = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  parseJson(lists(MAX_DEPTH));
  parseJson(objects(MAX_DEPTH));
  for (const text of [lists(MAX_DEPTH + 1), objects(MAX_DEPTH + 1), lists(200_000), '['.repeat(200_000)]) {
    const { context } = assertRefused(() => parseJson(text), 'JSON_INVALID');
    assert.equal(context.at, text.startsWith('[') ? MAX_DEPTH : 5 * MAX_DEPTH);
  }
});

describe('numbers as producers send them', () => {
  const lossy = [
    '123456789.123456789123',
    '1.0000000000000000001',
    '12345678901234.567',
    '0.1000000000000000001',
    '-0.1000000000000000001e-5',
    '1e-400',
    '1.2345e-320',
    `0.${'3'.repeat(200)}`,
    '4503599627370497.3',
  ];
  const kept = [
    ...[
      '0',
      '-0',
      '0.0',
      '0e-999',
      '1.50',
      '100e-2',
      '1E3',
      '0.1',
      '-1.5e-7',
      '5e-324',
      '1.7976931348623157e308',
    ],
    // As C writes the double next to a tenth, with 17 digits and with all of them.
    ...['0.10000000000000001', '0.1000000000000000055511151231257827021181583404541015625'],
    // Its shortest form is not the nearest of its length.
    ...['5.684341886080802e-14', '5.684341886080801e-14', '0.30000000000000004'],
  ];

  test('are refused when digits would be lost, wherever they stand, and it is said where', () => {
    for (const number of lossy) {
      for (const [before, after] of [
        ['', ''],
        ['[true,', ']'],
        ['{"a.e":"1.5e","b":', '}'],
        ['{"\\u0061":[0.5,1e3,', ']}'],
        ['{"":{"x":1.25},"y": ', ',"z":2}'],
      ] as const) {
        const text = before + number + after;
        const error = assertRefused(() => parseExact(text), 'JSON_INVALID');
        assert.equal(error.context.at, before.length, text);
        assert.match(error.message, /more digits than are kept/);
        assert.equal(error.message.includes(number), false);
        // What is stored is read as before.
        assert.deepEqual(parseJson(text), JSON.parse(text));
      }
    }
  });

  test('are taken in any other spelling', () => {
    for (const number of kept) {
      const text = `{"a":[${number}, true,${number}],"b":${number} }`;
      assert.deepEqual(parseExact(text), JSON.parse(text), number);
    }
    // Too large for any double, or for its digits: that is for the rules of a record, which name the member.
    assert.deepEqual(parseExact('[1e400, 9007199254740993]'), [Number.POSITIVE_INFINITY, 9007199254740992]);
  });

  test('of a double, in its shortest form or with more digits, are taken', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 17, max: 100 }),
        (n, p) => {
          for (const text of [String(n), n.toExponential(), n.toPrecision(p), n.toExponential(p - 1)]) {
            assert.ok(Object.is(parseExact(text), JSON.parse(text)), text);
          }
        },
      ),
      { numRuns: runs(500) },
    );
  });

  test('of other decimals are taken when the double gives the decimal back', () => {
    const digits = fc.stringMatching(/^[1-9][0-9]{0,19}$/);
    fc.assert(
      fc.property(digits, digits, fc.integer({ min: -30, max: 10 }), (whole, fraction, e) => {
        const text = `${whole}.${fraction}e${e}`;
        const n = Number(text);
        const length = (whole + fraction).replace(/0+$/, '').length;
        const back = [String(n), n.toPrecision(Math.max(length, 1))].some((form) =>
          isSameDecimal(form, text),
        );
        if (back) assert.equal(parseExact(text), n);
        else assert.throws(() => parseExact(text), text);
      }),
      { numRuns: runs(500) },
    );
  });
});

/** Compared as integers over a power of ten. */
function isSameDecimal(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => {
    const [, whole = '', fraction = '', e = '0'] =
      /^(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text) ?? assert.fail(text);
    return { n: BigInt(whole + fraction), e: Number(e) - fraction.length };
  }) as [{ n: bigint; e: number }, { n: bigint; e: number }];
  const least = Math.min(x.e, y.e);
  return x.n * 10n ** BigInt(x.e - least) === y.n * 10n ** BigInt(y.e - least);
}
