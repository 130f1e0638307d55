import { InvalidRequestError } from '#lib/errors.ts';
import type { Tx } from '#storage/database.ts';
import { readSchoolOfClass, setSchoolOfClass } from '#storage/directory/school-of-class.ts';
import { classesView } from '#storage/views/classes-view.ts';
import { readObject } from '#storage/views/read-view.ts';
import { schoolsView } from '#storage/views/schools-view.ts';

import { alreadyThere, notThere } from './change-members.ts';
import { editByHand, type DirectoryContext, type HandEditor } from './edit-by-hand.ts';

export interface SchoolClassChange {
  readonly schoolId: string;
  readonly classId: string;
}

/** Puts a class that is in no school into one. Throws NotFoundError; OperationalError when it is in this one or another. */
export async function addClassToSchool(
  context: DirectoryContext,
  editor: HandEditor,
  change: SchoolClassChange,
): Promise<void> {
  const { schoolId, classId } = change;
  await editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    const there = await findSchool(tx, change);
    if (there === schoolId) throw alreadyThere('classes');
    if (there !== undefined) {
      throw new InvalidRequestError(
        `The class is in the school ${there}, and a class is in one school only. ` +
          `Remove it there first: DELETE /education/schools/${there}/classes/${classId}/$ref.`,
        '@odata.id',
      );
    }
    await setSchoolOfClass(tx, { classId, schoolId, changeSeq });
    record({
      kind: 'class',
      action: 'update',
      objectId: classId,
      before: { school: null },
      after: { school: schoolId },
    });
  });
}

/** Takes a class out of its school. Throws NotFoundError when it is not in it. */
export async function removeClassFromSchool(
  context: DirectoryContext,
  editor: HandEditor,
  change: SchoolClassChange,
): Promise<void> {
  const { schoolId, classId } = change;
  await editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    if ((await findSchool(tx, change)) !== schoolId) throw notThere(classId);
    await setSchoolOfClass(tx, { classId, schoolId: null, changeSeq });
    record({
      kind: 'class',
      action: 'update',
      objectId: classId,
      before: { school: schoolId },
      after: { school: null },
    });
  });
}

/** The school that the class is in; a deleted one is none. */
async function findSchool(tx: Tx, { schoolId, classId }: SchoolClassChange): Promise<string | undefined> {
  if ((await readObject(tx, schoolsView('beta'), schoolId, [])) === undefined) throw notThere(schoolId);
  if ((await readObject(tx, classesView('beta'), classId, [])) === undefined) throw notThere(classId);
  return readSchoolOfClass(tx, classId);
}
