import type { FastifyInstance } from 'fastify';
import { registerApplications } from './api/applications.ts';
import { registerUserImport } from './api/import-users.ts';
import { registerOwnApi } from './api/register-own-api.ts';
import { registerRoster } from './api/roster/register-roster.ts';
import { registerTenants } from './api/tenants.ts';
import { registerIssuer } from './auth/register-issuer.ts';
import { registerBatch } from './batch/register-batch.ts';
import { registerNoIssuer } from './auth/register-no-issuer.ts';
import type { HttpContext } from './context.ts';
import { registerProfiles } from './graph/profiles/register-profiles.ts';
import { registerMetadata } from './graph/register-metadata.ts';
import { registerMe } from './graph/roster/register-me.ts';
import { registerRosterReads } from './graph/roster/register-roster-reads.ts';
import { registerRosterWrites } from './graph/roster/register-roster-writes.ts';
import { registerHealth } from './monitor/register-health.ts';
import { registerApiScope, registerGraphScope } from './scopes.ts';
import { registerUploads } from './uploads/register-uploads.ts';

/** Every route there is. */
export function registerRoutes(server: FastifyInstance, context: HttpContext): void {
  const { issuer } = context;
  registerHealth(server, context);
  if (issuer === undefined) registerNoIssuer(server, context);
  else registerIssuer(server, context, issuer);
  registerGraphScope(server, 'v1.0', (scope) => {
    registerMetadata(scope, 'v1.0');
    registerBatch(scope, server, context, 'v1.0');
    registerRosterReads(scope, context, 'v1.0');
    registerRosterWrites(scope, context, 'v1.0');
    registerMe(scope, context, 'v1.0');
  });
  registerGraphScope(server, 'beta', (scope) => {
    registerMetadata(scope, 'beta');
    registerBatch(scope, server, context, 'beta');
    registerProfiles(scope, context);
    registerRosterReads(scope, context, 'beta');
    registerRosterWrites(scope, context, 'beta');
    registerMe(scope, context, 'beta');
  });
  registerApiScope(server, context.settings.version, (scope) => {
    registerOwnApi(scope, context);
    registerUserImport(scope, context);
    registerRoster(scope, context);
    if (issuer === undefined) return;
    registerApplications(scope, context, issuer);
    registerTenants(scope, context, issuer);
  });
  registerUploads(server, context, { limits: context.settings.uploadLimits });
}
