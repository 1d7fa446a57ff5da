import type { Output } from './io.ts';

/** Lines of text are at most this long where they can be broken. */
const WIDTH = 110;
/** No column but the last is made wider; what is longer pushes its own row. */
const MAX_COLUMN = 44;

/** A table in lines: titles, then rows of safe text. The last column is wrapped, with its lines beneath one another. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[], out: Output): string {
  const last = titles.length - 1;
  const widths = titles
    .slice(0, last)
    .map((title, i) =>
      Math.min(MAX_COLUMN, Math.max(title.length, ...rows.map((row) => (row[i] as string).length))),
    );
  const indent = widths.reduce((sum, width) => sum + width + 2, 0);
  const lead = (cells: readonly string[]): string =>
    widths.map((width, i) => `${(cells[i] as string).padEnd(width)}  `).join('');
  const lines = rows.flatMap((row) => {
    const [first = '', ...more] = wrapped(row[last] as string, indent);
    return [`${lead(row)}${first.trimStart()}`.trimEnd(), ...more];
  });
  const title = out.style('dim', `${lead(titles)}${titles[last]}`.trimEnd());
  return `${[title, ...lines].join('\n')}\n`;
}

/** Safe text in lines of at most 110 columns, each behind `indent` blanks. */
export function wrapped(text: string, indent: number): string[] {
  const room = Math.max(30, WIDTH - indent);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines.map((each) => `${' '.repeat(indent)}${each}`);
}
