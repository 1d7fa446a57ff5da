/**
 * How a process is started that verifies: it reads a log of any size, and its memory is to stay flat. V8 would let
 * short-lived objects fill up to 128 MB before it looks at them, and glibc keep an arena for each thread; both are settled
 * when a process starts.
 */
export const FRUGAL = { flags: ['--max-semi-space-size=8'], env: { MALLOC_ARENA_MAX: '1' } };
