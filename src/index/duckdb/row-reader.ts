import type { Link } from './link.ts';
import { type Meaning, Numbered } from './numbered.ts';
import { type Meanings, PageRows, type Profile } from './page-rows.ts';
import type { TextTable } from './protocol.ts';
import { FIRST_ID, PROFILE_FIELDS, type ProfileField } from './schema.ts';

/** Rows read at once. */
const PAGE_ROWS = 8_192;
/** Pages on their way: a page takes some turns of the event loop, and whoever works on one leaves it few. */
const PAGES_AHEAD = 2;

const NO_TEXTS: ReadonlyMap<number, string> = new Map();

/** Reads the rows of a node back, a page at a time: while one is used, the next are fetched. */
export class RowReader {
  readonly #link: Link;
  readonly #node: string;
  readonly #words = new Numbered<string>((ids) => this.#askTexts('words', ids));
  readonly #profiles = new Numbered<Profile>((ids) => this.#askProfiles(ids));

  constructor(link: Link, node: string) {
    this.#link = link;
    this.#node = node;
  }

  async *read(from: number, to: number): AsyncGenerator<PageRows> {
    const coming: Promise<PageRows>[] = [];
    for (let at = from, asked = from; at < to; at += PAGE_ROWS) {
      for (; asked < to && coming.length < PAGES_AHEAD; asked += PAGE_ROWS) {
        const page = this.#fetch(asked, Math.min(asked + PAGE_ROWS, to));
        // Nobody waits for it when the caller stops early.
        page.catch(() => {});
        coming.push(page);
      }
      const page = await coming.shift()!;
      yield page;
      page.release();
    }
  }

  async #fetch(from: number, to: number): Promise<PageRows> {
    const page = await this.#link.call('rows', { node: this.#node, from, to });
    const [profile, objects, actor, ip, correlation, hash] = await Promise.all([
      this.#profiles.of(page.profile),
      this.#objectSets(page.objects),
      this.#words.of(page.actor),
      this.#words.of(page.ip),
      this.#textsOf(page.correlation),
      this.#textsOf(page.hash),
    ]);
    return new PageRows(this.#node, page, { profile, objects, actor, ip, correlation, hash });
  }

  async #objectSets(column: Uint32Array): Promise<Meanings['objects']> {
    const sets = await this.#link.call('objectSets', distinct(column));
    return { id: sets.id, ...(await this.#wordColumns(sets, ['kind', 'ident', 'name'])) };
  }

  async #askTexts(table: TextTable, numbers: Iterable<number>): Promise<Meaning<string>[]> {
    const { ids, texts } = await this.#link.call('texts', { table, ids: Uint32Array.from(numbers) });
    return ids.map((id, i) => [id, texts[i]!, texts[i]!.length]);
  }

  /** Not remembered: they hardly come again. */
  async #textsOf(column: Uint32Array): Promise<ReadonlyMap<number, string>> {
    const ids = distinct(column);
    if (ids.length === 0) return NO_TEXTS;
    return new Map((await this.#askTexts('texts', ids)).map(([id, text]) => [id, text]));
  }

  async #askProfiles(ids: Uint32Array<ArrayBuffer>): Promise<Iterable<Meaning<Profile>>> {
    const { profiles, flags } = await this.#link.call('profiles', ids);
    const found = new Map<number, Profile>();
    const columns = await this.#wordColumns(profiles, PROFILE_FIELDS);
    for (const [i, id] of profiles.id.entries()) {
      const members = PROFILE_FIELDS.map((field) => [field, columns[field][i] ?? null]);
      found.set(id, { ...(Object.fromEntries(members) as Record<ProfileField, string | null>), flags: [] });
    }
    const flag = await this.#words.of(flags.flag);
    for (const [i, id] of flags.profile.entries()) found.get(id)?.flags.push(flag[i]!);
    return Array.from(found, ([id, profile]) => [id, profile, charsOf(Object.values(profile).flat())]);
  }

  async #wordColumns<Name extends string>(
    columns: { readonly [K in Name]: Uint32Array },
    names: readonly Name[],
  ): Promise<Record<Name, readonly (string | undefined)[]>> {
    const found = await Promise.all(
      names.map(async (name) => [name, await this.#words.of(columns[name])] as const),
    );
    return Object.fromEntries(found) as Record<Name, readonly (string | undefined)[]>;
  }
}

function distinct(ids: Uint32Array): Uint32Array<ArrayBuffer> {
  const sorted = Uint32Array.from(ids).sort();
  return sorted.filter((id, i) => id >= FIRST_ID && id !== sorted[i - 1]);
}

function charsOf(texts: readonly (string | null)[]): number {
  return texts.reduce((chars, text) => chars + (text?.length ?? 0), 0);
}
