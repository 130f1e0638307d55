import type { HandValues } from '#storage/directory/hand-columns.ts';
import { findTakenName, updateUser as writeUser } from '#storage/directory/write-user.ts';
import { readObject } from '#storage/views/read-view.ts';
import type { ViewRow } from '#storage/views/view.ts';

import { editByHand, valueTaken, type DirectoryContext, type HandEditor } from './edit-by-hand.ts';
import { changedOnly, type ObjectChange } from './object-change.ts';

/**
 * Changes what differs of a person and their account, and the initial password when one is given: it is kept sealed, and the history holds
 * that it was changed, never what it is. Throws OperationalError `Request_BadRequest` when the user name or the mail address is taken.
 * @returns the row of the view; undefined: no such user.
 */
export async function updateUser(
  context: DirectoryContext,
  editor: HandEditor,
  change: ObjectChange & { readonly password?: string | undefined },
): Promise<ViewRow | undefined> {
  const { id, view, read, password } = change;
  return editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    const current = await readObject(tx, view, id);
    if (current === undefined) return undefined;
    const values = read(current);
    if (Object.keys(values).length === 0 && password === undefined) return current;
    const taken = await findTakenName(tx, namesOf(values), id);
    if (taken !== undefined) throw valueTaken(taken);
    const initialPassword =
      password === undefined ? undefined : context.secretBox.seal(Buffer.from(password, 'utf8'));
    const changed = changedOnly(await writeUser(tx, { id, values, initialPassword, changeSeq }), values);
    if (password !== undefined) {
      changed.before['passwordProfile'] = null;
      changed.after['passwordProfile'] = null;
    }
    record({ kind: 'person', action: 'update', objectId: id, ...changed });
    return readObject(tx, view, id);
  });
}

function namesOf({ userPrincipalName, mail }: HandValues): { userPrincipalName?: string; mail?: string } {
  return {
    ...(typeof userPrincipalName === 'string' ? { userPrincipalName } : {}),
    ...(typeof mail === 'string' ? { mail } : {}),
  };
}
