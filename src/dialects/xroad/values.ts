import type { Catalog, EventInfo } from '../../catalog/catalog.ts';
import type { Json } from '../../record/types.ts';
import { isSealShaped } from '../draft.ts';
import type { PrintFlag } from '../flags.ts';
import { MAX_NESTING } from '../json.ts';
import { quote } from './escapes.ts';

export type Details = { readonly [name: string]: Json };

/** A member of an object and the JSON of its value; `long`: of any length. */
export interface Written {
  readonly name: string;
  readonly json: string;
  readonly long: boolean;
}

/** Members of an identifier object, in the orders that the releases have written them in. */
const MEMBER_ID: readonly string[] = [
  'xRoadInstance',
  'memberClass',
  'memberCode',
  'subsystemCode',
  'fieldsForStringFormat',
  'objectType',
  'xroadInstance',
];

/**
 * Writes values as JSON. What reading would not give back as it stands, for being nested too deep or looking
 * like a seal, is written as a text that holds its JSON.
 */
export class ValueWriter {
  readonly #catalog: Catalog;
  readonly #info: EventInfo | null;
  readonly #flags: Set<PrintFlag>;

  constructor(catalog: Catalog, info: EventInfo | null, flags: Set<PrintFlag>) {
    this.#catalog = catalog;
    this.#info = info;
    this.#flags = flags;
  }

  /**
   * JSON of a value; `path` is what its members' names begin with in the catalog, `depth` how deep it stands.
   */
  json(value: Json, path: string, depth: number): string {
    if (typeof value === 'string') return quote(value);
    if (typeof value !== 'object' || value === null) return String(value);
    if (depth >= MAX_NESTING || isSealShaped(value)) {
      this.#flags.add('retyped');
      return quote(JSON.stringify(value));
    }
    if (Array.isArray(value)) {
      const items = `${path.slice(0, -1)}[].`;
      return `[${(value as readonly Json[]).map((one) => this.json(one, items, depth + 1)).join(',')}]`;
    }
    return object(this.members(value as Details, path, depth));
  }

  /** The members of an object, in their order. */
  members(value: Details, path: string, depth: number): Written[] {
    return this.#ordered(Object.keys(value), path).map((name) => ({
      name,
      json: this.json(value[name]!, `${path}${name}.`, depth + 1),
      long: true,
    }));
  }

  /** Names in the order of the catalog, then those it does not list; of an unknown event as they come. */
  #ordered(names: readonly string[], path: string): readonly string[] {
    if (this.#info === null) return names;
    const order = this.#order(path);
    const known = order.filter((name) => names.includes(name));
    return [...known, ...names.filter((name) => !known.includes(name)).sort()];
  }

  #order(path: string): readonly string[] {
    const within = path.replace(/(?:\[\])?\.$/, '');
    if (this.#catalog.field(within)?.type === 'member') return MEMBER_ID;
    return this.#info!.fields.filter(({ name, pattern }) => !pattern && name.startsWith(path))
      .map(({ name }) => name.slice(path.length))
      .filter((name) => !/[.[]/.test(name));
  }
}

/** A member that is written when it has a value. */
export function written(name: string, json: string | undefined, long = false): readonly Written[] {
  return json === undefined ? [] : [{ name, json, long }];
}

export function object(members: readonly Written[]): string {
  return `{${members.map(({ name, json }) => `${quote(name)}:${json}`).join(',')}}`;
}
