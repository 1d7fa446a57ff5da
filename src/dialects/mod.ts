export {
  type Dialect,
  MAX_NATIVE_BYTES,
  type ParsedItem,
  type Parser,
  type ParserOptions,
} from './dialect.ts';
export { type Detected, DIALECTS, detectDialect, dialectByName } from './dialects.ts';
export { FLAGS, type Flag } from './flags.ts';
