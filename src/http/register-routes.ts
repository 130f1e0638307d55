import type { FastifyInstance } from 'fastify';
import { registerOwnApi } from './api/register-own-api.ts';
import type { HttpContext } from './context.ts';
import { registerProfiles } from './graph/profiles/register-profiles.ts';
import { registerApiScope, registerGraphScope } from './scopes.ts';
import { registerUploads } from './uploads/register-uploads.ts';

/** Every route there is. */
export function registerRoutes(server: FastifyInstance, context: HttpContext): void {
  registerGraphScope(server, 'beta', (scope) => {
    registerProfiles(scope, context);
  });
  registerApiScope(server, (scope) => {
    registerOwnApi(scope, context);
  });
  registerUploads(server, context, { limits: context.settings.uploadLimits });
}
