import type { Tx } from '../database.ts';

/** Which of these objects belong to an upload that is not erased, over all tenants; run it as owner. */
export async function findKnownObjects(tx: Tx, objectNames: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ object_name: string }>(
    `select f.object_name from upload_file f join upload u on u.tenant_id = f.tenant_id and u.id = f.upload_id
      where u.state <> 'erased' and f.object_name = any ($1)
     union all select object_name from upload_block where object_name = any ($1)`,
    [objectNames],
  );
  return new Set(rows.map((row) => row.object_name));
}
