import { type FindRole, openRoles } from '#core/roster/reference-list.ts';
import type { RecordCode } from '#core/roster/record-codes.ts';

import type { BoundColumn, PersonRole } from './bind-header.ts';
import type { CsvRow } from './csv-reader.ts';
import type { IdTable } from './id-table.ts';
import type { RecordHash } from './record-hash.ts';
import type { RosterFile } from './roster-file.ts';
import type { RosterState } from './roster-state.ts';

/** What a row calls a person's role, or place in a class. */
export interface RoleName {
  /** other: it is neither of a student nor of staff, and makes no account. */
  readonly role: PersonRole | 'other';
  /** As the source calls it; null: as its role is called. */
  readonly name: string | null;
  /** Goes into the key, so that a principal who teaches has two roles in a school; null: a student, a teacher, by no other name. */
  readonly key: Int32Array | null;
  /** Nobody has said what the name, an exporter's own, counts as. */
  readonly undecided: boolean;
}

/** That of a role which is called as it counts. */
export function plainName(role: PersonRole): RoleName {
  return { role, name: null, key: null, undecided: false };
}

/** The role names of one file. There are few: each is looked up once. */
export class RoleNames {
  readonly #hash: RecordHash;
  readonly #code: RecordCode;
  readonly #findRole: FindRole;
  readonly #texts: IdTable;
  readonly #names: (RoleName | undefined)[] = [];

  /** `code`: whose keys they go into. */
  constructor(hash: RecordHash, code: RecordCode, state: Pick<RosterState, 'mapping' | 'newTable'>) {
    this.#hash = hash;
    this.#findRole = openRoles(state.mapping.lists);
    this.#code = code;
    this.#texts = state.newTable();
  }

  /** By the code of the list. Undefined: no such role is known. */
  of(row: CsvRow, { position }: BoundColumn): RoleName | undefined {
    const index = this.#texts.add(row.bytes, row.starts[position] as number, row.ends[position] as number);
    if (index === this.#names.length) this.#names.push(this.#find(this.#texts.text(index)));
    return this.#names[index];
  }

  #find(text: string): RoleName | undefined {
    const known = this.#findRole(text);
    if (known === undefined) return undefined;
    const { code, undecided = false } = known;
    const role = { student: 'student', staff: 'teacher', none: 'other' } as const;
    const as = role[known.group];
    if (code === as && as !== 'other') return { role: as, name: null, key: null, undecided };
    const bytes = Buffer.from(code);
    this.#hash.beginKey(this.#code);
    this.#hash.addBytes(bytes, 0, bytes.length);
    this.#hash.endKey();
    return { role: as, name: code === as ? null : code, key: this.#hash.key.slice(), undecided };
  }
}

/** A user with such a role was a student, or staff, and is neither by what the files say now. */
export function reportUndecided(file: RosterFile, id: BoundColumn, stays: readonly PersonRole[]): void {
  const words = { student: 'a student', teacher: 'staff' } as const;
  const before = stays.map((role) => words[role]).join(' and ');
  file.report(
    'ROLE_UNDECIDED',
    id,
    `The user was ${before}, and has a role of the exporter's own now: the user stays ${before}.`,
  );
}

/** The record of a role, or of a place in a class, of the row under way: what stands in the columns of the part `role`. */
export function membershipRecord(file: RosterFile, { role, name }: RoleName): Record<string, string | null> {
  // Several grades are the person's (read-users-with-roles.ts).
  const { role: _, grades: __, ...attributes } = file.record('role');
  return { role, ...(name === null ? {} : { roleName: name }), ...attributes };
}
