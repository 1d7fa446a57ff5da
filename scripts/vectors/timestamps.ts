import { formatTimestamps } from '../../src/published/mod.ts';
import { ed25519 } from './keys.ts';
import { genesis, ORIGIN, VectorLog } from './log.ts';

/** The file `timestamps` of a published log of 300 records: which lines are time stamps. The tokens are any bytes. */
export async function timestampVectors(): Promise<unknown> {
  const key = ed25519('log');
  const log = new VectorLog();
  await log.seal(1, genesis([key]), [key]);
  for (const size of [10, 260, 300, 301]) await log.seal(size - log.entries.length, {}, [key]);
  const line = (size: number, token: number): string =>
    formatTimestamps([{ size, note: log.notes.get(size) as string, token: new Uint8Array(5).fill(token) }]);
  const [early, late, head, beyond] = [line(10, 1), line(260, 2), line(300, 3), line(301, 4)];
  const good = early + late + head;
  const one = (name: string, bad: string): unknown => ({
    ...{ name, file: early + bad + head, sizes: [10, 300], ahead: 0, bad: 1 },
  });
  return {
    ...{ origin: ORIGIN, size: 300 },
    cases: [
      { name: 'three', file: good, sizes: [10, 260, 300], ahead: 0, bad: 0 },
      { name: 'none', file: '', sizes: [], ahead: 0, bad: 0 },
      { name: 'two of one size', file: early + line(10, 9), sizes: [10, 10], ahead: 0, bad: 0 },
      { name: 'one over more records', file: good + beyond, sizes: [10, 260, 300], ahead: 1, bad: 0 },
      { name: 'not ascending', file: late + early + head, sizes: [260, 300], ahead: 0, bad: 1 },
      { name: 'no LF at the end', file: good.slice(0, -1), sizes: [10, 260], ahead: 0, bad: 1 },
      one('white space', late.replace('","token"', '", "token"')),
      one('another order', late.replace(/^\{(.*),("token":.*)\}/, '{$2,$1}')),
      one('an escape that RFC 8785 does not write', late.replace('—', '\\u2014')),
      one('one more member', late.replace('}', ',"size":260}')),
      one('a member twice', late.replace('{', '{"token":"",')),
      one('base64 that does not come back', late.replace('I=', 'J=')),
      one('another log', late.replace(ORIGIN, 'other-0a1b2c3d/node-1')),
      one('no signature', late.replace(/— [^"]*/, '')),
      one('a line behind the root', late.replace('\\n\\n', '\\nmore\\n\\n')),
      one('an empty line', '\n'),
      one('no JSON', 'hello\n'),
    ],
  };
}
