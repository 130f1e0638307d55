import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

import { READ_PROFILES, WRITE_PROFILES } from '#core/permissions.ts';
import { decidePlan } from '#engine/profiles/decide-plan.ts';
import { planProfile } from '#engine/profiles/plan-profile.ts';
import { getPlan, listPlanItems, listPlanSchools, type PlanDetails } from '#engine/profiles/read-plans.ts';
import { getRun } from '#engine/profiles/read-runs.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { nextPage, readPage, type PageQuery } from './page-query.ts';
import { actorOf, profileIdOf } from '../graph/profiles/profile-route.ts';
import { itemFilterSchema } from './plan-item-filter.ts';
import { itemJson } from './plan-item-json.ts';
import { registerPlanDownload } from './plan-download.ts';
import { runJson } from './run-json.ts';

const SCHOOLS = { pageSize: 200, largest: 1_000 };
const ITEMS = { pageSize: 200, largest: 1_000 };

const text = z.string().min(1).max(256);

export const decisionBody = z
  .strictObject({
    note: z.string().max(2_000).nullish(),
    planHash: text.nullish(),
    schools: z.array(text).min(1).max(1_000).nullish(),
  })
  .nullish();

/**
 * POST /api/v1/profiles/{id}/plan: a preview; GET /api/v1/runs/{id}/plan, its schools and items, page by page and as a download; POST
 * /api/v1/runs/{id}/approve and /reject.
 */
export function registerPlans(scope: FastifyInstance, context: HttpContext): void {
  const mayRead = { onRequest: requirePermission(context, READ_PROFILES) };
  const mayWrite = { onRequest: requirePermission(context, WRITE_PROFILES) };
  const { profiles } = context;

  scope.post('/profiles/:id/plan', mayWrite, async (request, reply) => {
    z.strictObject({}).nullish().parse(request.body);
    const runId = await planProfile(profiles, actorOf(request), profileIdOf(request));
    const { run } = await getRun(profiles, request.caller.tenantId, runId, 0);
    return reply.code(202).header('location', `${request.baseUrl}/api/v1/runs/${runId}`).send(runJson(run));
  });

  scope.get('/runs/:id/plan', mayRead, async (request) => {
    const { tenantId } = request.caller;
    const details = await getPlan(profiles, tenantId, profileIdOf(request));
    const { runId } = details.plan;
    const schools = await listPlanSchools(profiles, tenantId, runId, {
      after: null,
      limit: SCHOOLS.pageSize + 1,
    });
    const address = `${request.baseUrl}/api/v1/runs/${runId}/plan/schools`;
    return {
      ...planJson(details),
      schools: nextPage(schools, defaultPage(SCHOOLS), address, ({ school }) => school),
    };
  });

  scope.get('/runs/:id/plan/schools', mayRead, async (request) => {
    const { page } = readPage(request.query, SCHOOLS, z.strictObject({}));
    const after = page.after === undefined ? null : page.after;
    const runId = profileIdOf(request);
    const schools = await listPlanSchools(profiles, request.caller.tenantId, runId, {
      after,
      limit: page.limit + 1,
    });
    const address = `${request.baseUrl}/api/v1/runs/${encodeURIComponent(runId)}/plan/schools`;
    return nextPage(schools, page, address, ({ school }) => school);
  });

  scope.get('/runs/:id/plan/items', mayRead, async (request) => {
    const { page, filter } = readPage(request.query, ITEMS, itemFilterSchema);
    const runId = profileIdOf(request);
    const items = await listPlanItems(profiles, request.caller.tenantId, runId, filter, {
      afterNo: page.afterNumber,
      limit: page.limit + 1,
    });
    const address = `${request.baseUrl}/api/v1/runs/${encodeURIComponent(runId)}/plan/items`;
    const { value, ...rest } = nextPage(items, page, address, ({ itemNo }) => String(itemNo));
    return { value: value.map(itemJson), ...rest };
  });
  registerPlanDownload(scope, context, mayRead);

  for (const [action, decision] of [
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ] as const) {
    scope.post(`/runs/:id/${action}`, mayWrite, async (request) => {
      const body = decisionBody.parse(request.body);
      const runId = profileIdOf(request);
      await decidePlan(profiles, actorOf(request), runId, { ...body, decision });
      const { run } = await getRun(profiles, request.caller.tenantId, runId, 0);
      return runJson(run);
    });
  }
}

function defaultPage({ pageSize }: { pageSize: number }): PageQuery {
  return { limit: pageSize, after: undefined, afterNumber: 0, repeated: [] };
}

function planJson({ plan, totals, holds }: PlanDetails): Record<string, unknown> {
  return {
    runId: plan.runId,
    profileId: plan.profileId,
    state: plan.state,
    planOnly: plan.planOnly,
    errorCode: plan.errorCode,
    stale: plan.stale,
    planHash: plan.planHash,
    rosterHash: plan.rosterHash,
    itemCount: plan.itemCount,
    createdAt: plan.createdAt,
    acceptedBy: plan.acceptedBy,
    acceptedAt: plan.acceptedAt,
    verdict: plan.verdict,
    certificate: plan.certificate,
    counts: totals,
    holds,
  };
}
