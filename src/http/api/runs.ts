import type { FastifyInstance } from 'fastify';

import type { Catalogue } from '#core/query/catalogue.ts';
import { READ_PROFILES } from '#core/permissions.ts';
import { getRun, listFindings, listRuns } from '#engine/profiles/read-runs.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { profileIdOf } from '../graph/profiles/profile-route.ts';
import { nextLink, readListOptions, type ListRules } from './list-options.ts';
import { findingJson, runJson, runStoryJson } from './run-json.ts';

const FIRST_FINDINGS = 100;
const LATEST_RUNS = 50;

const NOTHING_SELECTABLE: Catalogue = { typeName: 'run', properties: {} };
const RUN_RULES: ListRules = { catalogue: NOTHING_SELECTABLE, allowed: ['$top'], pageSize: LATEST_RUNS };
const FINDING_RULES: ListRules = {
  catalogue: NOTHING_SELECTABLE,
  allowed: ['$top', '$skiptoken'],
  pageSize: 500,
};

/**
 * GET /api/v1/profiles/{id}/runs (the newest first), /api/v1/runs/{id} with its whole story and the first of its findings, and
 * /api/v1/runs/{id}/findings, page by page.
 */
export function registerRuns(scope: FastifyInstance, context: HttpContext): void {
  const onRequest = requirePermission(context, READ_PROFILES);

  scope.get('/profiles/:id/runs', { onRequest }, async (request) => {
    const { limit } = readListOptions(request.query, RUN_RULES);
    const runs = await listRuns(
      context.profiles,
      request.caller.tenantId,
      profileIdOf(request),
      Math.min(limit, LATEST_RUNS),
    );
    return { value: runs.map(runJson) };
  });

  scope.get('/runs/:id', { onRequest }, async (request) => {
    const { tenantId } = request.caller;
    const details = await getRun(context.profiles, tenantId, profileIdOf(request), FIRST_FINDINGS);
    return runStoryJson(details);
  });

  scope.get('/runs/:id/findings', { onRequest }, async (request) => {
    const runId = profileIdOf(request);
    const options = readListOptions(request.query, FINDING_RULES);
    // One more than asked for tells whether there is a next page, which begins behind the last number of this one.
    const page = { afterNo: options.afterNumber, limit: options.limit + 1 };
    const findings = await listFindings(context.profiles, request.caller.tenantId, runId, page);
    const shown = findings.slice(0, options.limit);
    const last = shown.at(-1);
    const more = last !== undefined && findings.length > shown.length;
    const address = `${request.baseUrl}/api/v1/runs/${encodeURIComponent(runId)}/findings`;
    return {
      value: shown.map(findingJson),
      ...(more ? { '@odata.nextLink': nextLink(address, options, last.findingNo) } : {}),
    };
  });
}
