import { UsageError } from '../errors.ts';
import { ACTIONS } from './actions.ts';
import { readFields } from './fields.ts';
import { FORMS } from './identity.ts';
import { OCSF_CLASSES, OCSF_OTHER } from './ocsf.ts';
import { FIELD_TYPES, type SystemTable } from './table.ts';

const SYSTEM = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** As long as a record's event may be. */
const NAME = 1024;

/**
 * Holds a table to its rules: known verbs, types, forms and OCSF classes; every field an event names is
 * described once, and every described one is named; names are unambiguous.
 *
 * @throws UsageError USAGE naming the place.
 */
export function checkTable(table: SystemTable): void {
  const fail = (place: string, rule: string): never => {
    throw new UsageError('USAGE', `catalog ${table.system}: ${place} ${rule}`, { context: { place } });
  };
  if (!SYSTEM.test(table.system)) fail('system', 'must be 1 to 32 lower-case letters, digits or hyphens');
  for (const [name, { type }] of Object.entries(table.fields)) {
    if (!Object.hasOwn(FIELD_TYPES, type)) fail(`fields.${name}`, `has the unknown type ${type}`);
  }
  const named = new Set<string>();
  const parts = Object.keys(table.parts);
  if (table.partIn === null && (parts.length !== 1 || parts[0] !== ''))
    fail('parts', "must be one, called '', when partIn is null");
  for (const [part, events] of Object.entries(table.parts)) {
    const names = new Set<string>();
    for (const [event, row] of Object.entries(events)) {
      const place = `event ${part === '' ? '' : `${part} / `}${event}`;
      if (parts.includes(event)) fail(place, 'has the name of a part');
      for (const name of [event, ...(row.aliases ?? [])]) {
        if (name === '' || name.length > NAME) fail(place, `has a name that is empty or longer than ${NAME}`);
        if (names.has(name.toLowerCase())) fail(place, `uses the name ${name} a second time`);
        names.add(name.toLowerCase());
      }
      for (const name of Object.keys(row.implies ?? {}))
        if (name !== event && !row.aliases?.includes(name))
          fail(place, `has an outcome for the name ${name}, which is none of its own`);
      for (const verb of [row.action, ...Object.values(row.actionBy?.values ?? {})])
        if (!Object.hasOwn(ACTIONS, verb)) fail(place, `has the unknown verb ${verb}`);
      const fields = readFields(row.fields);
      for (const [i, { name, pattern }] of fields.entries()) {
        if (!pattern && !Object.hasOwn(table.fields, name))
          fail(place, `names the field ${name}, which fields lacks`);
        if (fields.findIndex((other) => other.name === name) !== i)
          fail(place, `names the field ${name} twice`);
        named.add(name);
      }
      const own = (name: string): boolean =>
        fields.some((field) => name === field.name || (field.pattern && name.startsWith(field.name)));
      for (const name of Object.keys(row.means ?? {}))
        if (!own(name)) fail(place, `says what ${name} means, which is none of its fields`);
      if (row.actionBy !== undefined && !own(row.actionBy.field))
        fail(place, `has its verb from ${row.actionBy.field}, which is none of its fields`);
      if (row.ocsf !== undefined) {
        const { class: uid, activity } = row.ocsf;
        const listed = OCSF_CLASSES[uid]?.activities;
        if (listed === undefined || (activity !== OCSF_OTHER && listed[activity] === undefined))
          fail(place, `has the OCSF class ${uid}, activity ${activity}, which is not known`);
      }
    }
  }
  for (const name of Object.keys(table.fields))
    if (!named.has(name)) fail(`fields.${name}`, 'is in no event');
  for (const [i, { as }] of table.objects.entries())
    if (!Object.hasOwn(FORMS, as)) fail(`objects[${i}]`, `has the unknown form ${as}`);
}
