import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTIONS } from '../../src/catalog/actions.ts';
import { BUILT_IN } from '../../src/catalog/builtin.ts';
import { OCSF_CLASSES, OCSF_OF_ACTION, OCSF_OTHER, ocsfOf } from '../../src/catalog/ocsf.ts';
import type { OcsfClass } from '../../src/catalog/table.ts';

function assertKnown({ class: uid, activity }: OcsfClass, place: string): void {
  const known = OCSF_CLASSES[uid];
  assert.ok(known !== undefined, `${place}: class ${uid}`);
  assert.ok(activity === OCSF_OTHER || known.activities[activity] !== undefined, `${place}: ${activity}`);
}

test('every verb has a class and an activity of that class', () => {
  assert.deepEqual(Object.keys(OCSF_OF_ACTION).sort(), Object.keys(ACTIONS).sort());
  for (const [verb, row] of Object.entries(OCSF_OF_ACTION)) assertKnown(row, verb);
});

test('every event has one, and its own goes before that of its verb', () => {
  for (const { system, events } of BUILT_IN.values())
    for (const info of events) assertKnown(ocsfOf(info), `${system} ${info.event}`);
  assert.deepEqual(ocsfOf({ action: 'sign' }), { class: 6003, activity: 1 });
  const own = { class: 3006, activity: 3 };
  assert.deepEqual(ocsfOf({ action: 'add', ocsf: own }), own);
});
