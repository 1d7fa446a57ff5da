import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AuthorityStatus, timestampsCheck } from '../../src/timestamps/mod.ts';

const NOW = 1_790_000_000_000;

const GOOD: AuthorityStatus = {
  ...{ url: 'https://tsa.example/', policy: null, roots: [], tokens: 1, overdue: false, failing: null },
  newest: { size: 3, genTime: NOW - 1_000 },
  renewal: { at: NOW + 1, why: 'certificate' },
};

async function told(...list: AuthorityStatus[]): Promise<string> {
  const { state, detail } = await timestampsCheck(
    async () => list,
    () => NOW,
  ).check();
  return `${state}: ${detail}`;
}

describe('health of time stamps', () => {
  test('nothing set, or all as it should be', async () => {
    assert.match(await told(), /^ok: no time stamp authority is set/);
    assert.match(
      await told(GOOD, { ...GOOD, renewal: null }),
      /^ok: dated by 2 of 2 authorities; the newest time stamp is 1 second old$/,
    );
  });

  test('overdue, failing, not renewed: named with what to do', async () => {
    const failing = { times: 3, code: 'TIMESTAMP_UNAVAILABLE', message: 'nobody answers' };
    assert.match(
      await told(GOOD, { ...GOOD, overdue: true }),
      /^warning: .*tsa\.example.*for 4 hours.*timestamp now/,
    );
    assert.match(
      await told({ ...GOOD, overdue: true, failing }),
      /^warning: .*failed 3 times.*nobody answers$/,
    );
    assert.match(
      await told({ ...GOOD, renewal: { at: NOW, why: 'certificate' } }),
      /^warning: .*renewed since 20/,
    );
  });
});
