export { exportOf, makeHeader, type Part } from './create.ts';
export {
  type ExportedPayload,
  type ExportHeader,
  FORMAT,
  formatEnd,
  formatHeader,
  formatRecord,
  type KeyRecord,
} from './format.ts';
export { type ExportOptions, headerOf, verifyExport } from './verify.ts';
