import type { Verdict } from '#core/plan/verdict.ts';
import type { FindingCount } from '#core/findings.ts';

import type { Tx } from '../database.ts';

/** Throws away what an earlier attempt staged: it is derived again from the sealed upload. */
export async function discardStaged(tx: Tx, runId: string): Promise<void> {
  await tx.query('delete from plan_item_failure where run_id = $1', [runId]);
  await tx.query('delete from plan_item where run_id = $1', [runId]);
  await tx.query('delete from finding where run_id = $1', [runId]);
  await tx.query('delete from finding_count where run_id = $1', [runId]);
  await tx.query('delete from plan_item_hold where run_id = $1', [runId]);
  await tx.query('delete from plan_hold where run_id = $1', [runId]);
  await tx.query('delete from plan_count where run_id = $1', [runId]);
  await tx.query('delete from plan where run_id = $1', [runId]);
}

/** Stores the plan with its verdict. */
export async function savePlan(
  tx: Tx,
  plan: {
    runId: string;
    rosterHash: string;
    itemCount: number;
    /** By kind and action, over all schools. */
    counts: readonly unknown[];
    verdict: Verdict;
    /** The run whose plan was accepted last. */
    baseRunId: string | null;
    planHash: string;
  },
): Promise<void> {
  await tx.query(
    `insert into plan (tenant_id, run_id, roster_hash, item_count, counts, verdict, base_run_id, base_pass, plan_hash)
     values (current_tenant(), $1, $2, $3, $4, $5, $6, (select apply_pass from run where id = $6), $7)`,
    [
      plan.runId,
      plan.rosterHash,
      plan.itemCount,
      JSON.stringify(plan.counts),
      JSON.stringify(plan.verdict),
      plan.baseRunId,
      plan.planHash,
    ],
  );
}

/** The exact counts of all findings of a run. */
export async function saveFindingCounts(
  tx: Tx,
  runId: string,
  counts: readonly FindingCount[],
): Promise<void> {
  await tx.query(
    `insert into finding_count (tenant_id, run_id, file, code, field, severity, row_count)
     select current_tenant(), $1, r.file, r.code, r.field, r.severity, r."rowCount"
       from jsonb_to_recordset($2) as r(file text, code text, field text, severity text, "rowCount" integer)`,
    [runId, JSON.stringify(counts)],
  );
}

/** How many items of the run failed by themselves, and how many in all (with those that wait for another). */
export async function countFailures(tx: Tx, runId: string): Promise<{ own: number; all: number }> {
  const rows = await tx.query<{ own: number; all: number }>(
    `select count(*) filter (where because_of is null)::integer as own, count(*)::integer as all
       from plan_item_failure where run_id = $1`,
    [runId],
  );
  return rows[0] ?? { own: 0, all: 0 };
}

/** Items of the plan of a run. */
export async function readPlanSize(tx: Tx, runId: string): Promise<number> {
  const rows = await tx.query<{ item_count: number }>('select item_count from plan where run_id = $1', [
    runId,
  ]);
  return rows[0]?.item_count ?? 0;
}

/** No plan of the profile was accepted before this one, or none since a reset. */
export async function isFirstPlan(tx: Tx, runId: string): Promise<boolean> {
  const rows = await tx.query<{ first: boolean }>(
    'select base_run_id is null as first from plan where run_id = $1',
    [runId],
  );
  return rows[0]?.first ?? false;
}
