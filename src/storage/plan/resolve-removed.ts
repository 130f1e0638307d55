import type { Tx } from '../database.ts';

/** The source gives another value to a property that it had given a value before. Of an item `i`. */
const SOURCE_CHANGED = `exists (select from jsonb_each(i.after) n where i.before ? n.key and n.value is distinct from i.before -> n.key)`;

/**
 * Objects that were deleted by hand while their source went on stating them: active link, inactive object. When the source changes the
 * record they come back; when only the settings of the profile changed, they stay deleted. After the items know what the source said last.
 */
export async function resolveRemovedObjects(tx: Tx, runId: string): Promise<void> {
  for (const [table, kinds] of [
    ['org', `'org'`],
    ['class', `'class'`],
    ['person', `'student', 'teacher'`],
  ] as const) {
    await tx.query(
      `update plan_item i set action = 'reactivate' from ${table} o
        where i.run_id = $1 and i.kind in (${kinds}) and i.action = 'update' and o.id = i.object_id and not o.active
          and ${SOURCE_CHANGED}`,
      [runId],
    );
  }
}
