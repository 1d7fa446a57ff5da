import type { RecordDraft } from '../../src/record/mod.ts';

/** Draft `number` of a round: the same in every process. Every third has no id, every tenth a payload. */
export function draftOf(round: string, number: number): RecordDraft {
  const name = `${round}-${number}`;
  return {
    time: 1_700_000_000_000,
    system: 'test',
    event: `E${number % 10}`,
    outcome: 'success',
    correlation: name,
    ...(number % 3 === 0 ? {} : { id: name }),
    details: { TEXT: (number % 10 === 0 ? 'long ' : 'short ').repeat(number % 10 === 0 ? 2_000 : 40) },
  };
}
