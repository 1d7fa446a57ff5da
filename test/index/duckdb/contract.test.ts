import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { DuckDbIndex } from '../../../src/index/duckdb/mod.ts';
import { indexContract } from '../contract.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'tallystick-index-'));
after(() => rmSync(dir, { recursive: true }));

let files = 0;
indexContract('duckdb', () => DuckDbIndex.open({ path: path.join(dir, `${files++}.duckdb`) }));
