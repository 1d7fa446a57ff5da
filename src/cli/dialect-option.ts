import { DIALECTS, type Dialect, dialectByName } from '../dialects/mod.ts';
import type { Call } from './command.ts';
import { nearest } from './nearest.ts';

/** What `--pattern` says of the lines. Throws `UsageError` USAGE where `--system` does not say whose lines these are. */
export function patternOf(call: Call): { readonly pattern?: string } {
  const pattern = call.text('pattern');
  if (pattern === undefined) return {};
  if (call.text('system') === undefined)
    throw call.usage('--pattern needs --system, which says whose lines follow it');
  return { pattern };
}

/** The dialect that `--system` names, by system or by its own name; null when it is not given. Throws `UsageError` USAGE. */
export function namedDialect(call: Call): Dialect | null {
  const name = call.text('system');
  if (name === undefined) return null;
  const dialect = dialectByName(name);
  if (dialect !== null) {
    if (call.text('pattern') === undefined || dialect.takesPattern === true) return dialect;
    const able = DIALECTS.filter(({ takesPattern }) => takesPattern === true).map((one) => one.name);
    throw call.usage(`lines of ${dialect.name} follow no pattern; those of --system ${able.join(', ')} do`);
  }
  const names = [...new Set(DIALECTS.flatMap(({ system, name: own }) => [system, own]))];
  const meant = nearest(name, names);
  throw call.usage(
    `${JSON.stringify(name)} is no system that is known; ${meant === null ? `there are: ${names.join(', ')}` : `did you mean ${meant}?`}`,
  );
}
