import { DIRECTORY_TRIGGERS } from '#core/run/run-trigger.ts';

import type { Tx } from '../database.ts';
import { deleteRecordErrors } from '../profiles/record-errors.ts';
import { replaceRecordErrors } from './finish-run.ts';

/** Of a run: its plan is in the directory, or a part of it is. One that was replaced keeps the reason for which it waited. */
export const WENT_IN = (run: string): string =>
  `(${run}.state = 'completed' or ${run}.applied_item_no > 0 or ${run}.apply_pass > 1 or coalesce(${run}.error_code = 'PartHeld', false))`;

/**
 * A plan that waited had put the errors of its roster in place of those of the last one that went in. It did not go in, so they are back: those of
 * the newest run since the last reset that did.
 */
export async function restoreRecordErrors(tx: Tx, profileId: string): Promise<void> {
  const rows = await tx.query<{ id: string }>(
    `select b.id from run b join profile p on p.tenant_id = b.tenant_id and p.id = b.profile_id
      where b.profile_id = $1 and not b.plan_only and b.trigger <> all($2) and ${WENT_IN('b')}
        and (p.reset_at is null or b.created_at > p.reset_at)
      order by b.created_at desc, b.id desc limit 1`,
    [profileId, DIRECTORY_TRIGGERS],
  );
  const last = rows[0];
  if (last === undefined) await deleteRecordErrors(tx, profileId);
  else await replaceRecordErrors(tx, profileId, last.id);
}
