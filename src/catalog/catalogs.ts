import { sha256 } from '#sha256';
import { toHex, utf8 } from '../crypto/bytes.ts';
import { UsageError } from '../errors.ts';
import { canonicalize } from '../record/canonical.ts';
import type { Json, RecordDraft } from '../record/types.ts';
import { isReference } from '../record/validate.ts';
import { BUILT_IN } from './builtin.ts';
import { Catalog } from './catalog.ts';
import { checkTable } from './check.ts';
import type { SystemTable } from './table.ts';

/** Flags that a record may have (`record/validate.ts`). */
const MAX_FLAGS = 64;

/** The catalogs that records are read with: those that come with Tallystick, and its users' own. */
export class Catalogs implements Iterable<Catalog> {
  /** Those that come with Tallystick alone. */
  static readonly builtIn: Catalogs = new Catalogs();

  /** The users' own tables. */
  readonly given: readonly SystemTable[];
  readonly #bySystem = new Map<string, Catalog>(BUILT_IN);
  #version: string | undefined;

  /**
   * @throws UsageError USAGE for a table that breaks a rule, or is of a system that has a catalog already.
   */
  constructor(given: readonly SystemTable[] = []) {
    this.given = given;
    for (const table of given) {
      checkTable(table);
      if (this.#bySystem.has(table.system)) {
        throw new UsageError(
          'USAGE',
          `there is a catalog of ${table.system} already; name your system otherwise`,
          {
            context: { system: table.system },
          },
        );
      }
      this.#bySystem.set(table.system, new Catalog(table));
    }
  }

  /** Null for a system that nobody described: users name systems of their own. */
  find(system: string): Catalog | null {
    return this.#bySystem.get(system) ?? null;
  }

  [Symbol.iterator](): Iterator<Catalog> {
    return this.#bySystem.values();
  }

  /** Changes whenever a table does in what is derived from it; descriptions do not count. 16 hex digits. */
  get version(): string {
    this.#version ??= toHex(sha256(utf8(canonicalize([...this].map(deriving))))).slice(0, 16);
    return this.#version;
  }

  /**
   * The draft, flagged `unknown-event` or `unknown-field` where the catalog of its system does not know its
   * event or one of its fields; the same object when nothing is to be said. What a dialect has read is
   * flagged by the dialect, which knows more of it; sealed details can't be looked into.
   */
  flagged(draft: RecordDraft): RecordDraft {
    if (draft.dialect !== undefined) return draft;
    const catalog = this.find(draft.system);
    const flag = catalog === null ? null : unknownIn(draft, catalog);
    const flags = draft.flags ?? [];
    if (flag === null || flags.includes(flag) || flags.length >= MAX_FLAGS) return draft;
    return { ...draft, flags: [...flags, flag] };
  }
}

function unknownIn({ event, component, module, details }: RecordDraft, catalog: Catalog): string | null {
  const info = catalog.find(event, component ?? module);
  if (info === null) return 'unknown-event';
  if (details === undefined || isReference(details)) return null;
  for (const name in details) if (!info.has(name)) return 'unknown-field';
  return null;
}

/** What of a table decides how records are read. */
function deriving({ table }: Catalog): Json {
  const { system, objects, failureSuffix } = table;
  const parts = Object.entries(table.parts).map(([part, events]) => [
    part,
    Object.entries(events).map(([event, { action, actionBy, aliases }]) => [
      event,
      action,
      actionBy,
      aliases,
    ]),
  ]);
  return JSON.parse(JSON.stringify({ system, objects, failureSuffix, parts })) as Json;
}
