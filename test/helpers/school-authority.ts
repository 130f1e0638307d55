import type { SmallRoster } from './small-roster.ts';

/** Pupils of each school; one is a village school of forty. */
const SIZES = [40, 62, 84, 118, 75, 96, 51] as const;
const CLASS_SIZE = 24;
/** Every pupil is in the homeroom and in two courses of the class. */
const COURSES = ['Homeroom', 'Mathematics', 'Language'] as const;

const GIVEN = ['Ada', 'Bela', 'Caro', 'Dario', 'Enna', 'Femi', 'Gala', 'Hugo', 'Ines', 'Jaro', 'Kira'];
const START = ['Al', 'Bren', 'Cor', 'Dal', 'Es', 'Fal', 'Gren'];
const END = ['mer', 'vik', 'ton', 'sen', 'dale', 'ley', 'wick', 'ford', 'holm', 'by', 'stad'];

/** Made up from a number: the same number gives the same name. */
function nameOf(n: number): { 'First Name': string; 'Last Name': string } {
  return {
    'First Name': GIVEN[n % GIVEN.length] ?? '',
    'Last Name': `${START[n % START.length] ?? ''}${END[Math.floor(n / 7) % END.length] ?? ''}`,
  };
}

/**
 * A small school authority: seven schools of 40 to 118 pupils, classes of 24 with a homeroom and two courses each, two teachers to every
 * course. Ids begin with `prefix`, so that authorities of one test file do not meet; schools are `<prefix>S1`, ...
 */
export function schoolAuthority(prefix: string): SmallRoster {
  const roster: SmallRoster = {
    school: [],
    section: [],
    student: [],
    teacher: [],
    studentenrollment: [],
    teacherroster: [],
  };
  let named = 0;
  for (const [index, pupils] of SIZES.entries()) {
    const school = `${prefix}S${index + 1}`;
    roster.school.push({ 'SIS ID': school, Name: `${START[index] ?? ''}field School` });
    const classes = Math.ceil(pupils / CLASS_SIZE);
    for (let t = 0; t <= classes; t++)
      roster.teacher.push({
        'SIS ID': `${school}T${t}`,
        'School SIS ID': school,
        ...nameOf(named++),
        Username: `${school}t${t}`.toLowerCase(),
        Password: 'Start#2026',
      });
    for (let c = 0; c < classes; c++)
      for (const [course, title] of COURSES.entries()) {
        const section = `${school}C${c}K${course}`;
        roster.section.push({
          'SIS ID': section,
          'School SIS ID': school,
          'Section Name': `${title} ${c + 1}`,
          'Term SIS ID': `${prefix}Y2026`,
          'Term Name': 'Year 2026',
          'Term StartDate': '2026-08-01',
          'Term EndDate': '2027-07-31',
          'Course SIS ID': `${prefix}K${course}`,
          'Course Name': title,
        });
        for (const t of [c, c + 1])
          roster.teacherroster.push({ 'Section SIS ID': section, 'SIS ID': `${school}T${t}` });
      }
    for (let p = 0; p < pupils; p++) {
      const student = `${school}P${p}`;
      const ownClass = Math.floor(p / CLASS_SIZE);
      roster.student.push({
        'SIS ID': student,
        'School SIS ID': school,
        ...nameOf(named++),
        Username: student.toLowerCase(),
        Password: 'Start#2026',
        Grade: String(1 + ownClass),
      });
      for (const course of COURSES.keys())
        roster.studentenrollment.push({
          'Section SIS ID': `${school}C${ownClass}K${course}`,
          'SIS ID': student,
        });
    }
  }
  return roster;
}
