import { must } from '#lib/assert.ts';
import type { Tx } from '#storage/database.ts';
import type { HandValues } from '#storage/directory/hand-columns.ts';
import {
  insertClass,
  isMailNicknameTaken,
  updateClass as writeClass,
} from '#storage/directory/write-class.ts';
import { readObject } from '#storage/views/read-view.ts';
import type { View, ViewRow } from '#storage/views/view.ts';

import { editByHand, valueTaken, type DirectoryContext, type HandEditor } from './edit-by-hand.ts';
import { changedOnly, type ObjectChange } from './object-change.ts';

/**
 * Makes a class by hand, in no school yet.
 * Throws OperationalError `Request_BadRequest` when the mail nickname is taken. @returns its row of the view.
 */
export async function createClass(
  context: DirectoryContext,
  editor: HandEditor,
  { values, view }: { values: HandValues; view: View },
): Promise<ViewRow> {
  const { newId } = context.system;
  const id = newId();
  return editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    await refuseTakenNickname(tx, values, id);
    await insertClass(tx, { id, values, changeSeq, newId });
    record({ kind: 'class', action: 'create', objectId: id, before: null, after: values });
    return must(await readObject(tx, view, id), 'a class that was made just now is missing');
  });
}

/** Changes what differs; course and term of this class alone. @returns the row of the view; undefined: no such class. */
export async function updateClass(
  context: DirectoryContext,
  editor: HandEditor,
  { id, view, read }: ObjectChange,
): Promise<ViewRow | undefined> {
  const { newId } = context.system;
  return editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    const current = await readObject(tx, view, id);
    if (current === undefined) return undefined;
    const values = read(current);
    if (Object.keys(values).length === 0) return current;
    await refuseTakenNickname(tx, values, id);
    const before = await writeClass(tx, { id, values, changeSeq, newId });
    record({ kind: 'class', action: 'update', objectId: id, ...changedOnly(before, values) });
    return readObject(tx, view, id);
  });
}

async function refuseTakenNickname(tx: Tx, { mailNickname }: HandValues, classId: string): Promise<void> {
  if (typeof mailNickname !== 'string') return;
  if (await isMailNicknameTaken(tx, mailNickname, classId)) throw valueTaken('mailNickname');
}
