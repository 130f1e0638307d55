import { assert, must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';
import type { HandColumn, HandColumns, HandValues } from './hand-columns.ts';

type Table = HandColumn['table'];

/** The values that go into one table: those without a column in it are left out. */
function assignmentsOf(
  columns: HandColumns,
  values: HandValues,
  table: Table,
): { path: string; at: HandColumn; value: string | boolean | null }[] {
  return Object.entries(values).flatMap(([path, value]) => {
    const at = must(columns[path], `the property ${path} has no column`);
    return at.table === table ? [{ path, at, value }] : [];
  });
}

/** Makes a row by hand: an org, class, course or academic session. The caller holds the tenant's counter. */
export async function insertRow(
  tx: Tx,
  table: 'org' | 'class' | 'course' | 'academic_session',
  row: { id: string; columns: HandColumns; values: HandValues; changeSeq: number },
): Promise<void> {
  const given = assignmentsOf(row.columns, row.values, table);
  const names = given.map(({ at }) => `, ${at.column}`).join('');
  await tx.query(
    `insert into ${table} (tenant_id, id, external_source, change_seq${names})
     values (current_tenant(), $1, 'manual', $2${given.map((_, index) => `, $${index + 3}`).join('')})`,
    [row.id, row.changeSeq, ...given.map(({ value }) => value)],
  );
}

/**
 * Changes the columns of one row, whose version rises even when nothing of this table is among the values. The caller holds the
 * tenant's counter. @returns the values before, by path.
 */
export async function updateRow(
  tx: Tx,
  table: Table,
  row: { id: string; columns: HandColumns; values: HandValues; changeSeq: number },
): Promise<Record<string, unknown>> {
  const given = assignmentsOf(row.columns, row.values, table);
  const bound: unknown[] = [row.id, row.changeSeq];
  const sets: string[] = [];
  for (const { at, value } of given) {
    if (at.attribute === undefined) sets.push(`${at.column} = $${bound.push(value)}`);
  }
  const attributes = given.filter(({ at }) => at.attribute !== undefined);
  if (attributes.length > 0) {
    const patch = Object.fromEntries(attributes.map(({ at, value }) => [at.attribute, value]));
    sets.push(`attributes = jsonb_strip_nulls(o.attributes || $${bound.push(JSON.stringify(patch))}::jsonb)`);
  }
  const old = given.map(({ at }, index) =>
    at.attribute === undefined
      ? `b.${at.column} as "${index}"`
      : `b.attributes ->> '${at.attribute}' as "${index}"`,
  );
  const key = KEYS[table];
  const rows = await tx.query(
    `update ${table} o set ${sets.map((set) => `${set}, `).join('')}version = o.version + 1, change_seq = $2
       from (select * from ${table} b where ${key} for update) b
      where o.tenant_id = b.tenant_id and ${JOINS[table]} returning ${[...old, '1 as one'].join(', ')}`,
    bound,
  );
  const [before] = rows;
  assert(before !== undefined, `the row of ${table} that is to be changed is not there`);
  return Object.fromEntries(given.map(({ path }, index) => [path, before[String(index)]]));
}

const BY_ID = 'b.id = $1';
const KEYS: Readonly<Record<Table, string>> = {
  org: BY_ID,
  class: BY_ID,
  course: BY_ID,
  academic_session: BY_ID,
  person: BY_ID,
  account: 'b.person_id = $1 and b.target_id = 0',
  demographics: 'b.person_id = $1',
};
const SAME = 'o.id = b.id';
const JOINS: Readonly<Record<Table, string>> = {
  org: SAME,
  class: SAME,
  course: SAME,
  academic_session: SAME,
  person: SAME,
  account: SAME,
  demographics: 'o.person_id = b.person_id',
};
