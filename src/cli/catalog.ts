import { ACTIONS, type Action } from '../catalog/actions.ts';
import { type Catalog, type EventListing, eventsNamed, listEvent, listSystem } from '../catalog/mod.ts';
import { UsageError } from '../errors.ts';
import { catalogDirectory } from '../places.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { counted } from './format.ts';
import type { Output } from './io.ts';
import { nearest } from './nearest.ts';
import { safeText } from './safe-text.ts';
import { table, wrapped } from './table-text.ts';

/**
 * Shows what events there are: the systems, the events of one, or all about an event. As JSON a line for each event.
 * Throws `UsageError` CATALOG_UNKNOWN.
 */
export async function catalog(call: Call): Promise<number> {
  const { stdout } = call.io;
  const [system, ...words] = call.operands;
  const catalogs = [...catalogDirectory(call.data).read()];
  const chosen = system === undefined ? catalogs : [findSystem(catalogs, system)];
  const name = words.join(' ');
  const listed = chosen.flatMap((one) =>
    (name === '' ? one.events : findEvents(one, name)).map((info) => listEvent(one, info)),
  );
  if (call.json) for (const event of listed) await stdout.record(event);
  else if (system === undefined) await stdout.write(systemsText(chosen, stdout));
  else if (name === '') await stdout.write(eventsText(chosen[0] as Catalog, listed, stdout));
  else await stdout.write(listed.map((event) => eventText(event, stdout)).join('\n'));
  return EXIT.ok;
}

function findSystem(catalogs: readonly Catalog[], name: string): Catalog {
  const found = catalogs.find(({ system }) => system === name.toLowerCase());
  if (found !== undefined) return found;
  const names = catalogs.map(({ system }) => system);
  const meant = nearest(name, names);
  const hint = meant === null ? `there are: ${names.join(', ')}` : `did you mean ${meant}?`;
  throw new UsageError('CATALOG_UNKNOWN', `there is no catalog of a system ${JSON.stringify(name)}; ${hint}`);
}

function findEvents(catalog: Catalog, name: string): Catalog['events'] {
  const found = eventsNamed(catalog, name);
  if (found.length > 0) return found;
  const { system } = catalog;
  const spelled = new Map(
    catalog.events.flatMap(({ event, aliases = [] }) =>
      [event, ...aliases].map((one) => [one.toLowerCase(), one] as const),
    ),
  );
  const meant = nearest(name.toLowerCase(), [...spelled.keys()]);
  const hint =
    meant === null
      ? `see: tallystick catalog ${system}`
      : `did you mean ${JSON.stringify(spelled.get(meant))}?`;
  throw new UsageError('CATALOG_UNKNOWN', `${system} has no event ${JSON.stringify(name)}; ${hint}`);
}

function systemsText(catalogs: readonly Catalog[], out: Output): string {
  const rows = catalogs.map((one) => {
    const { system, parts, events, fields, about } = listSystem(one);
    return [system, String(parts.length || 1), String(events), String(fields), safeText(about)];
  });
  return table(['system', 'parts', 'events', 'fields', 'about'], rows, out);
}

function eventsText(catalog: Catalog, events: readonly EventListing[], out: Output): string {
  const { system, about, partIn, parts, permissions } = listSystem(catalog);
  const rows = events.map(({ component, event, action, about }) => [
    ...(partIn === null ? [] : [component ?? '']),
    event,
    action,
    about,
  ]);
  const titles = [...(partIn === null ? [] : [partIn]), 'event', 'verb', 'about'];
  const count = `${counted(events.length, 'event')}${parts.length > 1 ? ` in ${parts.length} parts` : ''}`;
  const shown = rows.map((row) => row.map(safeText));
  const allowed = Object.entries(permissions).map((row) => row.map(safeText));
  const rights = allowed.length === 0 ? '' : `\n${table(['permission', 'allows'], allowed, out)}`;
  return `${out.style('bold', system)}  ${safeText(about)} ${count}.\n\n${table(titles, shown, out)}${rights}`;
}

function eventText(listing: EventListing, out: Output): string {
  const { system, component, event, about, fields } = listing;
  const path = [system, component, event].filter((part) => part !== null).join(' / ');
  const lines = [out.style('bold', safeText(path))];
  if (about !== '') lines.push(...wrapped(safeText(about), 0));
  const facts = factsOf(listing).filter(([, value]) => value !== '');
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) {
    const [first = '', ...more] = wrapped(safeText(value), width + 2);
    lines.push(`${name.padEnd(width)}  ${first.trimStart()}`, ...more);
  }
  const rows = fields.map(({ name, type, list, optional, about, at }) => [
    safeText(name),
    type === null ? 'any name that fits' : `${type}${list ? ' list' : ''}`,
    optional ? 'optional' : '',
    safeText(at === 'details' ? about : `${about} (${at})`),
  ]);
  return `${lines.join('\n')}\n\n${rows.length === 0 ? 'It has no fields.\n' : table(['field', 'type', '', 'meaning'], rows, out)}`;
}

function factsOf(listing: EventListing): [string, string][] {
  const { action, actionBy, aliases, derives, ocsf, implies, effects, mandatoryIn, defaultIn, versions } =
    listing;
  const actor = Object.entries(derives.actor).map(([member, from]) => `${member} from ${from.join(' or ')}`);
  return [
    ['also called', aliases.join(', ')],
    ['verb', `${action}: ${ACTIONS[action as Action]}`],
    ['', verbsText(actionBy)],
    ['OCSF 1.9', `${ocsf.className} (${ocsf.class}): ${ocsf.activityName ?? 'Other'} (${ocsf.activity})`],
    ['versions', versions ?? ''],
    ['always in', mandatoryIn.join(', ')],
    ['by default in', defaultIn.join(', ')],
    ['outcome', pairs(implies, ' means ')],
    ['effect on', pairs(effects, ': ')],
    ['objects', derives.objects.map(ruleText).join('; ')],
    ['actor', actor.join(', ')],
    ['reason', derives.reason.join(', else ')],
    ['correlation', derives.correlation.join(', else ')],
  ];
}

function pairs(of: Readonly<Record<string, string>>, between: string): string {
  return Object.entries(of)
    .map((pair) => pair.join(between))
    .join(between === ': ' ? ' ' : ', ');
}

function verbsText(by: EventListing['actionBy']): string {
  if (by === null) return '';
  const verbs = Object.entries(by.values).map(([value, verb]) => `${verb} where it is "${value}"`);
  return `as ${by.field} says: ${verbs.join(', ')}`;
}

function ruleText({
  kind,
  from,
  within,
  name = [],
  unless,
}: EventListing['derives']['objects'][number]): string {
  const more = [
    ...(within === undefined ? [] : [`within ${within}`]),
    ...(name.length === 0 ? [] : [`named by ${name.join(' or ')}`]),
    ...(unless === undefined ? [] : [`unless there is ${unless}`]),
  ];
  return `${kind} from ${from}${more.length === 0 ? '' : ` (${more.join(', ')})`}`;
}
