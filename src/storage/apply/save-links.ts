import type { Tx } from '../database.ts';
import { ITEMS, type ItemRange } from './item-range.ts';

/** Every applied record of a linked kind has its link, with what the source said and its content hash. */
export async function saveLinks(tx: Tx, range: ItemRange): Promise<void> {
  await tx.query(
    `with ${ITEMS}
     insert into link as l (tenant_id, source_system_id, kind, source_id, key, content, object_id, attributes, first_run_id, last_run_id)
     select current_tenant(), $4, kind, source_id, key, content, object_id, after, run_id, run_id from item
     on conflict (tenant_id, source_system_id, kind, source_id) do update
        set content = excluded.content, attributes = excluded.attributes, object_id = excluded.object_id,
            active = true, last_run_id = excluded.last_run_id`,
    [range.runId, range.firstItemNo, range.lastItemNo, range.sourceSystemId],
  );
}
