import { must } from '#lib/assert.ts';
import { SCHOOL_COLUMNS, type HandValues } from '#storage/directory/hand-columns.ts';
import { insertRow, updateRow } from '#storage/directory/write-row.ts';
import { readObject } from '#storage/views/read-view.ts';
import type { View, ViewRow } from '#storage/views/view.ts';

import { editByHand, type DirectoryContext, type HandEditor } from './edit-by-hand.ts';
import { changedOnly, type ObjectChange } from './object-change.ts';

/** Makes a school by hand. @returns its row of the view. */
export async function createSchool(
  context: DirectoryContext,
  editor: HandEditor,
  { values, view }: { values: HandValues; view: View },
): Promise<ViewRow> {
  const id = context.system.newId();
  return editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    await insertRow(tx, 'org', { id, columns: SCHOOL_COLUMNS, values, changeSeq });
    record({ kind: 'org', action: 'create', objectId: id, before: null, after: values });
    return must(await readObject(tx, view, id), 'a school that was made just now is missing');
  });
}

/** Changes what differs. @returns the row of the view; undefined: no such school. */
export async function updateSchool(
  context: DirectoryContext,
  editor: HandEditor,
  { id, view, read }: ObjectChange,
): Promise<ViewRow | undefined> {
  return editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    const current = await readObject(tx, view, id);
    if (current === undefined) return undefined;
    const values = read(current);
    if (Object.keys(values).length === 0) return current;
    const before = await updateRow(tx, 'org', { id, columns: SCHOOL_COLUMNS, values, changeSeq });
    record({ kind: 'org', action: 'update', objectId: id, ...changedOnly(before, values) });
    return readObject(tx, view, id);
  });
}
