import type { FastifyRequest, FastifySchemaCompiler } from 'fastify';
import type Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { UsageError } from '../errors.ts';

const DECIMAL = /^(0|[1-9][0-9]*)$/;
const PARTS: Readonly<Record<string, string>> = {
  querystring: 'query parameter',
  params: 'path parameter',
  headers: 'header',
  body: 'body',
};

/**
 * Checks requests against their schemas and changes nothing: no value is coerced, dropped or filled in. Refusals are
 * `UsageError` REQUEST_INVALID and never quote a value.
 */
export const checkBySchema: FastifySchemaCompiler<Type.TSchema> = ({ schema, httpPart = '' }) => {
  const validator = Compile(schema);
  return (value: unknown) => {
    if (validator.Check(value)) return true;
    return { error: refusal(PARTS[httpPart] ?? httpPart, validator.Errors(value)) };
  };
};

/** Records are checked by `checkDraft`, one by one, not by the schema that describes them. */
export const checkAllButBody: FastifySchemaCompiler<Type.TSchema> = (route) =>
  route.httpPart === 'body' ? () => true : checkBySchema(route);

/**
 * Hook: a path and a query hold text only, so a strict decimal in the place of an integer is read as one. Whatever
 * else stands there is left for the schema to refuse.
 */
export async function readDecimals(request: FastifyRequest): Promise<void> {
  const { schema } = request.routeOptions;
  toIntegers(request.query, schema?.querystring);
  toIntegers(request.params, schema?.params);
}

function toIntegers(values: unknown, schema: unknown): void {
  const properties = (schema as { properties?: Record<string, { type?: string }> } | undefined)?.properties;
  for (const [name, { type }] of Object.entries(properties ?? {})) {
    const text = (values as Record<string, unknown>)[name];
    if (type !== 'integer' || typeof text !== 'string' || !DECIMAL.test(text)) continue;
    if (Number.isSafeInteger(Number(text))) (values as Record<string, unknown>)[name] = Number(text);
  }
}

function refusal(what: string, errors: readonly TLocalizedValidationError[]): UsageError {
  // What is not known says more than that it is not allowed, and stands behind it in the list.
  const error = errors.find(({ keyword }) => keyword === 'additionalProperties') ?? errors[0];
  const { name, rule } = faultOf(error);
  const path = pathOf(`${error?.instancePath ?? ''}${name === null ? '' : `/${name}`}`);
  const message = path === '' ? `the ${what} ${rule}` : `${what} ${path} ${rule}`;
  return new UsageError('REQUEST_INVALID', message, path === '' ? {} : { context: { path } });
}

/** The rule that was broken, and the member it is about where the error stands one level above it. */
function faultOf(error: TLocalizedValidationError | undefined): { name: string | null; rule: string } {
  switch (error?.keyword) {
    case 'additionalProperties':
      return { name: error.params.additionalProperties[0] ?? null, rule: 'is not known here' };
    case 'required':
      return { name: error.params.requiredProperties[0] ?? null, rule: 'is required' };
    case 'enum':
      return { name: null, rule: `must be one of ${error.params.allowedValues.join(', ')}` };
    default:
      return { name: null, rule: error?.message ?? 'is wrong' };
  }
}

/** `/records/0/id` → `records.0.id`, with an end: names may be the caller's. */
function pathOf(pointer: string): string {
  return pointer.slice(1).replaceAll('/', '.').slice(0, 100);
}
