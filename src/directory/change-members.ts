import { NotFoundError, OperationalError } from '#lib/errors.ts';
import type { Tx } from '#storage/database.ts';
import {
  addMembership,
  endMemberships,
  hasMembership,
  type HandMembership,
} from '#storage/directory/hand-memberships.ts';
import { classesView } from '#storage/views/classes-view.ts';
import { readObject } from '#storage/views/read-view.ts';
import { schoolsView } from '#storage/views/schools-view.ts';
import { usersView } from '#storage/views/users-view.ts';

import { editByHand, type DirectoryContext, type HandEditor } from './edit-by-hand.ts';

/** What somebody is added to or taken from: a navigation property of Graph. */
export interface MemberChange {
  readonly property: 'members' | 'teachers' | 'users';
  /** The class, or for `users` the school. */
  readonly ofId: string;
  readonly personId: string;
}

/**
 * Adds a person to a class, as a member or a teacher (who is a member, too), or to a school, in the person's primary role. Throws NotFoundError,
 * and OperationalError `Request_BadRequest` in Graph's words when the person is there already.
 */
export async function addMember(
  context: DirectoryContext,
  editor: HandEditor,
  change: MemberChange,
): Promise<void> {
  await editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    const primaryRole = await findEnds(tx, change);
    const place = placeOf(change);
    if (await hasMembership(tx, place)) throw alreadyThere(change.property);
    const role =
      change.property === 'users' ? primaryRole : change.property === 'teachers' ? 'teacher' : 'student';
    const action = await addMembership(tx, { ...place, role }, changeSeq);
    record({ ...entryOf(change), action, before: null, after: { role } });
  });
}

/** Takes a person from a class or school: as a teacher alone, or altogether. Throws NotFoundError when the person is not there. */
export async function removeMember(
  context: DirectoryContext,
  editor: HandEditor,
  change: MemberChange,
): Promise<void> {
  await editByHand(context, editor, async ({ tx, changeSeq, record }) => {
    await findEnds(tx, change);
    const roles = await endMemberships(tx, placeOf(change), changeSeq);
    if (roles.length === 0) throw notThere(change.personId);
    for (const role of roles) record({ ...entryOf(change), action: 'end', before: { role }, after: null });
  });
}

/** Both have to be there. @returns the person's primary role. */
async function findEnds(tx: Tx, { property, ofId, personId }: MemberChange): Promise<string> {
  const ofView = property === 'users' ? schoolsView('beta') : classesView('beta');
  if ((await readObject(tx, ofView, ofId, [])) === undefined) throw notThere(ofId);
  const person = await readObject(tx, usersView('beta'), personId, ['primaryRole']);
  if (person === undefined) throw notThere(personId);
  return String(person['primaryRole']);
}

function placeOf({ property, ofId, personId }: MemberChange): Omit<HandMembership, 'role'> & {
  role?: string;
} {
  if (property === 'users') return { table: 'role', ofId, personId };
  return { table: 'enrollment', ofId, personId, ...(property === 'teachers' ? { role: 'teacher' } : {}) };
}

function entryOf({ property, ofId, personId }: MemberChange): {
  kind: 'role' | 'enrollment';
  objectId: string;
  otherId: string;
} {
  return { kind: property === 'users' ? 'role' : 'enrollment', objectId: personId, otherId: ofId };
}

/** In Graph's words. */
export function alreadyThere(property: string): OperationalError {
  return new OperationalError(
    'Request_BadRequest',
    `One or more added object references already exist for the following modified properties: '${property}'.`,
  );
}

/** In Graph's words. */
export function notThere(id: string): NotFoundError {
  return new NotFoundError(
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}
