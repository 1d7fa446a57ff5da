export {
  type Dialect,
  MAX_NATIVE_BYTES,
  type ParsedItem,
  type Parser,
  type ParserOptions,
  type Printed,
  type Printer,
  type PrinterOptions,
} from './dialect.ts';
export { type Detected, DIALECTS, detectDialect, dialectByName } from './dialects.ts';
export { FLAGS, type Flag, PRINT_FLAGS, type PrintFlag } from './flags.ts';
export { type AuditRow, printAuditRow, type RowPlace, readAuditRow } from './signserver/row.ts';
export { type AuditDetails, readAdditionalDetails, writeAdditionalDetails } from './signserver/xml.ts';
