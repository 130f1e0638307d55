import type { FindCode } from '#core/roster/reference-list.ts';

import type { BoundColumn, PersonRole } from './bind-header.ts';
import type { CsvRow } from './csv-reader.ts';
import type { IdTable } from './id-table.ts';
import { NONE, NumberColumn } from './number-column.ts';

const IS: Readonly<Record<PersonRole, number>> = { student: 1, teacher: 2 };
/** A row that names the person could not be understood: who knows which roles it gives. */
const IN_DOUBT = 4;
/** A role of the group is the primary one. */
const PRIMARY: Readonly<Record<PersonRole, number>> = { student: 8, teacher: 16 };
/** A role of an exporter's own, of which nobody has said what it counts as. */
const UNDECIDED = 32;

/**
 * What roles.csv says of each person, known before users.csv is read: a person without a role gets no account, and one with roles of both
 * groups is a student and a teacher. The roles themselves are records of their own, read later.
 */
export class UserRoles {
  /** A row does not tell whose it is: then nobody is known to have no role. */
  anyInDoubt = false;
  /** False: the file is not there, cut off or unusable; nothing can be said of who is not in it. */
  isWhole = true;
  readonly #users: IdTable;
  readonly #orgs: IdTable;
  readonly #grades: IdTable;
  /** By the number of the person: the number of the org where the person is, by role. The primary one, else the first. */
  readonly #orgOf: Readonly<Record<PersonRole, NumberColumn>> = {
    student: new NumberColumn(),
    teacher: new NumberColumn(),
  };

  readonly #findGrade: FindCode;
  /** By the number of the person: the number of what the person is to others (parent, guardian, ...). */
  readonly #relationOf = new NumberColumn();
  /** A handful of codes. */
  readonly #relations: string[] = [];

  constructor(newTable: () => IdTable, findGrade: FindCode) {
    this.#findGrade = findGrade;
    this.#users = newTable();
    this.#orgs = newTable();
    this.#grades = newTable();
  }

  addDoubt(row: CsvRow, user: BoundColumn): void {
    const index = addTo(this.#users, row, user);
    this.#users.states[index] = (this.#users.states[index] as number) | IN_DOUBT;
  }

  addUndecided(row: CsvRow, user: BoundColumn): void {
    const index = addTo(this.#users, row, user);
    this.#users.states[index] = (this.#users.states[index] as number) | UNDECIDED;
  }

  addRole(
    row: CsvRow,
    role: PersonRole,
    columns: {
      readonly user: BoundColumn;
      readonly org: BoundColumn;
      readonly grade: BoundColumn | undefined;
    },
    isPrimary: boolean,
  ): void {
    const index = addTo(this.#users, row, columns.user);
    const bits = this.#users.states[index] as number;
    this.#users.states[index] = bits | IS[role] | (isPrimary ? PRIMARY[role] : 0);
    if ((bits & IS[role]) !== 0 && !isPrimary) return;
    this.#orgOf[role].set(index, addTo(this.#orgs, row, columns.org));
    if (role === 'student' && columns.grade !== undefined && !isBlank(row, columns.grade))
      this.#users.entries[index] = addTo(this.#grades, row, columns.grade);
  }

  /** A role of neither a student nor of staff: what somebody is to a student. The first counts. */
  addRelation(row: CsvRow, user: BoundColumn, code: string): void {
    const index = addTo(this.#users, row, user);
    if (this.#relationOf.get(index) !== NONE) return;
    const known = this.#relations.indexOf(code);
    this.#relationOf.set(index, known === -1 ? this.#relations.push(code) - 1 : known);
  }

  /** Null: nothing to anybody. */
  relationOf(index: number): string | null {
    return this.#relations[this.#relationOf.get(index)] ?? null;
  }

  /** The number of the person of a row; -1: roles.csv does not name the person. */
  find(row: CsvRow, { position }: BoundColumn): number {
    return this.#users.find(row.bytes, row.starts[position] as number, row.ends[position] as number);
  }

  has(index: number, role: PersonRole): boolean {
    return index !== NONE && ((this.#users.states[index] as number) & IS[role]) !== 0;
  }

  /**
   * Of who is a student and staff: which of both makes the account. The student, if of the two the student's roles alone are primary (the
   * rule of School Data Sync); else staff. Null: the person is not both, or not all of it could be read.
   */
  primaryRoleOf(index: number): PersonRole | null {
    if (!this.has(index, 'student') || !this.has(index, 'teacher') || this.mayHave(index)) return null;
    const bits = this.#users.states[index] as number;
    return (bits & (PRIMARY.student | PRIMARY.teacher)) === PRIMARY.student ? 'student' : 'teacher';
  }

  /** Nobody can tell that the person does not have the role, too. */
  mayHave(index: number): boolean {
    return this.anyInDoubt || this.isInDoubt(index);
  }

  /** A row that names the person could not be understood. */
  isInDoubt(index: number): boolean {
    return index !== NONE && ((this.#users.states[index] as number) & IN_DOUBT) !== 0;
  }

  /** The person has a role that may be one of a student or of staff, as soon as somebody says so. */
  isUndecided(index: number): boolean {
    return index !== NONE && ((this.#users.states[index] as number) & UNDECIDED) !== 0;
  }

  /** The grade of the student's role; null: none is given that is known. */
  gradeOf(index: number): string | null {
    const grade = index === NONE ? NONE : (this.#users.entries[index] as number);
    return grade === NONE ? null : this.#findGrade(this.#grades.text(grade));
  }

  orgOf(index: number, role: PersonRole): string | null {
    const org = this.#orgOf[role].get(index);
    return org === NONE ? null : this.#orgs.text(org);
  }
}

function addTo(table: IdTable, row: CsvRow, { position }: BoundColumn): number {
  return table.add(row.bytes, row.starts[position] as number, row.ends[position] as number);
}

function isBlank(row: CsvRow, { position }: BoundColumn): boolean {
  return row.starts[position] === row.ends[position];
}
