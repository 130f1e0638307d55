import type { FastifyInstance } from 'fastify';
import { registerApplications } from './api/applications.ts';
import { registerOwnApi } from './api/register-own-api.ts';
import { registerTenants } from './api/tenants.ts';
import { registerIssuer } from './auth/register-issuer.ts';
import type { HttpContext } from './context.ts';
import { registerProfiles } from './graph/profiles/register-profiles.ts';
import { registerHealth } from './health.ts';
import { registerApiScope, registerGraphScope } from './scopes.ts';
import { registerUploads } from './uploads/register-uploads.ts';

/** Every route there is. */
export function registerRoutes(server: FastifyInstance, context: HttpContext): void {
  const { issuer } = context;
  registerHealth(server, context);
  if (issuer !== undefined) registerIssuer(server, context, issuer);
  registerGraphScope(server, 'beta', (scope) => {
    registerProfiles(scope, context);
  });
  registerApiScope(server, (scope) => {
    registerOwnApi(scope, context);
    if (issuer === undefined) return;
    registerApplications(scope, context, issuer);
    registerTenants(scope, context, issuer);
  });
  registerUploads(server, context, { limits: context.settings.uploadLimits });
}
