import { LogError, StoreError } from '../errors.ts';

/** A commit was made for another head than the one that is there. `context` holds the real one. */
export function conflict(
  wanted: { readonly node: string; readonly epoch: number; readonly from: number },
  found: { readonly epoch: number; readonly size: number } | null,
): StoreError {
  const real = found === null ? 'does not exist' : `is at epoch ${found.epoch}, size ${found.size}`;
  return new StoreError(
    'STORE_CONFLICT',
    `log ${wanted.node} ${real}; the commit was made for epoch ${wanted.epoch}, size ${wanted.from}. ` +
      'Another writer moved it: read the head again before going on',
    { context: { node: wanted.node, epoch: found?.epoch, size: found?.size } },
  );
}

/** @param holder who has the log, as they named themselves to `acquire`. */
export function held(node: string, holder: string): LogError {
  return new LogError(
    'LOG_HELD',
    `log ${node} is being written by ${holder}; wait until it is done, or stop it`,
    { context: { node, holder } },
  );
}

export function readOnly(what: string): StoreError {
  return new StoreError('STORE_READ_ONLY', `${what} was opened for reading only; open it for writing`);
}

export function closed(what: string): StoreError {
  return new StoreError('STORE_UNAVAILABLE', `${what} is closed; open it again`);
}
