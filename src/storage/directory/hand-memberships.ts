import type { Tx } from '../database.ts';

/** A person's place in a class (enrollment) or in a school (role). */
export interface HandMembership {
  readonly table: 'enrollment' | 'role';
  /** The class or the school. */
  readonly ofId: string;
  readonly personId: string;
  readonly role: string;
}

const OF = { enrollment: 'class_id', role: 'org_id' } as const;

/** Whether the person has an active membership, in this role or in any. */
export async function hasMembership(
  tx: Tx,
  { table, ofId, personId, role }: Omit<HandMembership, 'role'> & { role?: string | undefined },
): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from ${table} where ${OF[table]} = $1 and person_id = $2 and active and ($3::text is null or role = $3) limit 1`,
    [ofId, personId, role ?? null],
  );
  return rows.length > 0;
}

/**
 * Adds a membership: takes back that it was removed by hand when a source states it, else makes one of the source system of hand-made
 * memberships. That one has the tenant's id, so it is found without a look and made only once. The caller holds the tenant's counter.
 * @returns how it came about.
 */
export async function addMembership(
  tx: Tx,
  { table, ofId, personId, role }: HandMembership,
  changeSeq: number,
): Promise<'create' | 'reactivate'> {
  // What a source says somebody is in a school is its to say; what was said by hand is said anew.
  const sameRole =
    table === 'enrollment' ? 'and role = $3' : 'and (role = $3 or source_system_id <> current_tenant())';
  const back = await tx.query(
    `update ${table} set active = true, removed_by_hand = null, version = version + 1, change_seq = $4
      where ${OF[table]} = $1 and person_id = $2 ${sameRole} and removed_by_hand is not null returning 1`,
    [ofId, personId, role, changeSeq],
  );
  if (back.length > 0) return 'reactivate';
  await tx.query(
    `insert into source_system (tenant_id, id, name) values (current_tenant(), current_tenant(), 'manual') on conflict do nothing`,
  );
  await tx.query(
    `insert into ${table} as m (tenant_id, source_system_id, key, content, ${OF[table]}, person_id, role, change_seq)
     values (current_tenant(), current_tenant(), md5(concat_ws(' ', '${table}', $1::uuid, $2::uuid, $3::text))::uuid, 0, $1, $2, $3, $4)`,
    [ofId, personId, role, changeSeq],
  );
  return 'create';
}

/**
 * Ends a person's memberships of all sources, in this role or in any. What a source states is marked, so that no sync brings it back before
 * the source changes it. The caller holds the tenant's counter. @returns the roles that ended.
 */
export async function endMemberships(
  tx: Tx,
  { table, ofId, personId, role }: Omit<HandMembership, 'role'> & { role?: string | undefined },
  changeSeq: number,
): Promise<string[]> {
  const rows = await tx.query<{ role: string }>(
    `update ${table} set active = false, removed_by_hand = 'itself', version = version + 1, change_seq = $4
      where ${OF[table]} = $1 and person_id = $2 and active and ($3::text is null or role = $3) returning role`,
    [ofId, personId, role ?? null, changeSeq],
  );
  return [...new Set(rows.map((row) => row.role))];
}
