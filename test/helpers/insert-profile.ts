import { realSystem } from '#lib/system.ts';
import { inTenant, type Database } from '#storage/database.ts';

/** A provisioned CSV profile with a source system of its own, for tests that need no more of it than that it is there. */
export async function insertProfile(db: Database, tenantId: string): Promise<string> {
  const id = realSystem.newId();
  await inTenant(db, tenantId, async (tx) => {
    await tx.query(`insert into source_system (tenant_id, id, name) values (current_tenant(), $1, 'test')`, [
      id,
    ]);
    await tx.query(
      `insert into profile (tenant_id, id, source_system_id, display_name, data_provider, identity_configuration, state)
       values (current_tenant(), $1, $1, 'test', '{}', '{}', 'provisioned')`,
      [id],
    );
  });
  return id;
}
