/**
 * Whether a JSON number is kept with all its digits: the double that is read from it gives them back, in its shortest form
 * or written out to as many digits. So what any program wrote of a double is exact, with 17 digits or more, and
 * `0.1000000000000000001` is not. True of what is too large for a double, which is for another rule to refuse.
 */
export function isExact(literal: string): boolean {
  // Fifteen digits and a dot, without an exponent: no double is short of that.
  if (literal.length <= 16 && !EXPONENT.test(literal)) return true;
  const value = Number(literal);
  if (!Number.isFinite(value)) return true;
  const sent = digitsOf(literal);
  if (sent.digits === '') return true;
  if (isSame(sent, digitsOf(String(value)))) return true;
  const { length } = sent.digits;
  return length <= MAX_PRECISION && isSame(sent, digitsOf(value.toPrecision(length)));
}

const EXPONENT = /[eE]/;
/** Most that `toPrecision` writes. */
const MAX_PRECISION = 100;

/** A number as 0.`digits` × 10^`exponent`, the sign left out, and without zeros at either end. */
interface Digits {
  readonly digits: string;
  readonly exponent: number;
}

function isSame(a: Digits, b: Digits): boolean {
  return a.digits === b.digits && a.exponent === b.exponent;
}

function digitsOf(literal: string): Digits {
  const [mantissa = '', exponent = '0'] = literal.replace(/^-/, '').split(EXPONENT);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = whole + fraction;
  let from = 0;
  while (all[from] === '0') from++;
  let to = all.length;
  while (to > from && all[to - 1] === '0') to--;
  return { digits: all.slice(from, to), exponent: whole.length - from + Number(exponent) };
}
