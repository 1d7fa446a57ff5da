/**
 * The fixed part of an entry of SignServer's log4j device, in all forms that releases wrote:
 *
 *     current, 4.0 on   EVENT OUTCOME MODULE ADMINISTRATOR ISSUER SERIAL_NUMBER WORKER_ID
 *     3.4 to 3.7        EVENT MODULE ADMINISTRATOR ISSUER SERIAL_NUMBER WORKER_ID
 *     3.2 and 3.3       EVENT MODULE CUSTOM_ID
 *
 * each `NAME: value; `, and once `OUTCOMESUCCESS; `. Nothing is escaped: a value ends where the next name is
 * due.
 */
export interface Head {
  /** What stands before `EVENT: `: written by the logging framework. */
  readonly prefix: string;
  readonly event: string;
  readonly outcome: string | null;
  readonly module: string | null;
  readonly administrator: string | null;
  readonly issuer: string | null;
  readonly serial: string | null;
  readonly worker: string | null;
  readonly customId: string | null;
  /** Offset of the first detail, or of `REPLY_TIME:` when there is none. */
  readonly end: number;
  /** Every name that was due is there. */
  readonly complete: boolean;
}

/** An encoded name is at most as long as that of a record's event, 1024 UTF-16 units, becomes. */
const START = /EVENT: (?:[^;\r\n]{0,256}|B64:[A-Za-z0-9+/]{0,4096}={0,2}); (?:OUTCOME|MODULE: )/;

/** Offset of `EVENT: ` where an entry starts on this line; -1 when none does. */
export function findStart(text: string, from = 0): number {
  const at = from === 0 ? text.search(START) : text.slice(from).search(START);
  return at === -1 ? -1 : at + from;
}

/** Reads the head whose `EVENT: ` stands at `start`. */
export function readHead(text: string, start: number): Head {
  const cursor = new Cursor(text, start);
  const event = cursor.value('EVENT: ', '; ') ?? '';
  const outcome = cursor.value('OUTCOME: ', '; ') ?? cursor.value('OUTCOME', '; ');
  const module = cursor.value('MODULE: ', '; ');
  const customId = cursor.value('CUSTOM_ID: ', '; ');
  const late = customId === null;
  const administrator = late ? cursor.value('ADMINISTRATOR: ', '; ISSUER: ') : null;
  const issuer = late ? cursor.value('ISSUER: ', '; SERIAL_NUMBER: ') : null;
  const serial = late ? cursor.value('SERIAL_NUMBER: ', '; WORKER_ID: ') : null;
  const worker = late ? cursor.value('WORKER_ID: ', '; ') : null;
  return {
    prefix: text.slice(0, start),
    event,
    outcome,
    module,
    administrator,
    issuer,
    serial,
    worker,
    customId,
    end: cursor.at,
    complete: module !== null && (customId !== null || worker !== null),
  };
}

/** Whether a name of the head stands twice in the entry, so that a value may have ended too early. */
export function headRepeats(text: string, start: number): boolean {
  return ['; ISSUER: ', '; SERIAL_NUMBER: '].some((name) => {
    const first = text.indexOf(name, start);
    return first !== -1 && text.includes(name, first + 1);
  });
}

class Cursor {
  at: number;
  readonly #text: string;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  /**
   * The value of the field `name` when it stands here, up to `close`, whose first two characters are passed
   * over.
   */
  value(name: string, close: string): string | null {
    if (!this.#text.startsWith(name, this.at)) return null;
    const from = this.at + name.length;
    const end = this.#text.indexOf(close, from);
    if (end === -1) return null;
    this.at = end + 2;
    return this.#text.slice(from, end);
  }
}
