import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { EXPIRY_STATE, type Expiring, expiriesDue } from '../../src/health/expiry.ts';
import { SelfTests } from '../../src/health/self-tests.ts';
import { Watch } from '../../src/health/watch.ts';
import { openLog } from '../../src/open.ts';
import { tempDir } from '../store/temp.ts';

const DAY = 86_400_000;
const END = Date.UTC(2026, 9, 5);
const CERTIFICATE: Expiring = { type: 'certificate', id: 'ab', name: 'CN=Seal', expires: END };

/** What is told when somebody looks at these moments, one after another. */
function told(
  moments: readonly number[],
  thing = CERTIFICATE,
): { at: number; daysLeft: number | undefined }[] {
  const state = new Map<string, string>();
  return moments.flatMap((at) =>
    expiriesDue([thing], state, at).map((due) => {
      for (const { key, value } of due.state) state.set(key, value as string);
      return { at, daysLeft: due.details.daysLeft };
    }),
  );
}

describe('what expires', () => {
  test('is told 30, 7 and 1 days ahead and at its end, each once', () => {
    const moments = Array.from({ length: 40 * 24 }, (_, hour) => END - 35 * DAY + (hour * DAY) / 24);
    assert.deepEqual(told(moments), [
      { at: END - 30 * DAY, daysLeft: 30 },
      { at: END - 7 * DAY, daysLeft: 7 },
      { at: END - DAY, daysLeft: 1 },
      { at: END, daysLeft: undefined },
    ]);
  });

  test('is told late and once when nobody looked in between', () => {
    assert.deepEqual(told([END - 40 * DAY, END - 3 * DAY, END - 2 * DAY, END + 9 * DAY, END + 10 * DAY]), [
      { at: END - 3 * DAY, daysLeft: 3 },
      { at: END + 9 * DAY, daysLeft: undefined },
    ]);
  });

  test('is told at most four times, never the same twice, whenever one looks', () => {
    const moment = fc.integer({ min: -40 * DAY, max: 5 * DAY }).map((offset) => END + offset);
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 60 }), (moments) => {
        const all = told(moments);
        assert.ok(all.length <= 4);
        assert.equal(
          all.length > 0,
          moments.some((at) => at >= END - 30 * DAY),
        );
        const ends = all.filter(({ daysLeft }) => daysLeft === undefined);
        assert.equal(ends.length, moments.some((at) => at >= END) ? 1 : 0);
      }),
    );
  });

  test('starts anew with another end', () => {
    const state = new Map([[`${EXPIRY_STATE}certificate/ab`, `${END} 0`]]);
    assert.deepEqual(expiriesDue([CERTIFICATE], state, END + DAY), []);
    const renewed = { ...CERTIFICATE, expires: END + 20 * DAY };
    assert.equal(expiriesDue([renewed], state, END + DAY)[0]?.details.daysLeft, 19);
  });
});

test('expiry is recorded with its state, and once across restarts', async (t) => {
  const { dir: data, remove } = tempDir();
  t.after(remove);
  let now = END - 5 * DAY;
  const records: unknown[] = [];
  for (let n = 0; n < 4; n++) {
    const log = await openLog({ data, node: 'n', index: false, state: join(data, 'state') });
    const watch = new Watch({
      ...{ acts: log.acts, store: log, selfTests: new SelfTests([]), checks: [] },
      expiring: async () => [CERTIFICATE],
      now: () => now,
    });
    await watch.tellExpiries();
    await watch.tellExpiries();
    if (n === 1) now = END + DAY;
    if (n === 3) {
      for (let seq = 1; seq < log.head.size; seq++) {
        const { record } = await log.get(seq);
        records.push([record?.event, record?.outcome, record?.time, record?.details]);
      }
    }
    await log.close();
  }
  const resource = {
    'Resource type': 'certificate',
    'Resource ID': 'ab',
    'Resource name': 'CN=Seal',
    expires: END,
  };
  assert.deepEqual(records, [
    ['Expire', 'void', END - 5 * DAY, { ...resource, daysLeft: 5 }],
    ['Expire', 'success', END, resource],
  ]);
});
