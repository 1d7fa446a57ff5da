import { lifeOfKeys } from './life.ts';

lifeOfKeys('library');
