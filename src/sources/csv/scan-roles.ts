import { type FindCode, findRole, openReferenceList } from '#core/roster/reference-list.ts';
import { must } from '#lib/assert.ts';

import type { MappingSettings, SourceFile } from '../contract.ts';
import type { BoundColumn, BoundHeader } from './bind-header.ts';
import type { CsvRow } from './csv-reader.ts';
import type { FileDefinition } from './format.ts';
import type { IdTable } from './id-table.ts';
import { inspectFile, scanRows } from './inspect-file.ts';
import { isReliable } from './roster-state.ts';
import { UserRoles } from './user-roles.ts';
import { isWithdrawn } from './withdrawn.ts';

/** Reads roles.csv for what it says of people. What is wrong with a row is reported when its role is read. */
export async function scanRoles(
  file: Pick<SourceFile, 'open' | 'isBroken'>,
  definition: FileDefinition,
  mapping: MappingSettings,
  newTable: () => IdTable,
): Promise<UserRoles> {
  const roles = noRoles(mapping, newTable);
  const findCode = openReferenceList('roles', mapping.lists);
  const layout = await inspectFile(file, definition, mapping);
  await scanRows(file, layout, definition, mapping, (header) => takeRow(roles, header, findCode));
  return roles;
}

/** There is no roles.csv: nobody has a role. */
export function noRoles(mapping: MappingSettings, newTable: () => IdTable): UserRoles {
  return new UserRoles(newTable, openReferenceList('grades', mapping.lists));
}

function takeRow(roles: UserRoles, header: BoundHeader, findCode: FindCode): (row: CsvRow) => void {
  const column = (property: string): BoundColumn | undefined =>
    header.columns.find((one) => one.property === property);
  const user = must(column('person'));
  const org = must(column('school'));
  const role = must(column('role'));
  const grade = column('grade');
  const isPrimary = column('isPrimary');
  return (row) => {
    const whole = row.fault === null && row.count === header.fieldCount;
    if (row.count <= user.position || isBlank(row, user) || (!whole && !isReliable(row, user))) {
      roles.anyInDoubt = true;
      return;
    }
    if (!whole) {
      roles.addDoubt(row, user);
      return;
    }
    if (isWithdrawn(row, header)) return;
    const code = findCode(textOf(row, role)) ?? '';
    const group = findRole(code)?.group;
    if (group === undefined) roles.addDoubt(row, user);
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

function isBlank(row: CsvRow, { position }: BoundColumn): boolean {
  return row.starts[position] === row.ends[position];
}

function textOf(row: CsvRow, { position }: BoundColumn): string {
  return row.bytes.toString('utf8', row.starts[position], row.ends[position]);
}
