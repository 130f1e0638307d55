import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import { NO_ENTRY } from '../staged-item.ts';
import type { BoundColumn } from './bind-header.ts';
import type { RosterFile } from './roster-file.ts';
import {
  findField,
  isEmpty,
  lookUp,
  messageOfDropped,
  membershipKeys,
  messageOfMissing,
  type Reference,
  type RosterState,
  type RowReader,
  spareFile,
} from './roster-state.ts';

/** studentenrollment.csv or teacherroster.csv: a row is a person's place in a class. The key says it all. */
export function readEnrollments(
  state: RosterState,
  file: RosterFile,
  role: 'student' | 'teacher',
): RowReader {
  const { hash, delta, classes, orgs } = state;
  const people = role === 'student' ? state.students : state.teachers;
  const ENROLLMENT = RECORD_CODES[role === 'student' ? 'studentEnrollment' : 'teacherEnrollment'];
  const section = must(file.column('section', 'reference'));
  const person = must(file.column('person', 'reference'));
  const after = JSON.stringify({ role });
  const toSection = { table: classes, code: RECORD_CODES.class, file: state.fileOf('class') };
  const toPerson = {
    table: people,
    code: RECORD_CODES[role],
    file: state.fileOf(role),
  };
  hash.beginPlainContent(ENROLLMENT);
  hash.endContent();
  const content = hash.content.slice();

  const hashKey = membershipKeys(
    state,
    ENROLLMENT,
    { table: classes, code: RECORD_CODES.class, column: section },
    { table: people, code: RECORD_CODES[role], column: person },
  );
  const keep = (): boolean => {
    hashKey(file.row, -1, -1);
    return delta.keep(hash.key);
  };
  const reportReference = (
    reference: Reference,
    column: BoundColumn,
    target: typeof toSection | typeof toPerson,
  ): void => {
    if (reference === 'missing')
      file.fail('REFERENCE_NOT_FOUND', column, () =>
        messageOfMissing(column, file.text(column), target.file),
      );
    if (reference === 'dropped')
      file.report('REFERENCE_DROPPED', column, messageOfDropped(column, target.file));
  };

  return {
    salvage: (row) => !isEmpty(row, section) && !isEmpty(row, person) && keep(),
    take(row) {
      file.checkValues();
      if (file.bad) {
        if (isEmpty(row, section) || isEmpty(row, person)) spareFile(state, file);
        else keep();
        return;
      }
      const classIndex = findField(classes, row, section);
      const personIndex = findField(people, row, person);
      const ofSection = lookUp(state, toSection, classIndex, row, section);
      const ofPerson = lookUp(state, toPerson, personIndex, row, person);
      if (ofSection !== 'present' || ofPerson !== 'present') {
        reportReference(ofSection, section, toSection);
        reportReference(ofPerson, person, toPerson);
        keep();
        return;
      }
      hashKey(row, classIndex, personIndex);
      const sighting = delta.see(ENROLLMENT, hash.key, content);
      if (sighting === 'again') {
        file.report('ROW_DUPLICATE', undefined, 'The row is there twice; the second one is ignored.');
        return;
      }
      if (sighting === 'same') return;
      const schoolIndex = classes.parents[classIndex] as number;
      delta.emit(sighting, ENROLLMENT, delta.entry, {
        sourceId: `${file.text(section)}/${file.text(person)}`,
        schoolId: schoolIndex === NO_ENTRY ? null : orgs.text(schoolIndex),
        firstEntry: classes.entries[classIndex] as number,
        secondEntry: people.entries[personIndex] as number,
        after,
        file: file.definition.name,
        line: row.line,
      });
    },
  };
}
