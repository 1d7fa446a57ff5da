/**
 * Options of Node for a process that verifies: it reads a log of any size, and its memory is to stay flat. V8 would let
 * short-lived objects fill up to 128 MB before it looks at them, and that is settled when a process starts.
 */
export const FRUGAL = ['--max-semi-space-size=8'];
