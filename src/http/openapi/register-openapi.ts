import type { FastifyInstance } from 'fastify';

import { openToAll, requirementOf } from '../auth/require-permission.ts';
import { refuseQuery } from '../odata/read-query.ts';
import { apiDocument, type ApiRoute } from './api-document.ts';

const PREFIX = '/api/v1';

/** The routes of a scope, as they are registered. */
export function collectApiRoutes(scope: FastifyInstance): readonly ApiRoute[] {
  const routes: ApiRoute[] = [];
  scope.addHook('onRoute', (route) => {
    const requirement = requirementOf([route.onRequest ?? []].flat());
    for (const method of [route.method].flat())
      if (method !== 'HEAD') routes.push({ method, path: route.url.slice(PREFIX.length), requirement });
  });
  return routes;
}

/** GET /api/v1/openapi.json: what this service serves there. It holds nothing of a tenant, and needs no token. */
export function registerOpenApi(scope: FastifyInstance, routes: readonly ApiRoute[], version: string): void {
  scope.get('/openapi.json', { onRequest: openToAll }, (request) => {
    refuseQuery(request);
    return apiDocument(routes, version, `${request.baseUrl}${PREFIX}`);
  });
}
