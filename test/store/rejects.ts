import assert from 'node:assert/strict';
import type { ErrorCode } from '../../src/errors.ts';
import { TallystickError } from '../../src/errors.ts';

/** Rejects with this code, whatever the words. */
export async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<TallystickError> {
  const error = await promise.then(
    () => assert.fail(`resolved instead of ${code}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TallystickError, `${error}`);
  assert.equal(error.code, code, error.message);
  return error;
}
