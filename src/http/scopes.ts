import type { FastifyInstance } from 'fastify';
import { assert } from '#lib/assert.ts';
import { refuseQuery } from './odata/read-query.ts';
import { isGuard } from './auth/require-permission.ts';
import { collectApiRoutes, registerOpenApi } from './openapi/register-openapi.ts';
import { addMinimalAnswers } from './odata/minimal-answers.ts';
import { checkODataVersion } from './odata/odata-version.ts';

export type GraphVersion = 'v1.0' | 'beta';

/** Content type of Graph's JSON. */
export const GRAPH_JSON =
  'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

/**
 * Registers Graph routes under /v1.0 or /beta: OData's headers and preferences, Graph's content type on every JSON answer and none
 * on an empty one, and no route without a permission.
 */
export function registerGraphScope(
  server: FastifyInstance,
  version: GraphVersion,
  register: (scope: FastifyInstance) => void,
): void {
  void server.register(
    (scope, _options, done) => {
      refuseOpenRoutes(scope);
      scope.addHook('onRequest', async (request) => {
        checkODataVersion(request);
      });
      scope.addHook('preSerialization', (_request, reply, payload, next) => {
        void reply.type(GRAPH_JSON);
        next(null, payload);
      });
      scope.addHook('preHandler', (request, _reply, next) => {
        refuseQuery(request);
        next();
      });
      addMinimalAnswers(scope);
      register(scope);
      done();
    },
    { prefix: `/${version}` },
  );
}

/** Registers routes of our own API under /api/v1, and the document that tells of them; no route without a permission. */
export function registerApiScope(
  server: FastifyInstance,
  version: string,
  register: (scope: FastifyInstance) => void,
): void {
  void server.register(
    (scope, _options, done) => {
      refuseOpenRoutes(scope);
      const routes = collectApiRoutes(scope);
      register(scope);
      registerOpenApi(scope, routes, version);
      done();
    },
    { prefix: '/api/v1' },
  );
}

/** A route that forgot its permission is a bug that must not start. */
function refuseOpenRoutes(scope: FastifyInstance): void {
  scope.addHook('onRoute', (route) => {
    const guarded = [route.onRequest ?? []].flat().some(isGuard);
    assert(guarded, `the route ${String(route.method)} ${route.url} needs onRequest: requirePermission(...)`);
  });
}
