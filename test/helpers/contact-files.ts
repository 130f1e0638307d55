import { rowsOf, toCleverFormat } from './other-formats.ts';

type Files = Readonly<Record<string, string>>;

/** A contact of a student as a source has it; the name is a given name and a surname. */
export interface Contact {
  readonly student: string;
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  readonly relationship: string;
}

const csv = (lines: readonly (readonly string[])[]): string =>
  lines
    .map((fields) => `${fields.map((field) => (/[",]/u.test(field) ? `"${field}"` : field)).join(',')}\r\n`)
    .join('');

/** A roster of SDS V1 with the two files of contacts. */
export function withV1Contacts(files: Files, contacts: readonly Contact[]): Record<string, string> {
  const people = new Map(contacts.filter(({ email }) => email !== '').map((one) => [one.email, one]));
  return {
    ...files,
    'User.csv': csv([
      ['Email', 'First Name', 'Last Name', 'Phone', 'SIS ID'],
      ...Array.from(people.values(), ({ email, name, phone }) => [email, ...name.split(' '), phone, '']),
    ]),
    'GuardianRelationship.csv': csv([
      ['SIS ID', 'Email', 'Role'],
      ...contacts.map(({ student, email, relationship }) => [student, email, relationship]),
    ]),
  };
}

/** The same as Clever has it: a row of the student for each contact, those of one student apart. */
export function withCleverContacts(files: Files, contacts: readonly Contact[]): Record<string, string> {
  const clever = toCleverFormat(files);
  const students = rowsOf(clever['students.csv'] ?? '');
  const titles = Object.keys(students[0] ?? {});
  const rows = students.flatMap((student) => {
    const own = contacts.filter((one) => one.student === student['Student_id']);
    const values = titles.map((title) => student[title] ?? '');
    if (own.length === 0) return [{ place: 0, row: [...values, '', '', '', '', '', ''] }];
    return own.map(({ relationship, name, phone, email }, place) => ({
      place,
      row: [...values, relationship, 'Primary', name, phone, email, ''],
    }));
  });
  const contactTitles = ['relationship', 'type', 'name', 'phone', 'email', 'sis_id'].map(
    (one) => `Contact_${one}`,
  );
  return {
    ...clever,
    'students.csv': csv([
      [...titles, ...contactTitles],
      ...rows.toSorted((a, b) => a.place - b.place).map(({ row }) => row),
    ]),
  };
}
