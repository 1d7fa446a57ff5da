import { checkpointBody, parseNote } from '../../src/checkpoint/mod.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import {
  type ExportHeader,
  formatEnd,
  formatHeader,
  formatRecord,
  makeHeader,
} from '../../src/exported/mod.ts';
import { leafHash } from '../../src/merkle/mod.ts';
import { decodeEntry } from '../../src/record/mod.ts';
import type { StoredLog } from '../../src/store/stored-log.ts';
import type { LogSource, SourceHead } from '../../src/verify/mod.ts';

/**
 * An export of a whole log, as somebody would falsify it who has no program that refuses to.
 *
 * @param source the same log.
 * @param whole what was exported before it was altered.
 */
export async function exportOf(
  { head, entries, leaves, payloads }: StoredLog,
  source: LogSource,
  whole: LogSource,
): Promise<Uint8Array> {
  const { origin, size, root, signatures } = head;
  const part = { from: 0, to: size, keys: signersOf(entries, signatures) };
  const header = await makeHeader(source, head, part).catch(() => ({
    ...{ version: 2 as const, origin, size, root, ...part },
    checkpoint: `${checkpointBody(origin, size, root)}\n${signatures}`,
    proof: { first: [], last: [] },
    history: [],
  }));
  const history = header.history?.length ? header.history : await historyOf(whole);
  const contents = Map.groupBy(payloads, ({ seq }) => seq);
  const lines = entries.map(({ number, bytes }) =>
    formatRecord(number, leaves[number] ?? leafHash(bytes), bytes, contents.get(number) ?? []),
  );
  const node = origin.slice(origin.lastIndexOf('/') + 1);
  return utf8([formatHeader(node, { ...header, history }), ...lines, formatEnd(size)].join(''));
}

async function historyOf(source: LogSource): Promise<ExportHeader['history']> {
  const head = (await source.head()) as SourceHead;
  return (await makeHeader(source, head, { from: 0, to: head.size, keys: [] })).history;
}

/** Of the keys that the log names, those whose signature lines there are. */
function signersOf(entries: StoredLog['entries'], signatures: string): string[] {
  const named = entries.flatMap(({ number, bytes }) => {
    const { event, details } = decodeEntry(bytes);
    const isNaming = number === 0 || event === 'KEY_CHANGE';
    return isNaming ? [(details as { key?: unknown } | undefined)?.key] : [];
  });
  const ids = parseNote(`\n\n${signatures}`).signatures.map(({ name, keyId }) => `${name}+${keyId}+`);
  return named.filter((key): key is string => ids.some((id) => String(key).startsWith(id)));
}
