import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf } from './sources.ts';

test('the import reader sees every kind of import', () => {
  const code = `
import './side-effect.ts';
import { readFile } from 'node:fs/promises';
import type { A } from '../a.ts';
import {
  b,
  type C,
} from './sub/b.ts';
export * from './d.ts';
export type { E } from './e.ts';
const text = 'from nowhere';
export const f = await import('./f.ts');
let g: import('../g.ts').G;
let h: typeof import('./h.ts');
new Worker(new URL('./worker.ts', import.meta.url));
`;
  const seen = importsOf('store/x.ts', code).map((i) => [i.target ?? i.specifier, i.types, i.started]);
  assert.deepEqual(seen.sort(), [
    ['a.ts', true, false],
    ['g.ts', true, false],
    ['node:fs/promises', false, false],
    ['store/d.ts', false, false],
    ['store/e.ts', true, false],
    ['store/f.ts', false, false],
    ['store/h.ts', true, false],
    ['store/side-effect.ts', false, false],
    ['store/sub/b.ts', false, false],
    ['store/worker.ts', false, true],
  ]);
});
