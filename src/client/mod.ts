export { AuditUnavailable, type Done, OutcomeUnsealed } from '../errors.ts';
export type { Attempt, GuardSettings, Noted, Operation } from '../guard/guard.ts';
export { type ClientOptions, TallystickClient } from './client.ts';
export { ControlClient, type SelfTestReport, type ServerStatus, type StateWrite } from './control.ts';
export type { Fetch } from './http.ts';
export type { PinStore } from './pin.ts';
export type * from './types.ts';
