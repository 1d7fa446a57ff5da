import { lifeOfKeys } from './life.ts';

lifeOfKeys('command line');
