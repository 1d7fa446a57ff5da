export { DirectoryFiles } from './directory.ts';
export { type PublishableHead, type Published, type PublishOptions, publish } from './publish.ts';
