import type { Tx } from '../database.ts';
import { CLASS_COLUMNS, type HandValues } from './hand-columns.ts';
import { insertRow, updateRow } from './write-row.ts';

/** Course and term stand in tables of their own. */
const PARTS = [
  {
    table: 'course',
    prefix: 'course/',
    columns: 'display_name, description, course_number, subject, external_id',
  },
  {
    table: 'academic_session',
    prefix: 'term/',
    columns: 'type, parent_id, display_name, external_id, start_date, end_date, school_year',
  },
] as const;
type Part = (typeof PARTS)[number];

interface ClassRow {
  readonly id: string;
  readonly values: HandValues;
  readonly changeSeq: number;
  /** Makes ids of courses and terms. */
  readonly newId: () => string;
}

/** Makes a class by hand; its course and its term, if it has any, are rows that no other class shares. The caller holds the tenant's counter. */
export async function insertClass(tx: Tx, row: ClassRow): Promise<void> {
  await insertRow(tx, 'class', { ...row, columns: CLASS_COLUMNS });
  for (const part of PARTS) if (touches(row.values, part)) await writePart(tx, row, part);
}

/** Changes a class, its course and its term. The caller holds the tenant's counter. @returns the values before, by path. */
export async function updateClass(tx: Tx, row: ClassRow): Promise<Record<string, unknown>> {
  const before = await updateRow(tx, 'class', { ...row, columns: CLASS_COLUMNS });
  for (const part of PARTS) {
    if (touches(row.values, part)) Object.assign(before, await writePart(tx, row, part));
  }
  return before;
}

function touches(values: HandValues, { prefix }: Part): boolean {
  return Object.keys(values).some((path) => path.startsWith(prefix));
}

/**
 * Writes the course or term of one class. Those of a sync are shared by classes: the class gets a copy first, which goes on following
 * what the source changes (apply-orgs.ts).
 */
async function writePart(tx: Tx, row: ClassRow, { table, columns }: Part): Promise<Record<string, unknown>> {
  const [found] = await tx.query<{ id: string | null; own: boolean | null }>(
    `select o.id, o.external_source = 'manual' as own from class c
       left join ${table} o on o.tenant_id = c.tenant_id and o.id = c.${table}_id where c.id = $1`,
    [row.id],
  );
  let id = found?.id ?? null;
  if (id === null || found?.own !== true) {
    const own = row.newId();
    if (id === null) await insertRow(tx, table, { ...row, id: own, columns: CLASS_COLUMNS, values: {} });
    else
      await tx.query(
        `insert into ${table} (tenant_id, id, external_source, copy_of, ${columns}, change_seq)
         select current_tenant(), $1, 'manual', id, ${columns}, $3 from ${table} where id = $2`,
        [own, id, row.changeSeq],
      );
    await tx.query(`update class set ${table}_id = $2 where id = $1`, [row.id, own]);
    id = own;
  }
  return updateRow(tx, table, { ...row, id, columns: CLASS_COLUMNS });
}

/** Whether another active class has the mail nickname. The caller holds the tenant's counter. */
export async function isMailNicknameTaken(
  tx: Tx,
  mailNickname: string,
  exceptClassId: string,
): Promise<boolean> {
  const rows = await tx.query(
    'select 1 from class where active and lower(mail_nickname) = lower($1) and id <> $2 limit 1',
    [mailNickname, exceptClassId],
  );
  return rows.length > 0;
}
