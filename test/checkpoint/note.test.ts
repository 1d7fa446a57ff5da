import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatNote, parseNote, signatureLine } from '../../src/checkpoint/mod.ts';
import { toBase64 } from '../../src/crypto/bytes.ts';

const INVALID = { name: 'ProofError', code: 'NOTE_INVALID' };
const SIGNATURE = Uint8Array.of(1, 2, 3);
const LINE = signatureLine('a.example', '0102ff00', SIGNATURE);

test('a note reads back as it was written', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .map((s) => s.replaceAll(/[\p{White_Space}+\p{Cc}]/gu, '_'));
  const keyId = fc.nat(0xffffffff).map((n) => n.toString(16).padStart(8, '0'));
  const signature = fc.uint8Array({ minLength: 1, maxLength: 3000 });
  const line = fc.string({ unit: 'grapheme' }).map((s) => `${s.replaceAll(/\p{Cc}/gu, '')}\n`);
  const signatures = fc.array(fc.tuple(name, keyId, signature), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), signatures, (lines, keys) => {
      const text = lines.join('');
      const note = formatNote(text, keys.map((k) => signatureLine(...k)).join(''));
      assert.deepEqual(parseNote(note), {
        text,
        signatures: keys.map(([name, keyId, signature]) => ({ name, keyId, signature })),
      });
    }),
  );
});

test('the text ends at the last empty line', () => {
  assert.equal(parseNote(`one\n\ntwo\n\n${LINE}`).text, 'one\n\ntwo\n');
  assert.equal(parseNote(`one\n\n\n${LINE}`).text, 'one\n\n');
});

test('sixteen post-quantum signature lines are accepted, an endless note is not', () => {
  const long = signatureLine('pq.example', '01020304', new Uint8Array(3500));
  assert.equal(parseNote(`text\n\n${long.repeat(16)}`).signatures.length, 16);
  assert.equal(parseNote(`text\n\n${LINE.repeat(64)}`).signatures.length, 64);
  assert.throws(() => parseNote(`text\n\n${LINE.repeat(65)}`), INVALID);
  assert.throws(() => parseNote(`${'x'.repeat(512 * 1024)}\n\n${LINE}`), INVALID);
  assert.throws(() => parseNote(`${'€'.repeat(200 * 1024)}\n\n${LINE}`), INVALID);
});

test('what is not exactly a note is refused', () => {
  const blob = (...bytes: number[]) => toBase64(Uint8Array.from(bytes));
  const notes: Record<string, string> = {
    'nothing at all': '',
    'no signatures': 'text\n',
    'no signature lines': 'text\n\n',
    'no empty line': `text\n${LINE}`,
    'last line open': `text\n\n${LINE.trimEnd()}`,
    'bytes behind': `text\n\n${LINE}more`,
    'an empty line behind': `text\n\n${LINE}\n`,
    'a hyphen for the dash': `text\n\n${LINE.replace('—', '-')}`,
    'two spaces': `text\n\n${LINE.replace(' a', '  a')}`,
    'a space behind': `text\n\n${LINE.replace('\n', ' \n')}`,
    'no name': `text\n\n—  ${blob(1, 2, 3, 4, 5)}\n`,
    'a plus in the name': `text\n\n— a+b ${blob(1, 2, 3, 4, 5)}\n`,
    'a Unicode space in the name': `text\n\n— a\u00a0b ${blob(1, 2, 3, 4, 5)}\n`,
    'a next-line character in the name': `text\n\n— a\u0085b ${blob(1, 2, 3, 4, 5)}\n`,
    'a signature of no bytes': `text\n\n— a ${blob(1, 2, 3, 4)}\n`,
    'half a key id': `text\n\n— a ${blob(1, 2)}\n`,
    'no padding': `text\n\n— a ${blob(1, 2, 3, 4, 5).replace('=', '')}\n`,
    'loose last bits': `text\n\n— a AQIDBAV=\n`,
    base64url: `text\n\n— a AQID__-_\n`,
    'a carriage return': `text\r\n\n${LINE}`,
    'a tab': `te\txt\n\n${LINE}`,
    'a NUL': `te\0xt\n\n${LINE}`,
    'half a surrogate pair': `te\ud800xt\n\n${LINE}`,
  };
  for (const [what, note] of Object.entries(notes)) assert.throws(() => parseNote(note), INVALID, what);
});

test('text that would not read back is not written', () => {
  assert.throws(() => formatNote('no end', LINE), INVALID);
  assert.throws(() => formatNote('', LINE), INVALID);
  assert.throws(() => formatNote('text\n', ''), INVALID);
  assert.throws(() => formatNote('text\n', `more\n\n${LINE}`), INVALID);
  assert.throws(() => signatureLine('a b', '01020304', SIGNATURE), INVALID);
  assert.throws(() => signatureLine('a+b', '01020304', SIGNATURE), INVALID);
  assert.throws(() => signatureLine('', '01020304', SIGNATURE), INVALID);
  assert.throws(() => signatureLine('a', '0102030', SIGNATURE), INVALID);
  assert.throws(() => signatureLine('a', '0102030G', SIGNATURE), INVALID);
  assert.throws(() => signatureLine('a', '01020304', new Uint8Array(0)), INVALID);
});
