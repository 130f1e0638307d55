import type { FastifyInstance } from 'fastify';

import type { Catalogue } from '#core/query/catalogue.ts';
import { READ_PROFILES } from '#core/permissions.ts';
import { getRun, listFindings, listRuns } from '#engine/profiles/read-runs.ts';
import type { StoredFinding, StoredRun } from '#storage/runs/read-runs.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { nextLink, readListOptions, type ListRules } from '../graph/profiles/list-options.ts';
import { profileIdOf } from '../graph/profiles/profile-route.ts';

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
 * GET /api/v1/profiles/{id}/runs (the newest first), /api/v1/runs/{id} with the counts of its findings and the first of them,
 * and /api/v1/runs/{id}/findings, page by page.
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
    return {
      ...runJson(details.run),
      findingCounts: details.findingCounts,
      findings: details.firstFindings.map(findingJson),
    };
  });

  scope.get('/runs/:id/findings', { onRequest }, async (request) => {
    const runId = profileIdOf(request);
    const options = readListOptions(request.query, FINDING_RULES);
    // One more than asked for tells whether there is a next page, which begins behind the last number of this one.
    const page = { afterNo: options.offset, limit: options.limit + 1 };
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

function runJson(run: StoredRun): Record<string, unknown> {
  return {
    id: run.id,
    profileId: run.profileId,
    state: run.state,
    progress: run.progress,
    counts: run.counts,
    plan: run.itemCount === null ? null : { itemCount: run.itemCount, counts: run.planCounts },
    verdict: run.verdict,
    message: run.message,
    errorCode: run.errorCode,
    attempt: run.attempt,
    nextAttemptAt: run.nextAttemptAt,
    requestedBy: run.requestedBy,
    trigger: run.trigger,
    toleranceWaived: run.toleranceWaived,
    verdictAccepted: run.verdictAccepted,
    confirmedFiles: run.confirmedFiles,
    acceptedBy: run.acceptedBy,
    acceptedAt: run.acceptedAt,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    stagedAt: run.stagedAt,
    plannedAt: run.plannedAt,
    finishedAt: run.finishedAt,
  };
}

function findingJson(finding: StoredFinding): Record<string, unknown> {
  return { ...finding };
}
