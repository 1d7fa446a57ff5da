import assert from 'node:assert/strict';
import type { Finding, Report } from '../../src/verify/mod.ts';

/** Code, from, to. */
export type Brief = readonly [string, number, number];

/** Findings as [code, from, to], which is what tests are about; their texts are for people. */
export function brief(report: Report): Brief[] {
  return report.findings.map((f) => [f.code, f.from, f.to]);
}

/** The report fails with exactly these findings. */
export function assertFound(report: Report, expected: readonly Brief[], what = ''): void {
  assert.deepEqual(brief(report), expected, what);
  const fails = report.findings.some((f) => f.class === 'fail');
  assert.equal(report.verdict, fails ? 'not-intact' : 'intact', what);
}

export function assertIntact(report: Report, what = ''): void {
  assertFound(report, [], what);
  assert.equal(report.verdict, 'intact', what);
}

type OfCode<F, C> = F extends { readonly code: infer K } ? (C extends K ? F : never) : never;

/** The one finding of a code. */
export function only<C extends Finding['code']>(report: Report, code: C): OfCode<Finding, C> {
  const found = report.findings.filter((f) => f.code === code);
  assert.equal(found.length, 1, `${code} among ${JSON.stringify(brief(report))}`);
  return found[0] as OfCode<Finding, C>;
}
