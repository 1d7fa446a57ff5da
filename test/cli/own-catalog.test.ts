import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { AuditLog } from '../../src/audit-log.ts';
import { CATALOG } from '../../src/catalog/mod.ts';
import { openLog, openReader } from '../../src/open.ts';
import { createServer } from '../../src/server/mod.ts';
import { payments } from '../catalog/payments.ts';
import { stride } from '../runs.ts';
import { prepared, Sandbox } from './harness.ts';

const OTHER = {
  ...payments[CATALOG].table,
  objects: [{ kind: 'owner', from: 'account', as: 'text' }],
} as const;

async function open(
  box: Sandbox,
  catalogs: readonly { readonly [CATALOG]: never }[] | unknown[],
): Promise<AuditLog> {
  return openLog({ data: box.data, node: 'n1', state: box.at('state'), catalogs: catalogs as never });
}

/** A log with three payments, closed again. */
const paid = prepared(async (box) => {
  const log = await open(box, [payments]);
  await log.record(payments.Pay, { account: 'A-1', amount: 100 }, { actor: { name: 'ann' } });
  await log.record(payments.Pay, { account: 'A-2', amount: 5, kind: 'refund' });
  await log.append({
    time: 1,
    system: 'payments',
    event: 'Pay',
    outcome: 'success',
    details: { acount: 'A-1' },
  });
  await log.close();
});

describe('a catalog of one’s own', () => {
  test('derives, searches and flags like the built-in ones, in the log it is given to', async (t) => {
    const box = new Sandbox(t);
    const log = await open(box, [payments]);
    const { seq } = await log.record(payments.Pay, { account: 'A-2', amount: 5, kind: 'refund' });
    const found = async (query: string): Promise<number[]> =>
      (await log.search({ query })).records.map((view) => view.seq);
    assert.deepEqual(await found('object.account:A-2'), [seq]);
    assert.deepEqual(await found('action:restore'), [seq]);
    assert.deepEqual(await found('action:restore details.amount:5'), [seq]);
    await log.append({ time: 1, system: 'payments', event: 'Steal', outcome: 'success' });
    assert.deepEqual(await found('flag:unknown-event'), [seq + 1]);
    assert.equal((await log.verify({ deep: true })).verdict, 'intact');
    await log.close();
  });

  test('is known to every other command and process by the data directory', async (t) => {
    const box = await paid(t);
    assert.deepEqual(
      JSON.parse(readFileSync(`${box.data}/catalogs/payments.json`, 'utf8')).system,
      'payments',
    );
    const query = ['search', 'object.account:A-1', '--json'];
    assert.equal((await box.ok(query)).json.records.length, 1);
    assert.match((await box.ok(['search', 'action:restore'])).out, /account A-2/);
    assert.match((await box.ok(['get', '2'])).out, /concluded, not sealed: restore\n {2}account A-2/);
    assert.match((await box.ok(['tail'])).out, /account A-2/);
    assert.match((await box.ok(['get', '3'])).out, /flags +unknown-field/);
    assert.match((await box.ok(['catalog'])).out, /^payments +1 +1 +4 +Events of a payment service\.$/m);
    const [row] = (await box.ok(['catalog', 'payments', 'payment', '--json'])).lines;
    assert.deepEqual([row.event, row.component, row.fields.length], ['Pay', null, 4]);
    const [event] = (await box.ok(['search', 'action:restore', '--as', 'ocsf'])).lines;
    assert.deepEqual([event.class_uid, event.entity.uid], [3004, 'A-2']);
    const verified = (await box.ok(['verify', '--deep', '--json'])).json;
    assert.equal(verified.verdict, 'intact');
    assert.equal(verified.checked.rows, 4);
    const reader = await openReader({ data: box.data });
    assert.equal((await reader.search({ query: 'object.account:A-2' })).records.length, 1);
    await reader.close();
  });

  test('is served', async (t) => {
    const box = await paid(t);
    const log = await openLog({ data: box.data, state: box.at('state') });
    const app = createServer({ log, version: '1' });
    const { systems } = (await app.inject('/v1/catalog')).json();
    assert.ok(systems.some(({ system }: { system: string }) => system === 'payments'));
    assert.equal((await app.inject('/v1/catalog/payments/Pay')).statusCode, 200);
    await app.close();
    await log.close();
  });

  test('that says otherwise takes the place of the older one, and the index is made anew', async (t) => {
    const box = await paid(t);
    assert.equal((await box.ok(['search', 'object.account:A-1', '--json'])).json.records.length, 1);
    const log = await open(box, [{ [CATALOG]: { table: OTHER } }]);
    await log.close();
    assert.equal((await box.ok(['search', 'object.account:A-1', '--json'])).json.records.length, 0);
    assert.equal((await box.ok(['search', 'object.owner:A-1', '--json'])).json.records.length, 1);
    assert.equal((await box.ok(['verify', '--deep', '--json'])).json.verdict, 'intact');
  });

  test('of a built-in system, or that breaks a rule, is refused, and nothing is kept', async (t) => {
    const box = new Sandbox(t);
    const table = payments[CATALOG].table;
    for (const bad of [
      { ...table, system: 'dogtag' },
      { ...table, objects: [{ kind: 'x', from: 'account', as: 'nothing' }] },
      { ...table, more: 1 },
    ]) {
      await assert.rejects(open(box, [{ [CATALOG]: { table: bad } }]), { code: 'USAGE' });
    }
    const log = await openLog({ data: box.data, state: box.at('state') });
    assert.equal(log.reader.catalogs.given.length, 0);
    await log.close();
  });

  test('a file that is none is named, and does not keep a log from being verified', async (t) => {
    const box = await paid(t);
    mkdirSync(`${box.data}/catalogs`, { recursive: true });
    const bad = ['{', '[]', '{"system":"x"}', JSON.stringify({ ...OTHER, system: 'other' })];
    for (const [turn, text] of bad.entries()) {
      writeFileSync(`${box.data}/catalogs/payments.json`, text);
      assert.equal(await box.refused(['search', 'x'], 2), 'FILE_UNREADABLE');
      assert.match((await box.run(['catalog'])).err, /payments\.json cannot be used: .*move it away/);
      assert.equal((await box.ok(['verify', '--json'])).json.verdict, 'intact');
      if (turn % stride(4) !== 0) continue;
      const deep = (await box.ok(['verify', '--deep', '--json'])).json;
      assert.match(JSON.stringify(deep.notChecked), /payments\.json cannot be used/);
    }
  });
});
