import {
  type FindCode,
  type FindRole,
  isExtension,
  openReferenceList,
  openRoles,
} from '#core/roster/reference-list.ts';
import { must } from '#lib/assert.ts';

import type { MappingSettings, SourceFile } from '../contract.ts';
import type { BoundColumn, BoundHeader } from './bind-header.ts';
import type { CsvRow } from './csv-reader.ts';
import type { FileDefinition } from './format.ts';
import type { IdTable } from './id-table.ts';
import { inspectFile, scanRows } from './inspect-file.ts';
import { isEmpty, isReliable } from './roster-state.ts';
import { findWithdrawal, isCutOff, mayHoldTwo } from './row-shape.ts';
import { UserRoles } from './user-roles.ts';

/** Reads roles.csv for what it says of people. What is wrong with a row is reported when its role is read. */
export async function scanRoles(
  file: Pick<SourceFile, 'open' | 'isBroken'>,
  definition: FileDefinition,
  mapping: MappingSettings,
  newTable: () => IdTable,
): Promise<UserRoles> {
  const roles = noRoles(mapping, newTable, false);
  const findCode = openReferenceList('roles', mapping.lists);
  const layout = await inspectFile(file, definition, mapping);
  if (layout.unreadable !== null || layout.separator.problem !== null) return roles;
  await scanRows(file, layout, definition, mapping, (header) => {
    roles.isWhole = true;
    return takeRow(roles, header, findCode, openRoles(mapping.lists));
  });
  if (file.isBroken?.() === true) roles.isWhole = false;
  return roles;
}

/** There is no roles.csv. `isWhole`: that is meant, and nobody has a role. */
export function noRoles(mapping: MappingSettings, newTable: () => IdTable, isWhole: boolean): UserRoles {
  const roles = new UserRoles(newTable, openReferenceList('grades', mapping.lists));
  roles.isWhole = isWhole;
  return roles;
}

function takeRow(
  roles: UserRoles,
  header: BoundHeader,
  findCode: FindCode,
  findRole: FindRole,
): (row: CsvRow) => void {
  const column = (property: string): BoundColumn | undefined =>
    header.columns.find((one) => one.property === property);
  const user = must(column('person'));
  const org = must(column('school'));
  const role = must(column('role'));
  const grade = column('grade');
  const isPrimary = column('isPrimary');
  const withdrawing = header.columns.filter(({ withdrawnBy }) => withdrawnBy !== undefined);
  return (row) => {
    const whole = row.fault === null && row.count === header.fieldCount;
    if (!whole && isCutOff(row, header.fieldCount)) {
      roles.isWhole = false;
      return;
    }
    if (whole && findWithdrawal(row, withdrawing) !== undefined) return;
    if (row.count <= user.position || isEmpty(row, user) || (!whole && !isReliable(row, user))) {
      roles.anyInDoubt = true;
      return;
    }
    // The id may be cut off, and be that of somebody else; or there is another row in this one.
    if (whole ? row.withoutBreak && user.position === row.count - 1 : mayHoldTwo(row, header.fieldCount))
      roles.anyInDoubt = true;
    if (!whole) {
      roles.addDoubt(row, user);
      return;
    }
    const text = textOf(row, role);
    const code = isExtension(text) ? text : (findCode(text) ?? '');
    const { group, undecided } = findRole(code) ?? {};
    if (group === undefined) roles.addDoubt(row, user);
    else if (undecided === true) roles.addUndecided(row, user);
    else if (isExtension(code) && group === 'none') return;
    else if (group === 'none') roles.addRelation(row, user, code);
    else
      roles.addRole(
        row,
        group === 'student' ? 'student' : 'teacher',
        { user, org, grade },
        isPrimary !== undefined && /^(?:true|1|yes|primary)$/iu.test(textOf(row, isPrimary)),
      );
  };
}

function textOf(row: CsvRow, { position }: BoundColumn): string {
  return row.bytes.toString('utf8', row.starts[position], row.ends[position]);
}
