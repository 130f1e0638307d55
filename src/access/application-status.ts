import type { System } from '#lib/system.ts';
import { findApplication } from '#storage/access/applications.ts';
import { type Database, inTenant } from '#storage/database.ts';

/** Whether applications still may, and what: asked on every request, so remembered for a moment. */
export interface ApplicationStatus {
  /** Its permissions; undefined when it was revoked or never was. */
  permissionsOf(tenantId: string, applicationId: string): Promise<readonly string[] | undefined>;
  /** Forgets what is remembered, after a change. */
  forget(tenantId: string, applicationId: string): void;
}

/** So long, at most, a revoked application's tokens are still taken by other processes than the one that revoked it. */
const REMEMBER_MS = 5_000;
const MOST_ENTRIES = 10_000;

export function applicationStatus(context: {
  readonly db: Database;
  readonly system: Pick<System, 'now'>;
}): ApplicationStatus {
  const { db, system } = context;
  const entriesByKey = new Map<
    string,
    { readonly until: number; readonly permissions: Promise<readonly string[] | undefined> }
  >();
  const read = async (tenantId: string, applicationId: string): Promise<readonly string[] | undefined> => {
    const found = await inTenant(db, tenantId, (tx) => findApplication(tx, applicationId), {
      readOnly: true,
    });
    return found === undefined || found.revokedAt !== null ? undefined : found.permissions;
  };
  return {
    permissionsOf(tenantId, applicationId) {
      const key = `${tenantId}/${applicationId}`;
      const now = system.now().getTime();
      const entry = entriesByKey.get(key);
      if (entry !== undefined && entry.until > now) return entry.permissions;
      if (entriesByKey.size >= MOST_ENTRIES) entriesByKey.clear();
      const permissions = read(tenantId, applicationId);
      entriesByKey.set(key, { until: now + REMEMBER_MS, permissions });
      permissions.catch(() => entriesByKey.delete(key));
      return permissions;
    },
    forget(tenantId, applicationId) {
      entriesByKey.delete(`${tenantId}/${applicationId}`);
    },
  };
}
