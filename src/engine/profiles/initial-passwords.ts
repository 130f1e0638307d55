import { inTenant } from '#storage/database.ts';
import {
  markPasswordsHanded,
  readPasswordsForExport,
  type SealedPassword,
} from '#storage/directory/initial-passwords.ts';
import { appendProfileEvent } from '#storage/profiles/profile-event.ts';

import { mustFindProfile, mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';

export type InitialPassword = Omit<SealedPassword, 'accountId' | 'sealed'> & {
  readonly initialPassword: string;
};

export interface PasswordPage {
  /** For the next pages, and to confirm. */
  readonly exportId: string;
  readonly passwords: readonly InitialPassword[];
  /** Where the next page begins; null: this was the last. */
  readonly after: string | null;
}

export const PASSWORD_PAGE = 1_000;

/**
 * A page of the initial passwords that a profile's syncs gave and that were not handed out yet. They stay readable until the export is
 * confirmed, so a broken connection loses none. Errors: NotFoundError; SecretKeyMismatch.
 */
export async function readInitialPasswords(
  context: Pick<ProfileContext, 'db' | 'system' | 'secretBox'>,
  tenantId: string,
  profileId: string,
  from: { readonly exportId: string | null; readonly after: string | null },
): Promise<PasswordPage> {
  const exportId = from.exportId ?? context.system.newId();
  const rows = await inTenant(context.db, tenantId, async (tx) => {
    const { sourceSystemId } = await mustFindProfile(tx, profileId);
    return readPasswordsForExport(tx, {
      sourceSystemId,
      exportId,
      afterId: from.after,
      limit: PASSWORD_PAGE,
    });
  });
  return {
    exportId,
    passwords: rows.map(({ sealed, kind, sourceId, schoolId, displayName, userPrincipalName }) => ({
      kind,
      sourceId,
      schoolId,
      displayName,
      userPrincipalName,
      initialPassword: context.secretBox.open(sealed).toString(),
    })),
    after: rows.length < PASSWORD_PAGE ? null : (rows.at(-1)?.accountId ?? null),
  };
}

/** What was read under this export is handed out now, and shown to nobody again. @returns how many. Errors: NotFoundError. */
export async function confirmInitialPasswords(
  context: Pick<ProfileContext, 'db' | 'system'>,
  actor: Actor,
  profileId: string,
  exportId: string,
): Promise<number> {
  return inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    const count = await markPasswordsHanded(tx, profile.sourceSystemId, exportId);
    if (count > 0)
      await appendProfileEvent(tx, {
        profileId: profile.id,
        id: context.system.newId(),
        event: 'passwordsHandedOut',
        state: profile.state,
        actor: actor.applicationId,
        detail: { exportId, count },
      });
    return count;
  });
}
