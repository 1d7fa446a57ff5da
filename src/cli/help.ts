import { COMMON, type Command, type Option } from './command.ts';
import { GROUPS } from './command-groups.ts';

const EXITS = `Exit codes: 0 done; 1 refused or done in part; 2 wrong usage, or something could not be read.
For verify: 0 intact, 1 not intact, 2 could not be checked. All of it: docs/cli.md.
`;

/** What the program prints when called without a command: commands of a group are one line. */
export function overview(commands: readonly Command[]): string {
  const rows = new Map<string, string>();
  for (const { name, summary } of commands) {
    const [first = ''] = name.split(' ');
    const about = GROUPS[first];
    if (about === undefined) rows.set(name, summary);
    else rows.set(`${first} …`, about);
  }
  return `Tallystick keeps audit logs that cannot be changed unseen.

Usage: tallystick COMMAND [options]

${columns([...rows])}
  tallystick COMMAND --help says more; "keys --help" lists the commands behind an ellipsis.
  --json makes any answer machine-readable.
  --data DIR, or TALLYSTICK_DATA, names the data directory; otherwise it is ./tallystick-data.

${EXITS}`;
}

/** What `--help` behind the first word of several commands prints. */
export function groupHelp(first: string, commands: readonly Command[]): string {
  const rows = commands.map(({ name, operands, summary }): [string, string] => [
    `${name} ${operands}`.trim(),
    summary,
  ]);
  const about = GROUPS[first];
  const lines = [columns(rows), `  tallystick ${first} COMMAND --help says more.\n`];
  return [...(about === undefined ? [] : [`${sentence(about)}\n`]), ...lines].join('\n');
}

/** What `--help` prints. */
export function commandHelp({ name, operands, summary, options, notes, examples }: Command): string {
  const usage = `Usage: tallystick ${`${name} ${operands}`.trim()} [options]`;
  const rows = [...options, ...COMMON].map((option): [string, string] => [written(option), option.summary]);
  const paragraphs = notes.map((note) => `${wrap(note)}\n`);
  const shown = examples.map((example) => `  tallystick ${example}\n`).join('');
  return [`${sentence(summary)}\n`, `${usage}\n`, columns(rows), ...paragraphs, `Example:\n${shown}`].join(
    '\n',
  );
}

function written({ name, short, value }: Option): string {
  const long = `--${name}${value === undefined ? '' : ` ${value}`}`;
  return short === undefined ? long : `-${short}, ${long}`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}

/** At most 100 characters a line. */
function wrap(text: string): string {
  return text.replace(/(?=.{101})(.{1,100}) /g, '$1\n');
}
