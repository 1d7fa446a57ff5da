import { DIALECTS, type Dialect, dialectByName } from '../dialects/mod.ts';
import type { Call } from './command.ts';
import { nearest } from './nearest.ts';

/** The dialect that `--system` names, by system or by its own name; null when it is not given. Throws `UsageError` USAGE. */
export function namedDialect(call: Call): Dialect | null {
  const name = call.text('system');
  if (name === undefined) return null;
  const dialect = dialectByName(name);
  if (dialect !== null) return dialect;
  const names = [...new Set(DIALECTS.flatMap(({ system, name: own }) => [system, own]))];
  const meant = nearest(name, names);
  throw call.usage(
    `${JSON.stringify(name)} is no system that is known; ${meant === null ? `there are: ${names.join(', ')}` : `did you mean ${meant}?`}`,
  );
}
