import type { System } from '#lib/system.ts';
import { findExternalClient } from '#storage/access/external-client.ts';
import { type Database, inTenant } from '#storage/database.ts';

type FoundClient = Awaited<ReturnType<typeof findExternalClient>>;

/** What the database knows of a tenant and a client of another issuer: asked on every request, so remembered for a moment. */
export interface ClientDirectory {
  /** Undefined: there is no such tenant. `clientId`: undefined when it is no UUID. */
  find(tenantId: string, clientId: string | undefined): Promise<FoundClient>;
}

const REMEMBER_MS = 30_000;
const MOST_ENTRIES = 10_000;
const NO_ID = '00000000-0000-0000-0000-000000000000';

export function clientDirectory(context: {
  readonly db: Database;
  readonly system: Pick<System, 'now'>;
}): ClientDirectory {
  const { db, system } = context;
  const entries = new Map<string, { readonly until: number; readonly found: Promise<FoundClient> }>();
  return {
    find(tenantId, clientId = NO_ID) {
      const key = `${tenantId} ${clientId}`;
      const now = system.now().getTime();
      const entry = entries.get(key);
      if (entry !== undefined && entry.until > now) return entry.found;
      if (entries.size >= MOST_ENTRIES) entries.clear();
      const found = inTenant(db, tenantId, (tx) => findExternalClient(tx, clientId), { readOnly: true });
      entries.set(key, { until: now + REMEMBER_MS, found });
      found.catch(() => entries.delete(key));
      return found;
    },
  };
}
