import {
  readContacts,
  replaceContacts as writeContacts,
  type HandContact,
} from '#storage/directory/replace-contacts.ts';
import { readObject } from '#storage/views/read-view.ts';
import type { View, ViewRow } from '#storage/views/view.ts';

import { editByHand, type DirectoryContext, type HandEditor } from './edit-by-hand.ts';

/** A contact as it was sent: without an id, or with that of one the person has. */
export type SentContact = Omit<HandContact, 'id'> & { readonly id?: string | undefined };

/**
 * Gives a person these contacts and no others. One with the id of a contact that is there changes it; the rest are new.
 * @returns the row of the view; undefined: no such user.
 */
export async function replaceContacts(
  context: DirectoryContext,
  editor: HandEditor,
  { id, view, contacts }: { id: string; view: View; contacts: readonly SentContact[] },
): Promise<ViewRow | undefined> {
  return editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    const current = await readObject(tx, view, id);
    if (current === undefined) return undefined;
    const before = await readContacts(tx, id);
    const free = new Set(before.map((contact) => contact.id));
    const after = contacts.map(({ id: sentId, ...contact }) => {
      const known = sentId?.toLowerCase() ?? '';
      return { ...contact, id: free.delete(known) ? known : context.system.newId() };
    });
    await writeContacts(tx, id, after, changeSeq);
    const changed = { before: { relatedContacts: before }, after: { relatedContacts: after } };
    record({ kind: 'person', action: 'update', objectId: id, ...changed });
    return readObject(tx, view, id);
  });
}
