import { NotFoundError } from '#lib/errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { type PlanHold, readHolds } from '#storage/plan/plan-holds.ts';
import {
  type CountLine,
  type ItemFilter,
  listPlanItems as selectItems,
  type ReadItem,
  readPlan,
  readPlanSchools,
  readPlanTotals,
  type SchoolCounts,
  type StoredPlan,
} from '#storage/plan/read-plan.ts';

import { isUuid, type ProfileContext } from './profile-context.ts';

type ReadContext = Pick<ProfileContext, 'db'>;
const READ_ONLY = { readOnly: true } as const;

export interface PlanDetails {
  readonly plan: StoredPlan;
  readonly totals: readonly CountLine[];
  readonly holds: readonly PlanHold[];
}

/** The plan of a run, counted, with what waits of it. Errors: NotFoundError. */
export async function getPlan(context: ReadContext, tenantId: string, runId: string): Promise<PlanDetails> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => {
      const plan = await mustReadPlan(tx, runId);
      return {
        plan,
        totals: await readPlanTotals(tx, plan.runId),
        holds: await readHolds(tx, plan.runId),
      };
    },
    READ_ONLY,
  );
}

/** A page of the plan counted by school. Errors: NotFoundError. */
export async function listPlanSchools(
  context: ReadContext,
  tenantId: string,
  runId: string,
  page: { readonly after: string | null; readonly limit: number },
): Promise<SchoolCounts[]> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => readPlanSchools(tx, (await mustReadPlan(tx, runId)).runId, page),
    READ_ONLY,
  );
}

/** A page of the items of a plan. Errors: NotFoundError. */
export async function listPlanItems(
  context: ReadContext,
  tenantId: string,
  runId: string,
  filter: ItemFilter,
  page: { readonly afterNo: number; readonly limit: number },
): Promise<ReadItem[]> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => selectItems(tx, (await mustReadPlan(tx, runId)).runId, filter, page),
    READ_ONLY,
  );
}

async function mustReadPlan(tx: Tx, runId: string): Promise<StoredPlan> {
  const plan = isUuid(runId) ? await readPlan(tx, runId) : null;
  if (plan === null)
    throw new NotFoundError(
      `There is no plan of a run '${runId.slice(0, 64)}': the run is not there, is not planned yet, or stopped before it had one.`,
    );
  return plan;
}
