import type { EventInfo } from '../../catalog/catalog.ts';
import type { DraftBuilder } from '../draft.ts';

/** `NAME`, or `added:NAME` and its like for a worker's properties; older documents break the line before it. */
const KEY = /(?:\r?\n)?((?:(?:added|changed|removed):)?[A-Za-z][A-Za-z0-9_.-]{0,127}): /y;
const CHANGE = /^(?:added|changed|removed):/;
const CAPITALS = /^[A-Z][A-Z0-9_]*$/;

interface Key {
  readonly name: string;
  readonly valueAt: number;
}

/**
 * Reads the pairs `key: value; ` between `from` and `to` into the builder. Nothing is escaped: a value goes on to
 * the next key that the event can have; what merely looks like a key stays in the value and flags the entry.
 */
export function readDetails(
  text: string,
  from: number,
  to: number,
  event: EventInfo | null,
  into: DraftBuilder,
): void {
  const end = to - 2 >= from && text.startsWith('; ', to - 2) ? to - 2 : to;
  if (end <= from) return;
  let key = keyAt(text, from, end);
  if (key === null) {
    into.flag('ambiguous');
    key = { name: 'text', valueAt: from };
  }
  for (let at = key.valueAt; ; ) {
    const close = text.indexOf('; ', at);
    if (close === -1 || close >= end) break;
    const next = keyAt(text, close + 2, end);
    const accepted = next !== null && accepts(next.name, event);
    if (next !== null && !accepted) into.flag('ambiguous');
    if (next !== null && accepted) {
      give(key, text.slice(key.valueAt, close), event, into);
      key = next;
    }
    at = accepted ? key.valueAt : close + 2;
  }
  give(key, text.slice(key.valueAt, end), event, into);
}

function keyAt(text: string, at: number, end: number): Key | null {
  KEY.lastIndex = at;
  const match = KEY.exec(text);
  return match === null || KEY.lastIndex > end ? null : { name: match[1]!, valueAt: KEY.lastIndex };
}

/** Releases add fields in capitals; other words before a colon are more likely part of a message. */
function accepts(name: string, event: EventInfo | null): boolean {
  return event === null || event.names.has(name) || CHANGE.test(name) || CAPITALS.test(name);
}

function give({ name }: Key, value: string, event: EventInfo | null, into: DraftBuilder): void {
  if (event !== null && !event.has(name) && !CHANGE.test(name)) into.flag('unknown-field');
  into.add(name, value);
}
