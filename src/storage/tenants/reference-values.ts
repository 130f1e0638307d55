import type { ReferenceListName } from '#core/roster/reference-lists.ts';

import type { Tx } from '../database.ts';

/** What the tenant has otherwise than a reference list. */
export interface StoredReferenceValue {
  readonly list: ReferenceListName;
  /** The code as it is compared. */
  readonly codeKey: string;
  readonly code: string;
  /** Of a value of its own; null: the value of the list is disabled. */
  readonly title: string | null;
}

/** All of the tenant, by list and code. */
export async function listReferenceValues(tx: Tx): Promise<StoredReferenceValue[]> {
  return tx.query<StoredReferenceValue>(
    `select list, code_key as "codeKey", code, title from reference_value order by list, code_key collate "C"`,
  );
}

/** How many there are of a list; others who change it wait until this transaction ends, so that a limit holds. */
export async function countReferenceValues(tx: Tx, list: ReferenceListName): Promise<number> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('reference_value ' || current_tenant()))`);
  const rows = await tx.query<{ count: number }>(
    'select count(*)::int as count from reference_value where list = $1',
    [list],
  );
  return rows[0]?.count ?? 0;
}

/** @returns whether it is a new one. */
export async function saveReferenceValue(
  tx: Tx,
  { list, codeKey, code, title }: StoredReferenceValue,
  actor: string,
): Promise<boolean> {
  const rows = await tx.query<{ inserted: boolean }>(
    `insert into reference_value (tenant_id, list, code_key, code, title, changed_by)
     values (current_tenant(), $1, $2, $3, $4, $5)
     on conflict (tenant_id, list, code_key)
       do update set code = excluded.code, title = excluded.title, changed_at = now(), changed_by = excluded.changed_by
     returning xmax = 0 as inserted`,
    [list, codeKey, code, title, actor],
  );
  return rows[0]?.inserted ?? false;
}

/** False: there is none. */
export async function deleteReferenceValue(
  tx: Tx,
  list: ReferenceListName,
  codeKey: string,
): Promise<boolean> {
  const rows = await tx.query('delete from reference_value where list = $1 and code_key = $2 returning 1', [
    list,
    codeKey,
  ]);
  return rows.length > 0;
}
