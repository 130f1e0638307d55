import type { Tx } from '#storage/database.ts';
import { removeClass, removePerson, removeSchool } from '#storage/directory/remove-object.ts';
import { classesView } from '#storage/views/classes-view.ts';
import { readObject } from '#storage/views/read-view.ts';
import { schoolsView } from '#storage/views/schools-view.ts';
import { usersView } from '#storage/views/users-view.ts';
import type { View } from '#storage/views/view.ts';

import { editByHand, type DirectoryContext, type HandEditor } from './edit-by-hand.ts';

interface Removal {
  readonly view: View;
  remove(this: void, tx: Tx, id: string, changeSeq: number): Promise<void>;
}

const REMOVALS: Readonly<Record<'org' | 'class' | 'person', Removal>> = {
  org: { view: schoolsView('beta'), remove: removeSchool },
  class: { view: classesView('beta'), remove: removeClass },
  person: { view: usersView('beta'), remove: removePerson },
};

/**
 * Deletes a school, class or user by hand: it becomes inactive, keeps its id, and its memberships end. A sync brings it back, with
 * them, when its source changes the record or has it again after it was gone. @returns false: no such object.
 */
export async function removeObject(
  context: DirectoryContext,
  editor: HandEditor,
  { kind, id }: { kind: keyof typeof REMOVALS; id: string },
): Promise<boolean> {
  const { view, remove } = REMOVALS[kind];
  return editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    const current = await readObject(tx, view, id);
    if (current === undefined) return false;
    await remove(tx, id, changeSeq);
    const { '@id': _id, ...before } = current;
    record({ kind, action: 'deactivate', objectId: id, before, after: null });
    return true;
  });
}
