import type { System } from '#lib/system.ts';
import { NotFoundError } from '#lib/errors.ts';
import {
  appendApplicationEvent,
  listApplicationEvents as readEvents,
  type ApplicationEventRow,
} from '#storage/access/application-events.ts';
import {
  type ApplicationRow,
  findApplication,
  insertApplication,
  listApplications as readApplications,
} from '#storage/access/applications.ts';
import { listSecretEnds } from '#storage/access/change-application.ts';
import { type Database, inTenant } from '#storage/database.ts';
import { checkDisplayName, checkPermissions } from './application-rules.ts';
import { hashClientSecret, newClientSecret } from './client-secret.ts';

export interface ApplicationsContext {
  readonly db: Database;
  readonly system: System;
}

export interface NewApplication {
  readonly displayName: string;
  readonly permissions: readonly string[];
  /** Who asks: the id of an application, or a word for Rollbook itself. */
  readonly actor: string;
}

export interface CreatedApplication {
  readonly id: string;
  readonly displayName: string;
  readonly permissions: readonly string[];
  /** Shown this once; only its hash is kept. */
  readonly clientSecret: string;
}

/** An application, with when each of its valid secrets ends (the oldest first; null: not by itself). */
export interface ApplicationDetails extends ApplicationRow {
  readonly secretEnds: readonly (Date | null)[];
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
  const displayName = checkDisplayName(input.displayName);
  const permissions = checkPermissions(input.permissions, []);
  const { newId } = context.system;
  const id = newId();
  const clientSecret = newClientSecret(context.system);
  const secret = { id: newId(), secretHash: await hashClientSecret(context.system, clientSecret) };
  await inTenant(context.db, tenantId, async (tx) => {
    await insertApplication(tx, { id, displayName, permissions, secret });
    await appendApplicationEvent(tx, {
      applicationId: id,
      id: newId(),
      event: 'created',
      actor: input.actor,
      detail: { displayName, permissions },
    });
  });
  return { id, displayName, permissions, clientSecret };
}

export async function listApplications(
  context: ApplicationsContext,
  tenantId: string,
): Promise<ApplicationRow[]> {
  return inTenant(context.db, tenantId, readApplications, { readOnly: true });
}

/** Errors: NotFoundError. `id` is a UUID. */
export async function readApplication(
  context: ApplicationsContext,
  tenantId: string,
  id: string,
): Promise<ApplicationDetails> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => {
      const row = await findApplication(tx, id);
      if (row === undefined) throw applicationNotFound(id);
      return { ...row, secretEnds: await listSecretEnds(tx, id) };
    },
    { readOnly: true },
  );
}

/** What happened to it, the oldest first. Errors: NotFoundError. `id` is a UUID. */
export async function readApplicationEvents(
  context: ApplicationsContext,
  tenantId: string,
  id: string,
): Promise<ApplicationEventRow[]> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => {
      if ((await findApplication(tx, id)) === undefined) throw applicationNotFound(id);
      return readEvents(tx, id);
    },
    { readOnly: true },
  );
}

export function applicationNotFound(id: string): NotFoundError {
  return new NotFoundError(`There is no application ${id} in this tenant.`);
}
