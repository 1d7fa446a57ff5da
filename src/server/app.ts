import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { UsageError } from '../errors.ts';
import { answerClientError } from './client-error.ts';
import { hangUpWhenClosing } from './closing.ts';
import { addHeaders, refuseEncoded, refuseForeign } from './guard.ts';
import { boundLargeBodies } from './large-bodies.ts';
import { collectMethods, refuseOtherMethods } from './methods.ts';
import { gatherOpenApi } from './openapi.ts';
import { parseJsonBytes } from './parse-records.ts';
import { answerError } from './problem.ts';
import { administrationRoutes } from './routes/administration.ts';
import { catalogRoutes } from './routes/catalog.ts';
import { controlRoutes } from './routes/control.ts';
import { logRoutes } from './routes/log.ts';
import { documentRoute, metaRoutes } from './routes/meta.ts';
import { recordsRoute } from './routes/records.ts';
import { searchRoutes } from './routes/search.ts';
import { tileRoutes } from './routes/tiles.ts';
import { timestampRoutes } from './routes/timestamps.ts';
import { witnessRoutes } from './routes/witnesses.ts';
import { type ServedLog, Service } from './service.ts';
import { checkBySchema, readDecimals } from './validation.ts';

const BODY_LIMIT = 16 * 1024 * 1024;
const MAX_CONNECTIONS = 512;

export interface ServerOptions {
  readonly log: ServedLog;
  /** Version of this program, for the document and for health. */
  readonly version: string;
  /** Operating messages; none when left out. They never hold record content or query texts. */
  readonly logger?: Logger;
}

/**
 * Where a request comes in, and so what it may do. `local`: a port on loopback, which programs and people of this
 * machine reach. `control`: the control socket, which no browser reaches and only its owner may open; it has the
 * administration's routes. `public`: a port for everybody, with checkpoints and hashes and nothing else.
 */
export type Door = 'local' | 'control' | 'public';

/** The HTTP interface to a log, not yet listening. It answers as at the local port. */
export function createServer(options: ServerOptions): FastifyInstance {
  return buildApp(new Service(options.log, options.version), 'local', options.logger);
}

/** The application for one listener. */
export function buildApp(service: Service, door: Door, logger?: Logger): FastifyInstance {
  const app = fastify({
    ...(logger ? { loggerInstance: logger as FastifyBaseLogger } : {}),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: 60_000,
    keepAliveTimeout: 30_000,
    http: { headersTimeout: 20_000 },
    routerOptions: { maxParamLength: 100 },
    // A request that came in while the server closes is one it still finishes.
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: answerError,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(() => {
    throw new UsageError(
      'ROUTE_NOT_FOUND',
      'there is nothing at this path; /openapi.json lists what there is',
    );
  });
  app.setValidatorCompiler(checkBySchema);
  // Answers are written as they are: a serializer made from the schema would drop what the schema does not know.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => parseJsonBytes(body),
  );
  app.addHook('onRequest', addHeaders);
  if (door === 'local') app.addHook('onRequest', refuseForeign);
  app.addHook('onRequest', refuseEncoded);
  boundLargeBodies(app);
  app.addHook('preValidation', readDecimals);
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions, log } = request;
    // The route's pattern, not its path: a query text is nobody's business here.
    log.debug(
      { method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    );
  });
  hangUpWhenClosing(app);
  const paths = collectMethods(app);
  gatherOpenApi(app, service.version);
  // Each in a scope, which is filled in turn: routes once the document's hooks are in place, the rest behind them.
  addRoutes(app, (scope) => {
    documentRoute(scope);
    tileRoutes(scope, service, door === 'public' ? 'hashes' : 'everything');
    if (door === 'public') return;
    metaRoutes(scope, service);
    logRoutes(scope, service);
    searchRoutes(scope, service);
    catalogRoutes(scope, service.log.reader.catalogs);
    if (door === 'local') return;
    controlRoutes(scope, service);
    administrationRoutes(scope, service);
    if (service.timestamps !== null) timestampRoutes(scope, service.timestamps);
    if (service.witnesses !== null) witnessRoutes(scope, service.witnesses);
  });
  if (door !== 'public') addRoutes(app, (scope) => recordsRoute(scope, service, door === 'control'));
  addRoutes(app, (scope) => refuseOtherMethods(scope, paths));
  return app;
}

function addRoutes(app: FastifyInstance, add: (scope: FastifyInstance) => void): void {
  void app.register((scope, _options, done) => {
    add(scope);
    done();
  });
}
