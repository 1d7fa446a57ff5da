export type { Filter, NumberField, TextField } from './ast.ts';
export { checkBounds, MAX_QUERY_BYTES, MAX_QUERY_DEPTH, MAX_QUERY_TERMS } from './bounds.ts';
export { NUMBER_FIELDS, OBJECT_KINDS, TEXT_FIELDS } from './fields.ts';
export { formatQuery } from './format.ts';
export { indexable } from './indexable.ts';
export { type Matcher, matcher, requireIndexable, rowMatcher } from './matcher.ts';
export { type ParseOptions, parseQuery } from './parse.ts';
export { compilePattern, foldAscii, type Pieces, pieces } from './pattern.ts';
export { formatTime, parseTime, type TimeSpan } from './time.ts';
