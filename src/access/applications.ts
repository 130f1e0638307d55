import { isApplicationPermission } from '#core/permissions.ts';
import { InvalidRequestError, NotFoundError } from '#lib/errors.ts';
import type { System } from '#lib/system.ts';
import {
  insertApplication,
  listApplications as readApplications,
  revokeApplication as storeRevocation,
  type ApplicationRow,
} from '#storage/access/applications.ts';
import { type Database, inTenant } from '#storage/database.ts';
import { hashClientSecret, newClientSecret } from './client-secret.ts';

export interface ApplicationsContext {
  readonly db: Database;
  readonly system: System;
}

export interface NewApplication {
  readonly displayName: string;
  readonly permissions: readonly string[];
}

export interface CreatedApplication {
  readonly id: string;
  readonly displayName: string;
  readonly permissions: readonly string[];
  /** Shown this once; only its hash is kept. */
  readonly clientSecret: string;
}

/**
 * Makes an application of the tenant. Errors: InvalidRequestError for an empty name and for permissions that are unknown or
 * cannot be given (Rollbook.System.Manage is the first administrator's alone).
 */
export async function createApplication(
  context: ApplicationsContext,
  tenantId: string,
  input: NewApplication,
): Promise<CreatedApplication> {
  const displayName = input.displayName.trim();
  if (displayName === '' || displayName.length > 256)
    throw new InvalidRequestError('displayName has 1 to 256 characters.', 'displayName');
  const permissions = [...new Set(input.permissions)];
  if (permissions.length === 0)
    throw new InvalidRequestError('permissions names at least one permission.', 'permissions');
  for (const permission of permissions) {
    if (!isApplicationPermission(permission) || permission === 'Rollbook.System.Manage')
      throw new InvalidRequestError(
        `permissions: "${permission.slice(0, 64)}" is not a permission that an application can be given.`,
        'permissions',
      );
  }
  const id = context.system.newId();
  const clientSecret = newClientSecret(context.system);
  const secret = {
    id: context.system.newId(),
    secretHash: await hashClientSecret(context.system, clientSecret),
  };
  await inTenant(context.db, tenantId, (tx) =>
    insertApplication(tx, { id, displayName, permissions, secret }),
  );
  return { id, displayName, permissions, clientSecret };
}

export async function listApplications(
  context: ApplicationsContext,
  tenantId: string,
): Promise<ApplicationRow[]> {
  return inTenant(context.db, tenantId, readApplications, { readOnly: true });
}

/** Its tokens stop too, on every process within seconds. Errors: NotFoundError. `id` is a UUID. */
export async function revokeApplication(
  context: ApplicationsContext,
  tenantId: string,
  id: string,
): Promise<ApplicationRow> {
  const row = await inTenant(context.db, tenantId, (tx) => storeRevocation(tx, id));
  if (row === undefined) throw new NotFoundError(`There is no application ${id} in this tenant.`);
  return row;
}
