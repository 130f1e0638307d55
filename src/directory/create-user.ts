import { must } from '#lib/assert.ts';
import { insertUsers, type NewUser } from '#storage/directory/insert-users.ts';
import { findTakenName } from '#storage/directory/write-user.ts';
import { readObject } from '#storage/views/read-view.ts';
import type { View, ViewRow } from '#storage/views/view.ts';

import { editByHand, valueTaken, type DirectoryContext, type HandEditor } from './edit-by-hand.ts';

export type UserToCreate = Omit<NewUser, 'id' | 'initialPassword'> & { readonly password: string };

/**
 * Makes a person and their account by hand. No sync touches them unless a profile links them.
 * Throws OperationalError `Request_BadRequest` when the user name or the mail address is taken, in Graph's words.
 * @returns the row of the view.
 */
export async function createUser(
  context: DirectoryContext,
  editor: HandEditor,
  { password, ...user }: UserToCreate,
  view: View,
): Promise<ViewRow> {
  const id = context.system.newId();
  const initialPassword = context.secretBox.seal(Buffer.from(password, 'utf8'));
  return editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    const taken = await findTakenName(tx, { mail: user.mail ?? undefined }, id);
    if (taken !== undefined) throw valueTaken(taken);
    const inserted = await insertUsers(tx, [{ ...user, id, initialPassword }], changeSeq);
    if (inserted.length === 0) throw valueTaken('userPrincipalName');
    record({ kind: 'person', action: 'create', objectId: id, before: null, after: { ...user } });
    return must(await readObject(tx, view, id), 'a user that was made just now is missing');
  });
}
