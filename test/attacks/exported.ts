import { checkpointBody, parseCheckpoint, parseNote } from '../../src/checkpoint/mod.ts';
import { concatBytes, fromHex, fromUtf8, toHex, utf8 } from '../../src/crypto/bytes.ts';
import { encodeBundle, leafHash, Tree } from '../../src/merkle/mod.ts';
import type { StoredLog } from '../../src/store/stored-log.ts';
import type {
  LogSource,
  SourceBundle,
  SourceCheckpoint,
  SourceHead,
  SourcePayload,
  SourceTile,
} from '../../src/verify/mod.ts';

/** What `tallystick export` writes of a whole log, as docs/cli.md describes it; without what only a part needs. */
export function exportOf({ head, entries, payloads }: StoredLog): string {
  const { origin, size, root, signatures } = head;
  const header = {
    ...{ format: 'tallystick-export/1', origin, from: 0, to: size, size, root: toHex(root) },
    checkpoint: `${checkpointBody(origin, size, root)}\n${signatures}`,
  };
  const contents = Map.groupBy(payloads, ({ seq }) => seq);
  const lines = entries.map(({ number, bytes }) => {
    const own = (contents.get(number) ?? []).map(
      ({ digest, salt, bytes: content }) =>
        `{"digest":"${digest}","salt":"${toHex(salt)}","content":${fromUtf8(content)}}`,
    );
    return `{"seq":${number},"entry":${fromUtf8(bytes)},"payloads":[${own.join(',')}]}`;
  });
  return `${[JSON.stringify(header), ...lines, JSON.stringify({ end: true, count: lines.length })].join('\n')}\n`;
}

interface Line {
  readonly seq: number;
  readonly entry: Uint8Array;
  readonly payloads: readonly { digest: string; salt: string; content: unknown }[];
}

/** An export of a whole log as a source for the verifier: its records and its signed head, and no hashes between. */
export class ExportedLog implements LogSource {
  readonly #head: SourceHead;
  readonly #lines: readonly Line[];
  #tiles: ReadonlyMap<string, Uint8Array> | null = null;

  constructor(text: string) {
    const [header = '', ...rows] = text.split('\n').slice(0, -1);
    const note: string = JSON.parse(header).checkpoint;
    const { text: body } = parseNote(note);
    const { origin, size, root } = parseCheckpoint(body);
    this.#head = { origin, size, root, signatures: note.slice(body.length + 1) };
    this.#lines = rows.slice(0, -1).map((row) => {
      const { seq, payloads } = JSON.parse(row);
      // The canonical bytes stand in the line as they are.
      const entry = row.slice(`{"seq":${seq},"entry":`.length, row.lastIndexOf(',"payloads":['));
      return { seq, entry: utf8(entry), payloads };
    });
  }

  async head(): Promise<SourceHead> {
    return this.#head;
  }

  async *bundles(from: number, to: number): AsyncGenerator<SourceBundle> {
    for (let start = from - (from % 256); start < to; start += 256) {
      const wanted = { from: Math.max(from, start), to: Math.min(to, start + 256) };
      let run: Line[] = [];
      // What is numbered twice stands beside its like; what is numbered beyond the end, at the end.
      const isLast = start + 256 >= this.#head.size;
      const own = this.#lines.filter(({ seq }) => seq >= wanted.from && (seq < wanted.to || isLast));
      for (const line of own) {
        const last = run.at(-1);
        if (last !== undefined && line.seq > last.seq + 1) {
          yield part(run, last.seq + 1);
          run = [];
        }
        run.push(line);
      }
      const last = run.at(-1);
      if (last !== undefined) yield part(run, Math.min(last.seq + 1, wanted.to));
    }
  }

  /** An export has none: whoever reads it makes them, as long as no record is missing or too many. */
  async *tiles(level: number, from: number, to: number): AsyncGenerator<SourceTile> {
    if (this.#lines.length !== this.#head.size || this.#lines.some(({ seq }, at) => seq !== at)) return;
    this.#tiles ??= tilesOver(this.#lines);
    for (let index = from; index < to; index++) {
      yield { index, hashes: this.#tiles.get(`${level}/${index}`) ?? null };
    }
  }

  async *checkpoints(): AsyncGenerator<SourceCheckpoint> {
    yield this.#head;
  }

  async *keyChanges(): AsyncGenerator<SourceCheckpoint> {}

  async *payloads(from: number, to: number): AsyncGenerator<SourcePayload> {
    for (const { seq, payloads } of this.#lines) {
      if (seq < from || seq >= to) continue;
      for (const { digest, salt, content } of payloads) {
        const bytes = utf8(JSON.stringify(content));
        yield { seq, digest, salt: fromHex(salt) ?? new Uint8Array(16), bytes };
      }
    }
  }
}

function part(run: readonly Line[], to: number): SourceBundle {
  const from = (run[0] as Line).seq;
  return { from, to, entries: encodeBundle(run.map(({ entry }) => entry)) };
}

function tilesOver(lines: readonly Line[]): ReadonlyMap<string, Uint8Array> {
  const tree = new Tree();
  const tiles = new Map<string, Uint8Array>();
  for (let start = 0; start < lines.length; start += 256) {
    const leaves = concatBytes(...lines.slice(start, start + 256).map(({ entry }) => leafHash(entry)));
    tiles.set(`0/${start / 256}`, leaves);
    tree.appendAll(leaves);
  }
  for (const { level, index, hashes } of tree.changedTiles()) tiles.set(`${level}/${index}`, hashes);
  return tiles;
}
