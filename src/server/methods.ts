import type { FastifyInstance } from 'fastify';
import { UsageError } from '../errors.ts';

/** The methods of each path that is registered from now on, as they come. */
export function collectMethods(app: FastifyInstance): ReadonlyMap<string, Set<string>> {
  const paths = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = paths.get(url) ?? new Set();
    for (const each of [method].flat()) methods.add(each);
    paths.set(url, methods);
  });
  return paths;
}

/** Answers every other method of these paths 405 with those it has, rather than 404. */
export function refuseOtherMethods(app: FastifyInstance, paths: ReadonlyMap<string, Set<string>>): void {
  for (const [url, methods] of [...paths]) {
    const allow = [...methods].sort().join(', ');
    const others = app.supportedMethods.filter((method) => !methods.has(method));
    app.route({
      method: others,
      url,
      schema: { hide: true },
      // Before a body is read: it would be refused for its type first.
      onRequest: async (_request, reply) => {
        void reply.header('allow', allow);
        throw new UsageError('METHOD_NOT_ALLOWED', `this path takes ${allow}`);
      },
      handler: () => {},
    });
  }
}
