import type Type from 'typebox';
import { PROBLEM_TYPE } from '../problem.ts';
import { Problem, ref } from '../schemas/answers.ts';

/** The problem answers of a route, by status, for its schema. */
export function problems(...statuses: readonly number[]): Record<number, unknown> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: 'Problem', content: { [PROBLEM_TYPE]: { schema: ref(Problem) } } },
    ]),
  );
}

/** A schema for an answer that is text. */
export function text(description: string, type = 'text/plain'): Record<string, unknown> {
  return { description, content: { [type]: { schema: { type: 'string' } satisfies Type.TSchema } } };
}
