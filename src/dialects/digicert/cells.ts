/**
 * Where a row of RFC 4180 CSV stands: between rows and at the start of a cell, inside a quoted cell, behind
 * what may be its closing quote, or in a cell without quotes, where a quote means nothing.
 */
export type CellState = 'start' | 'quoted' | 'closing' | 'plain';

const QUOTE = 0x22;
const COMMA = 0x2c;

/** The state behind `line`, which is a line's text without its line feed, when it was `state` before. */
export function follow(line: string, state: CellState): CellState {
  let now = state;
  for (let at = 0; at < line.length; at++) {
    const char = line.charCodeAt(at);
    if (now === 'quoted') {
      at = line.indexOf('"', at);
      if (at === -1) return 'quoted';
      now = 'closing';
    } else if (char === COMMA) now = 'start';
    else if (char === QUOTE) now = now === 'plain' ? 'plain' : 'quoted';
    else now = 'plain';
  }
  return now;
}

export interface Row {
  readonly cells: readonly string[];
  /** A quote stands where none may, so that the cells could be divided in another way. */
  readonly odd: boolean;
  /** The last cell's quote is never closed. */
  readonly open: boolean;
}

/** The cells of a row: quotes taken off, doubled quotes made single, line breaks inside quotes kept. */
export function readCells(text: string): Row {
  const cells: string[] = [];
  let odd = false;
  let open = false;
  for (let at = 0; ; at++) {
    const quoted = text.charCodeAt(at) === QUOTE;
    const cell = quoted ? quotedCell(text, at + 1) : null;
    const behind = cell === null ? at : cell.end;
    const comma = text.indexOf(',', behind);
    const end = comma === -1 ? text.length : comma;
    const rest = text.slice(behind, end);
    odd ||= rest.includes('"') || (cell !== null && rest !== '');
    open ||= cell?.open === true;
    cells.push((cell?.text ?? '') + rest);
    if (comma === -1) return { cells, odd, open };
    at = comma;
  }
}

function quotedCell(text: string, from: number): { text: string; end: number; open: boolean } {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text.charCodeAt(at + 1) === QUOTE) continue;
    return { text: text.slice(from, at).replaceAll('""', '"'), end: at + 1, open: false };
  }
  return { text: text.slice(from).replaceAll('""', '"'), end: text.length, open: true };
}

/**
 * A row of cells, with its line end. Only cells that need quotes get them; `quoteFirst`: the first in any
 * case.
 */
export function writeCells(cells: readonly string[], quoteFirst = false): string {
  const written = cells.map((cell, i) =>
    /[",\r\n\uFEFF]/.test(cell) || (quoteFirst && i === 0) ? `"${cell.replaceAll('"', '""')}"` : cell,
  );
  return `${written.join(',')}\r\n`;
}
