/**
 * Options of Node for a process that verifies: it reads a log of any size, and its memory is to stay flat. V8 would let
 * short-lived objects fill up to 128 MB before it looks at them, and long-lived ones become several times as many. That
 * is settled when a process starts. Young objects are collected on the thread that made them: the helpers that V8 has
 * for it cost more than they save where another thread reads and decodes meanwhile.
 */
export const FRUGAL = ['--max-semi-space-size=10', '--heap-growing-percent=30', '--no-parallel-scavenge'];
