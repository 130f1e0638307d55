import { RECORD_CODES } from '#core/roster/record-codes.ts';

import { NO_ENTRY } from '../staged-item.ts';
import type { BoundColumn } from './bind-header.ts';
import type { RosterFile } from './roster-file.ts';
import {
  findField,
  isEmpty,
  lookUp,
  membershipKeys,
  messageOfDropped,
  messageOfMissing,
  type RosterState,
} from './roster-state.ts';

const { class: CLASS, teacher: TEACHER, teacherEnrollment: ENROLLMENT } = RECORD_CODES;
const FIRST = 'teacher1';

/**
 * The teachers of a section that stand in columns of its row, of whom the first is the primary one. A teacher who is not in the files is left out of the class, with a warning;
 * the section stays.
 */
export function readSectionTeachers(
  state: RosterState,
  file: RosterFile,
  id: BoundColumn,
): {
  /** Places the teachers of the row under way into the class of that number. */
  readonly place: (classIndex: number) => void;
  /** The row under way is dropped: whom it names is judged all the same. */
  readonly judge: () => void;
  /** The row is dropped: whom it names is not known to have left. */
  readonly spare: () => void;
} {
  const { hash, delta, classes, orgs, teachers, anchoredIds } = state;
  const members = file.header.columns.filter(({ part }) => part === 'member');
  if (members.length === 0) return { place: () => undefined, judge: () => undefined, spare: () => undefined };
  const target = { table: teachers, code: TEACHER, file: state.fileOf('teacher') };
  const contentOf = (isPrimary: boolean): Int32Array => {
    hash.beginPlainContent(ENROLLMENT);
    if (isPrimary) hash.addNumber(1);
    hash.endContent();
    return hash.content.slice();
  };
  const places = members.map((member) => ({
    member,
    content: contentOf(member.property === FIRST),
    after: JSON.stringify({
      role: 'teacher',
      ...(member.property === FIRST ? { isPrimary: 'true' } : {}),
    }),
    hashKey: membershipKeys(
      state,
      ENROLLMENT,
      { table: classes, code: CLASS, column: id },
      { table: teachers, code: TEACHER, column: member },
    ),
  }));

  /** @returns the number of the teacher whom the column names; -1: nobody who is there, which is reported. */
  const findTeacher = (member: BoundColumn): number => {
    const { row } = file;
    const teacher = findField(teachers, row, member);
    const reference = lookUp(state, target, teacher, row, member);
    if (reference === 'missing')
      file.report(
        'REFERENCE_NOT_FOUND',
        member,
        () => `${messageOfMissing(member, file.text(member), target.file)} The class is kept without.`,
        'warning',
      );
    if (reference === 'dropped')
      file.report('REFERENCE_DROPPED', member, messageOfDropped(member, target.file));
    return reference === 'present' ? teacher : -1;
  };
  const place = (classIndex: number): void => {
    const { row } = file;
    for (const { member, content, after, hashKey } of places) {
      if (isEmpty(row, member)) continue;
      const teacher = findTeacher(member);
      if (teacher === -1) {
        hashKey(row, classIndex, -1);
        delta.keep(hash.key);
        continue;
      }
      hashKey(row, classIndex, teacher);
      const sighting = delta.see(ENROLLMENT, hash.key, content);
      if (sighting === 'again' || sighting === 'same') continue;
      const schoolIndex = classes.parents[classIndex] as number;
      delta.emit(sighting, ENROLLMENT, delta.entry, {
        sourceId: `${anchoredIds?.get(classIndex) ?? file.text(id)}/${file.text(member)}`,
        schoolId: schoolIndex === NO_ENTRY ? null : orgs.text(schoolIndex),
        firstEntry: classes.entries[classIndex] as number,
        secondEntry: teachers.entries[teacher] as number,
        after,
        file: file.definition.name,
        line: row.line,
      });
    }
  };
  const judge = (): void => {
    for (const member of members) if (!isEmpty(file.row, member)) findTeacher(member);
  };
  return { place, judge, spare: () => void state.spared.add(ENROLLMENT) };
}
