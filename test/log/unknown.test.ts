import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draft as typed } from '../../src/catalog/define.ts';
import { signserver } from '../../src/catalog/mod.ts';
import { bundleEntries } from '../../src/merkle/mod.ts';
import { decodeEntry, type RecordDraft } from '../../src/record/mod.ts';
import { NODE, openBench, SOURCE } from './fixture.ts';

const KEYGEN = { WORKER_ID: '1', KEYALIAS: 'k', CRYPTOTOKEN: 't', KEYSPEC: '2048', KEYALG: 'RSA' };
const BASE: RecordDraft = { time: 1, system: 'signserver', event: 'KEYGEN', outcome: 'success' };

/** The flags with which drafts are sealed. */
async function flagsOf(...drafts: RecordDraft[]): Promise<(readonly string[] | undefined)[]> {
  const { log, store } = await openBench();
  await log.append(drafts, SOURCE);
  const flags: (readonly string[] | undefined)[] = [];
  for await (const { entries } of store.source(NODE).bundles(1, 1 + drafts.length))
    for (const entry of bundleEntries(entries as Uint8Array)) flags.push(decodeEntry(entry).flags);
  return flags;
}

test('what the catalog of its system does not know of a record is sealed with it as a flag', async () => {
  const known = typed(signserver.KEYGEN, KEYGEN);
  const pattern = typed(signserver.SET_WORKER_CONFIG, { WORKER_ID: '1', 'added:X': '1' });
  const misspelt = { ...known, details: { ...KEYGEN, KEYALAIS: 'k' } };
  assert.deepEqual(
    await flagsOf(known, pattern, { ...BASE, event: 'keygen' }, { ...BASE, event: 'KEYFROB' }, misspelt, {
      ...misspelt,
      flags: ['late'],
    }),
    [undefined, undefined, undefined, ['unknown-event'], ['unknown-field'], ['late', 'unknown-field']],
  );
});

test('nothing is said of systems without a catalog, twice, or where a dialect has read the record', async () => {
  assert.deepEqual(
    await flagsOf(
      { ...BASE, system: 'shop', event: 'ANY', details: { x: 1 } },
      { ...BASE, event: 'KEYFROB', flags: ['unknown-event'] },
      { ...BASE, details: { host: 'h' }, dialect: 'signserver-text/1' },
    ),
    [undefined, ['unknown-event'], undefined],
  );
});

test('flags never become more than a record may have', async () => {
  const flags = Array.from({ length: 64 }, (_, i) => `flag-${i}`);
  assert.deepEqual(await flagsOf({ ...BASE, event: 'KEYFROB', flags }), [flags]);
});

test('the same content under an id is the same, whatever was remarked on it', async () => {
  const { log } = await openBench();
  const record = { ...BASE, event: 'KEYFROB', id: 'a' };
  await log.append([record], SOURCE);
  const [again] = await log.append([structuredClone(record)], SOURCE);
  assert.deepEqual([again?.seq, again?.duplicate], [1, true]);
});
