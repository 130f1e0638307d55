import { OperationalError } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import { inTenant, type Database } from '#storage/database.ts';
import { insertUsers, type NewUser } from '#storage/directory/insert-users.ts';
import { nextChangeSeq } from '#storage/directory/next-change-seq.ts';

export interface DirectoryContext {
  readonly db: Database;
  readonly system: Pick<System, 'newId'>;
  readonly secretBox: Pick<SecretBox, 'seal'>;
}

export type UserToCreate = Omit<NewUser, 'id' | 'initialPassword'> & { readonly password: string };

/**
 * Makes a person and their account by hand, in one transaction. No sync touches them unless a profile links them.
 * Throws OperationalError `Request_BadRequest` when the user name is taken, in Graph's words.
 * @returns the id.
 */
export async function createUser(
  context: DirectoryContext,
  tenantId: string,
  { password, ...user }: UserToCreate,
): Promise<string> {
  const id = context.system.newId();
  const initialPassword = context.secretBox.seal(Buffer.from(password, 'utf8'));
  await inTenant(context.db, tenantId, async (tx) => {
    const inserted = await insertUsers(tx, [{ ...user, id, initialPassword }], await nextChangeSeq(tx));
    if (inserted.length === 0) throw userNameTaken();
  });
  return id;
}

function userNameTaken(): OperationalError {
  return new OperationalError(
    'Request_BadRequest',
    'Another object with the same value for property userPrincipalName already exists.',
  );
}
