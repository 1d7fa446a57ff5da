import type { Action } from './actions.ts';
import type { EventInfo } from './catalog.ts';
import type { OcsfClass } from './table.ts';

/** OCSF's id of an activity that its class does not list; `activity_name` then says what it was. */
export const OCSF_OTHER = 99;

/**
 * The classes of OCSF 1.9 that events are mapped to: their captions, and those of activities that may fit, by
 * id (github.com/ocsf/ocsf-schema, `events`). `OCSF_OTHER` belongs to each.
 */
export const OCSF_CLASSES: Readonly<
  Record<number, { readonly name: string; readonly activities: Readonly<Record<number, string>> }>
> = {
  1006: {
    name: 'Scheduled Job Activity',
    activities: { 1: 'Create', 2: 'Update', 3: 'Delete', 4: 'Enable', 5: 'Disable', 6: 'Start' },
  },
  3002: { name: 'Authentication', activities: { 1: 'Logon', 2: 'Logoff' } },
  3003: {
    name: 'Authorize Session',
    activities: { 1: 'Assign Privileges', 2: 'Assign Groups', 3: 'Assign Roles' },
  },
  3004: {
    name: 'Entity Management',
    activities: {
      1: 'Create',
      2: 'Read',
      3: 'Update',
      4: 'Delete',
      5: 'Move',
      6: 'Enroll',
      7: 'Unenroll',
      8: 'Enable',
      9: 'Disable',
      10: 'Activate',
      11: 'Deactivate',
      12: 'Suspend',
      13: 'Resume',
    },
  },
  3006: {
    name: 'Group Management',
    activities: {
      1: 'Assign Privileges',
      2: 'Revoke Privileges',
      3: 'Add User',
      4: 'Remove User',
      5: 'Delete',
      6: 'Create',
      7: 'Add Subgroup',
      8: 'Remove Subgroup',
    },
  },
  3007: {
    name: 'User Management',
    activities: {
      1: 'Create',
      2: 'Update',
      3: 'Delete',
      4: 'Enable',
      5: 'Disable',
      6: 'Lock',
      7: 'Unlock',
      8: 'Password Change',
      9: 'Password Reset',
      10: 'Attach Policies',
      11: 'Detach Policies',
      12: 'MFA Factor Enable',
      13: 'MFA Factor Disable',
      14: 'Assign Privileges',
      15: 'Remove Privileges',
      16: 'Assign Roles',
      17: 'Remove Roles',
    },
  },
  4001: {
    name: 'Network Activity',
    activities: { 1: 'Open', 2: 'Close', 3: 'Reset', 4: 'Fail', 5: 'Refuse' },
  },
  6002: {
    name: 'Application Lifecycle',
    activities: {
      1: 'Install',
      2: 'Remove',
      3: 'Start',
      4: 'Stop',
      5: 'Restart',
      6: 'Enable',
      7: 'Disable',
      8: 'Update',
    },
  },
  6003: { name: 'API Activity', activities: { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' } },
};

interface OcsfRow extends OcsfClass {
  readonly why: string;
}

/** What each common verb is in OCSF 1.9. `EventExtras.ocsf` goes before. */
export const OCSF_OF_ACTION: Readonly<Record<Action, OcsfRow>> = {
  approve: { class: 3004, activity: 3, why: 'the request is an entity, and its state changed' },
  delete: { class: 3004, activity: 4, why: 'the same word' },
  download: { class: 6003, activity: 2, why: 'a caller was given what exists' },
  expire: { class: 3004, activity: 11, why: 'it is there, but no longer in force' },
  generate: { class: 3004, activity: 1, why: 'a key or certificate is an entity that came to be' },
  'generate-csr': { class: 3004, activity: 1, why: 'the signing request came to be; nobody was asked yet' },
  import: { class: 3004, activity: 1, why: 'new to this system' },
  refresh: { class: 3004, activity: 3, why: 'the entity holds something newer now' },
  reject: { class: 3004, activity: 3, why: 'the request is an entity, and its state changed' },
  request: { class: 3004, activity: 6, why: 'asks for something to be taken in' },
  'set-up': { class: 3004, activity: 1, why: 'exists for use from here on' },
  sign: { class: 6003, activity: 1, why: 'a call whose result, the signature, is new' },
  suspend: { class: 3004, activity: 12, why: 'the same word' },
  unsuspend: { class: 3004, activity: 13, why: 'suspension undone' },
  update: { class: 3004, activity: 3, why: 'the same word' },

  access: { class: 6003, activity: OCSF_OTHER, why: 'OCSF has no class for a decision on a permission' },
  add: { class: 3004, activity: 1, why: 'a new entry of a register' },
  archive: { class: 3004, activity: 1, why: 'the archived copy came to be' },
  'assume-role': { class: 3003, activity: 3, why: 'the session got a role' },
  'back-up': { class: 3004, activity: 1, why: 'the copy came to be' },
  describe: { class: 6003, activity: OCSF_OTHER, why: 'tells about a call, and is none itself' },
  derive: { class: 3004, activity: 1, why: 'the derived key came to be' },
  disconnect: { class: 4001, activity: 2, why: 'the connection was closed' },
  encrypt: { class: 6003, activity: 1, why: 'a call whose result, the ciphertext, is new' },
  export: { class: 3004, activity: 2, why: 'read out; what was there remains' },
  issue: { class: 3004, activity: 1, why: 'the certificate came to be' },
  'log-in': { class: 3002, activity: 1, why: 'the same word' },
  'log-out': { class: 3002, activity: 2, why: 'the same word' },
  publish: { class: 6003, activity: 1, why: 'the published list or answer is new' },
  receive: { class: 6003, activity: OCSF_OTHER, why: 'says that a call came in, not what it asked' },
  recover: { class: 3004, activity: 2, why: 'read out of the archive; the archived key remains' },
  register: { class: 3004, activity: 6, why: 'taken in by an authority' },
  restore: { class: 3004, activity: 3, why: 'the configuration is another now' },
  revoke: { class: 3004, activity: 11, why: 'it is there, but no longer in force' },
  run: { class: 1006, activity: 6, why: 'the task was started by its schedule' },
  seal: { class: 6003, activity: 1, why: 'a call whose result, the signature, is new' },
  select: { class: 3004, activity: 10, why: 'a change of what is in use, not of the thing itself' },
  start: { class: 6002, activity: 3, why: 'the same word' },
  stop: { class: 6002, activity: 4, why: 'the same word' },
  test: { class: 6003, activity: OCSF_OTHER, why: 'nothing is read or changed by a test' },
  unregister: { class: 3004, activity: 7, why: 'given up at an authority' },
  verify: { class: 6003, activity: OCSF_OTHER, why: 'nothing is read or changed by a check' },
};

/**
 * The OCSF 1.9 class and activity of an event: its own where the catalog gives one, else those of its verb.
 */
export function ocsfOf({ ocsf, action }: Pick<EventInfo, 'ocsf' | 'action'>): OcsfClass {
  const { class: uid, activity } = ocsf ?? OCSF_OF_ACTION[action];
  return { class: uid, activity };
}
