import { isApplicationPermission } from '#core/permissions.ts';
import { ConflictError, InvalidRequestError } from '#lib/errors.ts';
import type { ApplicationRow } from '#storage/access/applications.ts';
import { findHolders } from '#storage/access/change-application.ts';
import type { Tx } from '#storage/database.ts';

/** Without one of these, nobody could make applications, or tenants, any more. */
const KEPT_PERMISSIONS = ['Rollbook.Tenant.Manage', 'Rollbook.System.Manage'];
/** The first administrator has it; nobody else gets it. */
const NEVER_GIVEN = 'Rollbook.System.Manage';

/** The name without spaces around it. Errors: InvalidRequestError. */
export function checkDisplayName(name: string): string {
  const displayName = name.trim();
  if (displayName === '' || displayName.length > 256)
    throw new InvalidRequestError('displayName has 1 to 256 characters.', 'displayName');
  return displayName;
}

/** Each once. `held`: what it has already, and may keep. Errors: InvalidRequestError. */
export function checkPermissions(names: readonly string[], held: readonly string[]): string[] {
  const permissions = [...new Set(names)];
  if (permissions.length === 0)
    throw new InvalidRequestError('permissions names at least one permission.', 'permissions');
  for (const name of permissions) {
    if (isApplicationPermission(name) && (name !== NEVER_GIVEN || held.includes(name))) continue;
    throw new InvalidRequestError(
      `permissions: "${name.slice(0, 64)}" is not a permission that an application can be given.`,
      'permissions',
    );
  }
  return permissions;
}

/** Asked under lockApplications, before one loses permissions or is revoked. Errors: ConflictError when it is the last that has what somebody has to have. */
export async function checkOthersRemain(
  tx: Tx,
  application: Pick<ApplicationRow, 'id' | 'permissions' | 'revokedAt'>,
  after: readonly string[],
): Promise<void> {
  for (const permission of KEPT_PERMISSIONS) {
    if (!application.permissions.includes(permission) || after.includes(permission)) continue;
    const holders = await findHolders(tx, permission);
    if (!holders.includes(application.id) || holders.length > 1) continue;
    throw new ConflictError(
      permission === NEVER_GIVEN
        ? `${application.id} is the only application that has ${permission}, which cannot be given to another. To shut others out, rotate its secret.`
        : `${application.id} is the last application of this tenant that has ${permission}: nobody could manage applications any more. Give the permission to another application first.`,
    );
  }
}
