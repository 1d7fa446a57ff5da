import { MemoryIndex } from '../../src/index/memory.ts';
import { indexContract } from './contract.ts';

indexContract('memory', async () => new MemoryIndex());
