import { ConflictError, InvalidRequestError } from '#lib/errors.ts';
import { appendApplicationEvent } from '#storage/access/application-events.ts';
import {
  type ApplicationRow,
  findApplication,
  revokeApplication as storeRevocation,
} from '#storage/access/applications.ts';
import {
  listSecretEnds,
  lockApplications,
  replaceSecret,
  updateApplication as storeUpdate,
} from '#storage/access/change-application.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { checkDisplayName, checkOthersRemain, checkPermissions } from './application-rules.ts';
import { applicationNotFound, type ApplicationsContext } from './applications.ts';
import { hashClientSecret, newClientSecret } from './client-secret.ts';

/** Which application, and who asks. Ids are UUIDs. */
export interface ApplicationTarget {
  readonly tenantId: string;
  readonly id: string;
  readonly actor: string;
}

export interface RotatedSecret {
  readonly application: ApplicationRow;
  /** Shown this once. */
  readonly clientSecret: string;
  /** When the secret before it ends; null: it has. */
  readonly previousEndsAt: Date | null;
}

export const DEFAULT_GRACE_HOURS = 24;
export const MAXIMUM_GRACE_HOURS = 90 * 24;
const MOST_VALID_SECRETS = 2;

/**
 * Changes name or permissions; permissions that went count no more, in tokens that are out either. Errors: NotFoundError; InvalidRequestError;
 * ConflictError when it is revoked, or the last that has what somebody has to have.
 */
export async function updateApplication(
  context: ApplicationsContext,
  target: ApplicationTarget,
  change: { readonly displayName?: string | undefined; readonly permissions?: readonly string[] | undefined },
): Promise<ApplicationRow> {
  return inTenant(context.db, target.tenantId, async (tx) => {
    await lockApplications(tx);
    const before = checkLive(target.id, await findApplication(tx, target.id));
    const permissions =
      change.permissions === undefined
        ? before.permissions
        : checkPermissions(change.permissions, before.permissions);
    await checkOthersRemain(tx, before, permissions);
    const displayName = checkDisplayName(change.displayName ?? before.displayName);
    const after = { displayName, permissions };
    const what = { displayName: before.displayName, permissions: before.permissions };
    if (JSON.stringify(what) === JSON.stringify(after)) return before;
    const row = await storeUpdate(tx, { id: target.id, ...after });
    await append(context, tx, target, 'updated', { before: what, after });
    return row ?? before;
  });
}

/**
 * A new secret beside the one in use, which ends after `graceHours`; 0: at once. Errors: NotFoundError; InvalidRequestError; ConflictError when it is
 * revoked, or when two are valid already and none is to end at once.
 */
export async function rotateSecret(
  context: ApplicationsContext,
  target: ApplicationTarget,
  graceHours: number,
): Promise<RotatedSecret> {
  if (!Number.isInteger(graceHours) || graceHours < 0 || graceHours > MAXIMUM_GRACE_HOURS)
    throw new InvalidRequestError(
      `graceHours is a whole number from 0 to ${MAXIMUM_GRACE_HOURS} (90 days).`,
      'graceHours',
    );
  const clientSecret = newClientSecret(context.system);
  const secretHash = await hashClientSecret(context.system, clientSecret);
  return inTenant(context.db, target.tenantId, async (tx) => {
    await lockApplications(tx);
    const application = checkLive(target.id, await findApplication(tx, target.id));
    const ends = await listSecretEnds(tx, target.id);
    if (graceHours > 0 && ends.length >= MOST_VALID_SECRETS) {
      const end = ends.find((one) => one !== null)?.toISOString() ?? '';
      throw new ConflictError(
        `Two secrets of this application are valid until ${end}, and there are never three. Wait until then, or end both at once with "immediately": true (--immediately).`,
      );
    }
    const previousEndsAt = await replaceSecret(tx, {
      applicationId: target.id,
      secret: { id: context.system.newId(), secretHash },
      graceHours,
    });
    await append(context, tx, target, 'secretRotated', { previousEndsAt });
    return { application, clientSecret, previousEndsAt };
  });
}

/** Its tokens stop too, on every process within seconds; again: nothing more. Errors: NotFoundError; ConflictError as updateApplication. */
export async function revokeApplication(
  context: ApplicationsContext,
  target: ApplicationTarget,
): Promise<ApplicationRow> {
  return inTenant(context.db, target.tenantId, async (tx) => {
    await lockApplications(tx);
    const before = await findApplication(tx, target.id);
    if (before === undefined) throw applicationNotFound(target.id);
    await checkOthersRemain(tx, before, []);
    const row = await storeRevocation(tx, target.id);
    if (before.revokedAt === null) await append(context, tx, target, 'revoked');
    return row ?? before;
  });
}

function checkLive(id: string, row: ApplicationRow | undefined): ApplicationRow {
  if (row === undefined) throw applicationNotFound(id);
  if (row.revokedAt !== null)
    throw new ConflictError(
      `The application ${id} was revoked at ${row.revokedAt.toISOString()}. That is final: create another one.`,
    );
  return row;
}

function append(
  context: ApplicationsContext,
  tx: Tx,
  target: ApplicationTarget,
  event: 'updated' | 'secretRotated' | 'revoked',
  detail?: unknown,
): Promise<void> {
  const { id: applicationId, actor } = target;
  return appendApplicationEvent(tx, { applicationId, id: context.system.newId(), event, actor, detail });
}
