/** A text of no characters is read back from what was printed, or its loss is flagged. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALECTS } from '../../src/dialects/dialects.ts';
import type { RecordDraft } from '../../src/record/types.ts';
import { roundTrip } from './round-trip.ts';

const MEMBERS = ['reason', 'correlation', 'module', 'service', 'component'];
const ACTOR = ['name', 'ip', 'issuer', 'serial', 'auth', 'role'];
const SIGNATURE = ['algorithm', 'hashAlgorithm', 'hash', 'value', 'keyAlias', 'keyId', 'keyType'];

/** A record of each dialect, and of each of its reports, that loses nothing. */
const RECORDS: Readonly<Record<string, readonly Partial<RecordDraft>[]>> = {
  'signserver-text/1': [{ event: 'KEYGEN', module: 'KEY_MANAGEMENT', details: { KEYALIAS: 'k' } }],
  'signserver-worker/1': [{ event: 'PROCESS', module: 'WORKER', details: { LOG_ID: 'k' } }],
  'dogtag/1': [{ event: 'AUTH', details: { AuthMgr: 'm' } }, { event: 'DELTA_CRL_GENERATION' }],
  'xroad/1': [{ event: 'Log in user' }],
  'digicert-csv/1': [
    { event: 'Sign', module: 'audit-log', details: { 'Event ID': '1' } },
    { event: 'Signature', module: 'signature-log', signature: { hash: '00' } },
  ],
};

for (const dialect of DIALECTS) {
  const samples = RECORDS[dialect.name] ?? RECORDS['digicert-csv/1']!;
  describe(dialect.name, () => {
    for (const sample of samples) {
      const options = dialect.reports === undefined ? {} : { report: sample.module! };
      const check = (name: string, empty: object, outcome: 'success' | 'failure') =>
        test(`${sample.event}, ${outcome}: ${name}`, () => {
          const record = {
            ...{ time: 1_772_439_330_000, system: dialect.system, outcome, ...sample },
            ...empty,
          } as RecordDraft;
          const { flags, back } = roundTrip(dialect, record, options);
          const [[member, told] = ['', '']] = Object.entries(empty);
          const read = back[member as 'reason' | 'actor' | 'signature'];
          const kept =
            typeof told === 'string'
              ? read === told
              : Object.entries(told as object).every(
                  ([part, text]) => (read as Record<string, unknown> | undefined)?.[part] === text,
                );
          assert.notEqual(kept, flags.includes('no-place'), JSON.stringify(back));
        });
      for (const outcome of ['success', 'failure'] as const) {
        for (const name of MEMBERS) check(name, { [name]: '' }, outcome);
        for (const name of ACTOR) check(`actor.${name}`, { actor: { name: 'ann', [name]: '' } }, outcome);
        for (const name of SIGNATURE) check(`signature.${name}`, { signature: { [name]: '' } }, outcome);
      }
    }
  });
}
