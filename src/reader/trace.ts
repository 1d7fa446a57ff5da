import { Catalogs } from '../catalog/catalogs.ts';
import { deriveObjects, deriveSame } from '../catalog/derive.ts';
import { LogError } from '../errors.ts';
import { type Filter, foldAscii } from '../query/mod.ts';
import type { AuditRecord, ObjectRef } from '../record/mod.ts';
import type { SearchAnswer, SearchRequest } from './types.ts';

/** One name of a thing, and why it is believed to be one. */
export interface KnownAs extends ObjectRef {
  /** The record that tells it together with a name known before; null for what was asked for. */
  readonly told: { readonly node: string; readonly seq: number; readonly event: string } | null;
}

export interface Trace {
  /** The names that records prove to mean the one thing asked for. Empty when no record names it. */
  readonly same: readonly KnownAs[];
  /** Other things of the kind that bear one of its names, and are not proven to be it. Never joined. */
  readonly alike: readonly ObjectRef[];
  /** Finds every record about it. */
  readonly filter: Filter;
  /** Bounds were reached: there may be more names. */
  readonly cut: boolean;
}

/** What a search can be asked of: a reader, or a client of a running server. */
export interface TraceableLog {
  search(request: SearchRequest): Promise<SearchAnswer>;
}

const MAX_NAMES = 64;
/** Records that are looked at for one name. */
const MAX_RECORDS = 10_000;
const PAGE = 1_000;

/**
 * Follows one thing through all systems: two names are the same thing only where one verified record, read by its
 * system's catalog, tells both of it; from there on, step by step. What merely has the same name is listed apart.
 *
 * @param id of an object, or its name when just one object of that kind bears it.
 * @throws LogError LOG_NOT_FOUND when no object has this id and none or several have the name; the message lists them.
 */
export async function trace(
  log: TraceableLog,
  kind: string,
  id: string,
  settings: { readonly signal?: AbortSignal; readonly catalogs?: Catalogs } = {},
): Promise<Trace> {
  const seen = new Names(kind, settings.catalogs ?? Catalogs.builtIn);
  let cut = false;
  const visit = async (name: string): Promise<void> => {
    let count = 0;
    for await (const record of matching(log, objectFilter(kind, name), settings.signal)) {
      if (++count > MAX_RECORDS || seen.same.size > MAX_NAMES) {
        cut = true;
        return;
      }
      seen.add(record);
    }
  };
  // Looked at before it is taken for an id: what is given may be a name that several bear.
  await visit(id);
  const start = seen.start(id);
  seen.same.set(start.id, { ...start, told: null });
  // A name may be told by a record that was passed before it was known to matter, so it is looked for again.
  for (const name of seen.same.keys()) await visit(name);
  for (const name of seen.names()) await visit(name);
  return { same: [...seen.same.values()], alike: seen.alike(), filter: seen.filter(), cut };
}

class Names {
  readonly same = new Map<string, KnownAs>();
  readonly #kind: string;
  readonly #catalogs: Catalogs;
  readonly #all = new Map<string, ObjectRef>();

  constructor(kind: string, catalogs: Catalogs) {
    this.#kind = kind;
    this.#catalogs = catalogs;
  }

  add(record: AuditRecord): void {
    for (const object of deriveObjects(record, this.#catalogs)) {
      if (object.kind !== this.#kind) continue;
      const known = this.#all.get(object.id);
      if (known === undefined || known.name === undefined) this.#all.set(object.id, object);
    }
    for (const group of deriveSame(record, this.#catalogs)) {
      if (group[0]?.kind !== this.#kind || !group.some(({ id }) => this.same.has(id))) continue;
      const { node, seq, event } = record;
      for (const object of group)
        if (!this.same.has(object.id)) this.same.set(object.id, { ...object, told: { node, seq, event } });
    }
  }

  /** @throws LogError LOG_NOT_FOUND */
  start(asked: string): ObjectRef {
    const byId = this.#all.get(asked) ?? [...this.#all.values()].find(({ id }) => equal(id, asked));
    if (byId !== undefined) return byId;
    const named = [...this.#all.values()].filter(({ name }) => name !== undefined && equal(name, asked));
    if (named.length === 1) return named[0]!;
    const what = `${this.#kind} ${JSON.stringify(asked)}`;
    throw new LogError(
      'LOG_NOT_FOUND',
      named.length === 0
        ? `no record names a ${what}; search for it as text to see how it is written`
        : `${what} is the name of ${named.length} that are not known to be the same; ` +
            `trace one of them: ${named.map(({ id }) => JSON.stringify(id)).join(', ')}`,
      { context: { kind: this.#kind, asked, candidates: named.map(({ id }) => id) } },
    );
  }

  /** What people call it. */
  names(): Set<string> {
    return new Set(
      [...this.same.values()].flatMap(({ name }) => (name === undefined ? [] : [foldAscii(name)])),
    );
  }

  alike(): ObjectRef[] {
    const names = this.names();
    return [...this.#all.values()].filter(
      ({ id, name }) => !this.same.has(id) && name !== undefined && names.has(foldAscii(name)),
    );
  }

  filter(): Filter {
    const of = [...this.same.keys()].map((id) => objectFilter(this.#kind, id));
    return of.length === 1 ? of[0]! : { kind: 'or', of };
  }
}

function objectFilter(kind: string, id: string): Filter {
  return { kind: 'object', object: kind, pattern: id, wildcard: false };
}

/** Only what holds is believed. */
async function* matching(
  log: TraceableLog,
  query: Filter,
  signal: AbortSignal | undefined,
): AsyncGenerator<AuditRecord> {
  let cursor: string | null = null;
  do {
    signal?.throwIfAborted();
    const answer: SearchAnswer = await log.search({
      query,
      order: 'oldest',
      limit: PAGE,
      ...(cursor === null ? {} : { cursor }),
      ...(signal === undefined ? {} : { signal }),
    });
    for (const { status, record } of answer.records)
      if (status === 'verified' && record !== null) yield record;
    cursor = answer.next;
  } while (cursor !== null);
}

function equal(a: string, b: string): boolean {
  return foldAscii(a) === foldAscii(b);
}
