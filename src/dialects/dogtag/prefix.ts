import { type ReadTime, readDogtagDate, readIso } from '../time.ts';

/** What stands before the message of a line. */
export interface Prefix {
  /** The date as written; null when the line has none. */
  readonly date: string | null;
  readonly time: ReadTime | null;
  /** Process and thread as written: `0.main`; null when the line has none. */
  readonly thread: string | null;
  /** Offset of the `[` that opens `[AuditEvent=`. */
  readonly message: number;
}

const MESSAGE = '[AuditEvent=';
const DOUBLED = '[[AuditEvent=';
/** `0.main - `: process, thread; the thread's name is free text, but holds no ` - [`. */
const THREAD = /^\d{1,10}\./;
/** `[date] [source] [level] `, and `<type=NAME>:` in old documents. */
const HEADER =
  /^\[([^\]]{1,64})\] \[[^\]]{1,32}\] \[[^\]]{1,32}\] (?:<type=[A-Za-z0-9_]{1,128}>:)?(?=\[{1,2}AuditEvent=)/;
/** The token processing system of releases 9.0 to 10.1, written in C++: `[date] <thread> `, local time. */
const TOKENS = /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] ([0-9a-fA-F]{1,16}) (?=\[{1,2}AuditEvent=)/;
const TYPE = /^<type=[A-Za-z0-9_]{1,128}>:(?=\[{1,2}AuditEvent=)/;

/** Reads what precedes the message; null when no audit line starts here. Documents leave the prefix away. */
export function readPrefix(text: string): Prefix | null {
  if (text.startsWith(MESSAGE) || text.startsWith(DOUBLED)) return bare(bracket(text, 0));
  if (THREAD.test(text)) {
    const dash = text.indexOf(' - [');
    const header = dash === -1 ? null : HEADER.exec(text.slice(dash + 3, dash + 3 + 512));
    if (header === null) return null;
    const date = header[1]!;
    return {
      date,
      time: readDate(date),
      thread: text.slice(0, dash),
      message: bracket(text, dash + 3 + header[0].length),
    };
  }
  const tokens = TOKENS.exec(text);
  if (tokens !== null) {
    const [whole, date, thread] = tokens;
    return { date: date!, time: readDate(date!), thread: thread!, message: bracket(text, whole.length) };
  }
  const type = TYPE.exec(text);
  return type === null ? null : bare(bracket(text, type[0].length));
}

/** The date of a line. Years that Java's form does not tell safely stand in RFC 3339. */
export function readDate(text: string): ReadTime | null {
  return readDogtagDate(text) ?? readIso(text);
}

function bare(message: number): Prefix {
  return { date: null, time: null, thread: null, message };
}

/** Whether a second line seems to start somewhere within a message: after a cut, or out of a value. */
export function startsWithin(text: string, from: number): boolean {
  return /\] \[[^\]]{1,32}\] \[[^\]]{1,32}\] \[{1,2}AuditEvent=/.test(text.slice(from));
}

/** Some token events of 10.2 to 10.4 open with two brackets. */
function bracket(text: string, at: number): number {
  return text.startsWith('[[', at) ? at + 1 : at;
}
