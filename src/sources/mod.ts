export { type Chosen, chooseDialect } from './choose.ts';
export { FileImport, type FileImportOptions, type FileSummary, type Refusal } from './file.ts';
export { type FoundFile, findFiles } from './find-files.ts';
export { extend, type SeqRange } from './ranges.ts';
export type { SourceLog } from './source-log.ts';
