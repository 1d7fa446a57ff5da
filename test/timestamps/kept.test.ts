import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type TokenKey, thinned, tokenKeys, tokenWrite } from '../../src/timestamps/kept.ts';
import { boundOf, renewalOf, type TimeBound } from '../../src/timestamps/mod.ts';
import { DAY } from './support/pki.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

function tokens(count: number, every: number): TokenKey[] {
  return Array.from({ length: count }, (_, i) => ({
    key: String(i),
    size: i + 1,
    genTime: START + i * every,
  }));
}

/** What is left after each of them came in turn. */
function keptOf(all: readonly TokenKey[]): TokenKey[] {
  let kept: TokenKey[] = [];
  for (const token of all) {
    kept.push(token);
    const gone = new Set(thinned(kept));
    kept = kept.filter((each) => !gone.has(each));
  }
  return kept;
}

describe('thinning', () => {
  test('two days of hours are all kept; then of each day the first', () => {
    assert.equal(keptOf(tokens(48, HOUR)).length, 48);
    const kept = keptOf(tokens(24 * 10, HOUR));
    // 48 newest, of which two are firsts of their days, and the first of each of the eight days before.
    assert.equal(kept.length, 48 + 8);
    for (let day = 0; day < 10; day++) assert.ok(kept.some(({ genTime }) => genTime === START + day * DAY));
  });

  test('thirty years stay bounded, and the first month of the last twenty years is covered', () => {
    const all = tokens(365 * 30, DAY);
    const gone = new Set(thinned(all));
    const kept = all.filter((token) => !gone.has(token));
    assert.ok(kept.length <= 48 + 400 + 240, String(kept.length));
    assert.ok(kept.length >= 400 + 200);
  });

  test('what is thinned in turn is what would be thinned at once, and never the newest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 * HOUR }), { minLength: 1, maxLength: 120 }),
        (gaps) => {
          let at = START;
          const all = gaps.map((gap, i) => {
            at += gap;
            return { key: String(i), size: i + 1, genTime: at };
          });
          const gone = new Set(thinned(all));
          const atOnce = all.filter((token) => !gone.has(token));
          assert.deepEqual(keptOf(all), atOnce);
          assert.equal(atOnce.at(-1), all.at(-1));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a key says size and time', () => {
    const stamped = { size: 7, root: '', note: '', token: new Uint8Array(0), authority: 'http://tsa/' };
    const { key } = tokenWrite('ca1', stamped, START);
    assert.match(key, /^timestamps\/ca1\/token\/[0-9a-f]{16}\/0000000000000007-001767225600000$/);
    assert.deepEqual(tokenKeys([key, 'timestamps/ca1/authority/http://tsa/']), [
      { key, size: 7, genTime: START },
    ]);
  });
});

describe('the bound of a record', () => {
  const bound = (
    size: number,
    notLaterThan: number,
    trust: TimeBound['trust'] = 'given-root',
  ): TimeBound => ({
    ...{ size, root: '', notLaterThan, by: 'CN=Stamps', trust },
  });
  const bounds = [bound(10, 500), bound(20, 300), bound(20, 100, 'none'), bound(30, 900)];

  test('is the earliest that covers it; what nobody vouches for comes last', () => {
    assert.equal(boundOf(bounds, 5)?.notLaterThan, 300);
    assert.equal(boundOf(bounds, 19)?.notLaterThan, 300);
    assert.equal(boundOf(bounds, 20)?.notLaterThan, 900);
    assert.equal(boundOf(bounds, 30), null);
    assert.equal(boundOf([bound(20, 100, 'none')], 5)?.trust, 'none');
    assert.equal(boundOf([], 0), null);
  });
});

describe('renewal', () => {
  test('30 days before the first certificate of the chain expires', () => {
    const link = (notAfter: number) => ({ subject: '', digest: '', notBefore: 0, notAfter });
    const chain = [link(START + 400 * DAY), link(START + 100 * DAY), link(START + 4_000 * DAY)];
    assert.deepEqual(renewalOf({ chain, hash: 'SHA-256' }), { at: START + 70 * DAY, why: 'certificate' });
    assert.equal(renewalOf({ chain: [], hash: null }), null);
  });
});
