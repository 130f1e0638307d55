import type { Tx } from '../database.ts';
import { inBand } from './item-band.ts';
import { lookUp } from './look-up.ts';

/** The source gives another value to a property that it had given a value before. Of an item `i`. */
const SOURCE_CHANGED = `exists (select from jsonb_each(i.after) n where i.before ? n.key and n.value is distinct from i.before -> n.key)`;

/**
 * Objects that were deleted by hand while their source went on stating them: active link, inactive object. When the source changes the
 * record they come back; when only the settings of the profile changed, they stay deleted. After the items know what the source said last.
 */
export async function resolveRemovedObjects(tx: Tx, runId: string): Promise<void> {
  for (const [table, first, last] of [
    ['org', 'org', 'org'],
    ['class', 'class', 'class'],
    ['person', 'student', 'teacher'],
  ] as const) {
    await tx.query(
      `update plan_item t set action = 'reactivate'
         from (select i.item_no from plan_item i
                cross join ${lookUp(table, 'o', 'o.tenant_id = i.tenant_id and o.id = i.object_id and not o.active')}
                where i.run_id = $1 and ${inBand('i', first, last)} and i.action = 'update' and ${SOURCE_CHANGED}) n
        where t.run_id = $1 and ${inBand('t', first, last)} and t.item_no = n.item_no`,
      [runId],
    );
  }
}
