export interface Field {
  readonly name: string;
  readonly value: string;
}

export interface Fields {
  readonly fields: readonly Field[];
  /** Offset behind the last field: the rest of the line is text. */
  readonly end: number;
  /** The last value has no closing bracket: it goes on in the next line, or was cut. */
  readonly open: boolean;
}

const NAME = /\[([A-Za-z][A-Za-z0-9_.]{0,63})=/y;

/** Whether the format can write a field of that name. */
export function isFieldName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_.]{0,63}$/.test(name);
}

/**
 * Reads `[name=value][name=value]… text` from `at`. Nothing is escaped: a value ends at the first `]` that is
 * followed by the start of another field, by a blank, or by the end of the line.
 */
export function readFields(text: string, at: number): Fields {
  const fields: Field[] = [];
  let here = at;
  for (;;) {
    const name = nameAt(text, here);
    if (name === null) return { fields, end: here, open: false };
    const from = NAME.lastIndex;
    const close = valueEnd(text, from);
    if (close === -1) {
      fields.push({ name, value: text.slice(from) });
      return { fields, end: text.length, open: true };
    }
    fields.push({ name, value: text.slice(from, close) });
    here = close + 1;
  }
}

/** Whether a line that continues a value leaves it, or a later one, open again. */
export function staysOpen(line: string): boolean {
  const close = valueEnd(line, 0);
  return close === -1 || readFields(line, close + 1).open;
}

/** Whether text behind the fields has the looks of more fields. */
export function looksLikeFields(text: string, from: number): boolean {
  return text.includes(']', from);
}

function nameAt(text: string, at: number): string | null {
  NAME.lastIndex = at;
  return NAME.exec(text)?.[1] ?? null;
}

function valueEnd(text: string, from: number): number {
  for (let close = text.indexOf(']', from); close !== -1; close = text.indexOf(']', close + 1)) {
    const next = text.charCodeAt(close + 1);
    if (close + 1 === text.length || next === 0x20 || next === 0x0a || next === 0x0d) return close;
    if (next === 0x5b && nameAt(text, close + 1) !== null) return close;
  }
  return -1;
}
