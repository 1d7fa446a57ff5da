import { Catalogs } from '../catalog/catalogs.ts';
import type { IndexRow } from '../catalog/row.ts';
import { type Filter, rowMatcher } from '../query/mod.ts';
import { entryRows } from './entries.ts';
import type {
  FacetRequest,
  FacetValue,
  HistogramBucket,
  HistogramRequest,
  Hit,
  IndexSearch,
  RecordIndex,
  Through,
} from './index.ts';
import { checkFacets, checkHistogram, checkNext, checkSearch, checkThrough } from './requests.ts';

/** An index in memory, that looks at every row: for small logs, and the measure of what other drivers answer. */
export class MemoryIndex implements RecordIndex {
  readonly #nodes = new Map<string, IndexRow[]>();
  readonly #catalogs: Catalogs;

  constructor(catalogs: Catalogs = Catalogs.builtIn) {
    this.#catalogs = catalogs;
  }

  async position(node: string): Promise<number> {
    return this.#nodes.get(node)?.length ?? 0;
  }

  async add(node: string, from: number, entries: Uint8Array): Promise<void> {
    const rows = this.#nodes.get(node) ?? [];
    checkNext(node, from, rows.length);
    for (const row of entryRows(node, from, entries, this.#catalogs)) rows.push(row);
    if (rows.length > 0) this.#nodes.set(node, rows);
  }

  async search(request: IndexSearch): Promise<readonly Hit[]> {
    checkSearch(request);
    const { filter, through, limit, after } = request;
    const sign = request.order === 'oldest' ? 1 : -1;
    const hits = [...this.#matches(filter, through)].filter(
      (row) => !after || sign * compareHits(row, after) > 0,
    );
    hits.sort((a, b) => sign * compareHits(a, b));
    return hits.slice(0, limit).map(({ node, seq, logged }) => ({ node, seq, logged }));
  }

  async count(filter: Filter, through: Through): Promise<number> {
    return [...this.#matches(filter, through)].length;
  }

  async histogram(request: HistogramRequest): Promise<readonly HistogramBucket[]> {
    checkHistogram(request);
    const { from, to, bucketMs } = request;
    const buckets = new Map<string, HistogramBucket>();
    for (const { time, outcome } of this.#matches(request.filter, request.through)) {
      if (time < from || time > to) continue;
      const start = time - ((time - from) % bucketMs);
      const key = `${start} ${outcome}`;
      buckets.set(key, { start, outcome, count: (buckets.get(key)?.count ?? 0) + 1 });
    }
    return [...buckets.values()].sort((a, b) => a.start - b.start || compareTexts(a.outcome, b.outcome));
  }

  async facets(request: FacetRequest): Promise<readonly FacetValue[]> {
    checkFacets(request);
    const counts = new Map<string, number>();
    for (const row of this.#matches(request.filter, request.through)) {
      for (const value of facetValues(row, request.field)) {
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
    const values = [...counts].map(([value, count]) => ({ value, count }));
    values.sort((a, b) => b.count - a.count || compareTexts(a.value, b.value));
    return values.slice(0, request.limit);
  }

  async *rows(node: string, from: number, to: number): AsyncGenerator<readonly IndexRow[]> {
    yield this.#nodes.get(node)?.slice(from, to) ?? [];
  }

  async reset(): Promise<void> {
    this.#nodes.clear();
  }

  async close(): Promise<void> {}

  *#matches(filter: Filter, through: Through): Generator<IndexRow> {
    checkThrough(through, new Map([...this.#nodes].map(([node, rows]) => [node, rows.length])));
    const matches = rowMatcher(filter);
    for (const [node, rows] of this.#nodes) {
      for (const row of rows.slice(0, through.get(node) ?? 0)) if (matches(row)) yield row;
    }
  }
}

/** Oldest first. */
function compareHits(a: Hit, b: Hit): number {
  if (a.logged !== b.logged) return a.logged - b.logged;
  if (a.node !== b.node) return a.node < b.node ? -1 : 1;
  return a.seq - b.seq;
}

/** Each once. */
function facetValues(row: IndexRow, field: FacetRequest['field']): readonly string[] {
  if (field === 'flag') return [...new Set(row.flags)];
  if (field === 'object') {
    const objects = new Map(row.objects.map((object) => [JSON.stringify([object.kind, object.id]), object]));
    return [...objects.values()].map(({ kind, id }) => `${kind}:${id}`);
  }
  const value = row[field];
  return value === null ? [] : [value];
}

/** By code points, as UTF-8 sorts. */
function compareTexts(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < x.length && i < y.length; i++) {
    if (x[i] !== y[i]) return x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
  }
  return x.length - y.length;
}
