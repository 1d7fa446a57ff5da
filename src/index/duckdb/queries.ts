import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { type Filter, requireIndexable } from '../../query/mod.ts';
import type {
  FacetRequest,
  FacetValue,
  HistogramBucket,
  HistogramRequest,
  Hit,
  IndexSearch,
  Through,
} from '../index.ts';
import { decodeTexts } from './columns.ts';
import { all, any, filterSql, inList } from './filter-sql.ts';
import { Parameters } from './pattern-sql.ts';
import { PROFILE_FIELDS } from './schema.ts';
import type { Nodes } from './state.ts';
import { WordIds } from './word-ids.ts';

/** Answers questions. All throw QueryError QUERY_INVALID for a filter that needs whole records, and what DuckDB throws. */
export class Queries {
  readonly #connection: DuckDBConnection;
  readonly #nodes: Nodes;

  constructor(connection: DuckDBConnection, nodes: Nodes) {
    this.#connection = connection;
    this.#nodes = nodes;
  }

  async search({ filter, through, order, limit, after }: IndexSearch): Promise<Hit[]> {
    const asked = await this.#ask(filter, through);
    if (after !== undefined) asked.where = all([asked.where, this.#behind(after, order, asked.parameters)]);
    const direction = order === 'newest' ? 'DESC' : 'ASC';
    const keys = ['r.logged', ...this.#nodeRank(), 'r.seq'].map((key) => `${key} ${direction}`);
    const rows = await this.#run(
      `SELECT r.logged, r.node, r.seq FROM ${from(asked)} ORDER BY ${keys.join(', ')} LIMIT ${limit}`,
      asked,
    );
    const names = new Map([...this.#nodes].map(([name, { id }]) => [id, name]));
    return rows.map(([logged, node, seq]) => ({
      node: names.get(node as number)!,
      seq: Number(seq),
      logged: Number(logged),
    }));
  }

  async count(filter: Filter, through: Through): Promise<number> {
    const asked = await this.#ask(filter, through);
    const [row] = await this.#run(`SELECT count(*) FROM ${from(asked)}`, asked);
    return Number(row![0]);
  }

  async histogram(request: HistogramRequest): Promise<HistogramBucket[]> {
    const { field, min, max } = { field: 'time' as const, min: request.from, max: request.to };
    const filter: Filter = { kind: 'and', of: [{ kind: 'range', field, min, max }, request.filter] };
    const asked = await this.#ask(filter, request.through);
    const start = asked.parameters.integer(request.from);
    const width = asked.parameters.integer(request.bucketMs);
    const rows = await this.#run(
      `SELECT bucket, encode(w.text), sum(n)::BIGINT FROM (
        SELECT (r.time - ${start}) // ${width} AS bucket, r.profile AS profile, count(*) AS n
        FROM ${from(asked)} GROUP BY ALL
      ) c JOIN profiles f ON f.id = c.profile JOIN words w ON w.id = f.outcome
      GROUP BY bucket, w.text ORDER BY bucket, w.text`,
      asked,
    );
    const outcomes = decodeTexts(rows.map(([, outcome]) => outcome!));
    return rows.map(([bucket, , count], i) => ({
      start: request.from + Number(bucket) * request.bucketMs,
      outcome: outcomes[i]!,
      count: Number(count),
    }));
  }

  async facets({ filter, through, field, limit }: FacetRequest): Promise<FacetValue[]> {
    const asked = await this.#ask(filter, through);
    const rows = await this.#run(
      `SELECT encode(value), sum(n)::BIGINT AS total FROM (${facetSql(field, asked)})
      GROUP BY value ORDER BY total DESC, value LIMIT ${limit}`,
      asked,
    );
    const values = decodeTexts(rows.map(([value]) => value!));
    return rows.map(([, count], i) => ({ value: values[i]!, count: Number(count) }));
  }

  async #ask(filter: Filter, through: Through): Promise<Asked> {
    requireIndexable(filter);
    const words = await WordIds.find(this.#connection, filter);
    const parameters = new Parameters();
    const nodes = new Map([...this.#nodes].map(([name, { id }]) => [name, id]));
    const where = filterSql(filter, { words, nodes, parameters });
    return { where: all([this.#within(through, parameters), where]), parameters };
  }

  async #run(sql: string, { parameters }: Asked): Promise<DuckDBValue[][]> {
    return (await this.#connection.runAndReadAll(sql, parameters.values)).getRows();
  }

  /** The condition that a row is of the first entries of its node. */
  #within(through: Through, parameters: Parameters): string {
    const states = [...this.#nodes].map(([name, state]) => ({ ...state, wanted: through.get(name) ?? 0 }));
    const whole = states.filter(({ size, wanted }) => wanted >= size);
    if (whole.length === states.length) return 'true';
    const parts = states.filter(({ size, wanted }) => wanted > 0 && wanted < size);
    return any([
      inList(
        'r.node',
        whole.map(({ id }) => id),
      ),
      ...parts.map(({ id, wanted }) => `(r.node = ${id} AND r.seq < ${parameters.integer(wanted)})`),
    ]);
  }

  /** What rows are ordered by between the time and the number: the place of the node's name, if there are several. */
  #nodeRank(): string[] {
    if (this.#nodes.size < 2) return [];
    const sorted = [...this.#nodes.keys()].sort();
    const ranks: number[] = [];
    for (const [name, { id }] of this.#nodes) ranks[id - 1] = sorted.indexOf(name);
    return [`list_extract([${ranks.join(', ')}], r.node)`];
  }

  /** The condition that a row comes after a hit in the order asked for. */
  #behind({ logged, node, seq }: Hit, order: 'newest' | 'oldest', parameters: Parameters): string {
    const sign = order === 'newest' ? '<' : '>';
    const time = parameters.integer(logged);
    const beyond = [...this.#nodes].filter(([name]) => (order === 'newest' ? name < node : name > node));
    const same = this.#nodes.get(node);
    const ties = [
      inList(
        'r.node',
        beyond.map(([, { id }]) => id),
      ),
      ...(same === undefined ? [] : [`(r.node = ${same.id} AND r.seq ${sign} ${parameters.integer(seq)})`]),
    ];
    return all([`r.logged ${sign}= ${time}`, any([`r.logged ${sign} ${time}`, ...ties])]);
  }
}

interface Asked {
  where: string;
  readonly parameters: Parameters;
}

function from({ where }: Asked): string {
  const join = /\bp\./.test(where) ? ' JOIN profiles p ON p.id = r.profile' : '';
  return `rows r${join} WHERE ${where}`;
}

/** Statement that gives values and how many rows have them; a value may come several times. */
function facetSql(field: FacetRequest['field'], asked: Asked): string {
  if (field === 'object') {
    return `SELECT k.text || ':' || i.text AS value, n
      FROM (SELECT r.objects AS id, count(*) AS n FROM ${from(asked)} GROUP BY ALL) c
      JOIN object_sets o USING (id) JOIN words k ON k.id = o.kind JOIN words i ON i.id = o.ident
      WHERE o.repeated = 0`;
  }
  const column = field === 'actor' || field === 'ip' || field === 'node' ? field : 'profile';
  const counts = `(SELECT r.${column} AS id, count(*) AS n FROM ${from(asked)} GROUP BY ALL) c`;
  if (field === 'node') return `SELECT w.name AS value, n FROM ${counts} JOIN nodes w USING (id)`;
  if (column !== 'profile') return `SELECT w.text AS value, n FROM ${counts} JOIN words w USING (id)`;
  const members =
    field === 'flag'
      ? '(SELECT DISTINCT profile AS id, flag AS member FROM flags)'
      : `(SELECT id, ${PROFILE_FIELDS.find((name) => name === field)} AS member FROM profiles)`;
  return `SELECT w.text AS value, n FROM ${counts} JOIN ${members} f USING (id) JOIN words w ON w.id = f.member`;
}
