import type { VerdictReason } from '#core/plan/verdict-reason.ts';

import type { Tx } from '../database.ts';
import { inEndings } from './item-band.ts';
import { joinByHash } from './join-by-hash.ts';
import { recountHeld } from './plan-holds.ts';
import type { PlanScope } from './resolve-links.ts';
import { WAITS_FOR_HELD } from './waits-for-held.ts';

/** What of a plan waits while the rest is applied. A plan that waits as a whole needs none of this. */
export interface PartsToHold {
  /** Why, by source id of the school. */
  readonly schools: ReadonlyMap<string, readonly VerdictReason[]>;
  /** Why the endings of a file wait, by file. */
  readonly files: ReadonlyMap<string, VerdictReason>;
  /** An adds-only window: endings wait for its end, without a question. */
  readonly addsOnly: boolean;
}

/**
 * Sets items aside, so that apply leaves them out: those of the schools, what hangs on records that these would create, the endings of the
 * files. Who would be let in by a held school is not put out elsewhere meanwhile: nobody is left without a place.
 */
export async function holdItems(tx: Tx, scope: PlanScope, parts: PartsToHold): Promise<void> {
  const { runId, sourceSystemId } = scope;
  await joinByHash(tx);
  if (parts.schools.size > 0) {
    await tx.query(
      `insert into plan_item_hold (tenant_id, run_id, item_no, scope, scope_id)
       select current_tenant(), run_id, item_no, 'school', school_id from plan_item where run_id = $1 and school_id = any($2)`,
      [runId, [...parts.schools.keys()]],
    );
    for (const waiting of WAITS_FOR_HELD)
      await tx.query(
        `insert into plan_item_hold (tenant_id, run_id, item_no, scope, scope_id)
         select current_tenant(), $1, n.item_no, 'school', n.scope_id from (${waiting}) n
         on conflict do nothing`,
        [runId, sourceSystemId],
      );
  }
  const endings = `insert into plan_item_hold (tenant_id, run_id, item_no, scope, scope_id)
    select current_tenant(), run_id, item_no`;
  if (parts.files.size > 0)
    await tx.query(
      `${endings}, 'absence', file from plan_item where run_id = $1 and ${inEndings('plan_item')} and file = any($2)
       on conflict do nothing`,
      [runId, [...parts.files.keys()]],
    );
  if (parts.addsOnly)
    await tx.query(
      `${endings}, 'addsOnly', '' from plan_item where run_id = $1 and ${inEndings('plan_item')} on conflict do nothing`,
      [runId],
    );
  await recordHolds(tx, runId, parts);
}

/** One row for each part, with its reasons and the number of its items; and how many of each count are held. */
async function recordHolds(tx: Tx, runId: string, parts: PartsToHold): Promise<void> {
  const reasons = [
    ...[...parts.schools].map(([school, why]) => ({ scope: 'school', id: school, why })),
    ...[...parts.files].map(([file, why]) => ({ scope: 'absence', id: file, why: [why] })),
    ...(parts.addsOnly ? [{ scope: 'addsOnly', id: '', why: [] }] : []),
  ];
  await tx.query(
    `insert into plan_hold (tenant_id, run_id, scope, scope_id, reasons, item_count)
     select current_tenant(), $1, r.scope, r.id, r.why, n.items
       from jsonb_to_recordset($2) as r(scope text, id text, why jsonb)
       join (select scope, scope_id, count(*)::integer as items from plan_item_hold where run_id = $1 group by 1, 2) n
         on n.scope = r.scope and n.scope_id = r.id`,
    [runId, JSON.stringify(reasons)],
  );
  await recountHeld(tx, runId);
}
