import { asOwner, type Database } from '../database.ts';

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly timeZone: string;
  readonly createdAt: Date;
}

const COLUMNS = 'id, name, time_zone as "timeZone", created_at as "createdAt"';

/** All tenants, the oldest first. */
export async function listTenants(db: Database): Promise<Tenant[]> {
  return asOwner(db, (tx) => tx.query<Tenant>(`select ${COLUMNS} from tenant order by created_at, id`));
}

/** The tenant with that id; undefined when there is none. `id` must be a UUID. */
export async function findTenant(db: Database, id: string): Promise<Tenant | undefined> {
  const [tenant] = await asOwner(db, (tx) =>
    tx.query<Tenant>(`select ${COLUMNS} from tenant where id = $1`, [id]),
  );
  return tenant;
}
