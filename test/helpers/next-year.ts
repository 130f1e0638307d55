import { makeExamples } from '../../scripts/make-examples.ts';
import { rowsOf } from './other-formats.ts';
import { copyOf, type Row, type SmallRoster } from './small-roster.ts';

/** The roster of examples/contoso (SDS V1): 3 schools with 8 classes of 20 students each, half of the students of the school. */
export function contosoRoster(): SmallRoster {
  const { contoso } = makeExamples();
  return Object.fromEntries(
    Object.entries(contoso).map(([name, text]) => [name.toLowerCase().replace('.csv', ''), rowsOf(text)]),
  ) as unknown as SmallRoster;
}

const NEXT_TERM = {
  'Term SIS ID': 'Y2027',
  'Term Name': 'School year 2027/28',
  'Term StartDate': '2027-08-16',
  'Term EndDate': '2028-06-09',
};

/** The same ids of sections, in the next term, with the other half of the students. `classes`: those of which it is so; all others stay. */
export function nextYear(roster: SmallRoster, classes: (id: string) => boolean = () => true): SmallRoster {
  const next = inNextTerm(roster, classes);
  const places = next.studentenrollment.splice(0);
  const isIn = new Set(places.map((row) => `${row['Section SIS ID']} ${row['SIS ID']}`));
  for (const section of next.section) {
    const id = String(section['SIS ID']);
    const students = next.student.filter((row) => row['School SIS ID'] === section['School SIS ID']);
    for (const { 'SIS ID': student = '' } of students)
      if (isIn.has(`${id} ${student}`) !== classes(id))
        next.studentenrollment.push({ 'Section SIS ID': id, 'SIS ID': student });
  }
  return next;
}

/** Classes go on in the next term, with everybody. */
export function inNextTerm(
  roster: SmallRoster,
  classes: (id: string) => boolean = () => true,
  term: Row = NEXT_TERM,
): SmallRoster {
  const next = copyOf(roster);
  for (const section of next.section) if (classes(String(section['SIS ID']))) Object.assign(section, term);
  return next;
}
