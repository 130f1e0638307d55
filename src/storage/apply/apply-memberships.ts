import type { Tx } from '../database.ts';
import { ITEMS, type ItemRange } from './item-range.ts';
import { linkedObject } from './linked-object.ts';

const UNRESOLVED_MESSAGE = 'Waits for a record that could not be written.';

type OwnColumn = readonly [column: string, expression: string];
const ROLE_NAME: OwnColumn = ['role_name', `i.after ->> 'roleName'`];
const IS_PRIMARY: OwnColumn = ['is_primary', `(i.after ->> 'isPrimary')::boolean`];

/** A person's roles in orgs. */
export async function applyRoles(tx: Tx, range: ItemRange): Promise<void> {
  await applyMemberships(tx, range, {
    table: 'role',
    firstColumn: 'person_id',
    secondColumn: 'org_id',
    ownColumns: [
      ['grade', `i.after ->> 'grade'`],
      ROLE_NAME,
      IS_PRIMARY,
      ['start_date', `(i.after ->> 'startDate')::date`],
      ['end_date', `(i.after ->> 'endDate')::date`],
      // A look-up of its own: most roles name no session.
      [
        'academic_session_id',
        '(select l.object_id from link l where l.tenant_id = i.tenant_id and l.source_system_id = $5 and l.key = i.third_key)',
      ],
    ],
  });
}

/** People's places in classes. */
export async function applyEnrollments(tx: Tx, range: ItemRange): Promise<void> {
  await applyMemberships(tx, range, {
    table: 'enrollment',
    firstColumn: 'class_id',
    secondColumn: 'person_id',
    ownColumns: [
      ROLE_NAME,
      IS_PRIMARY,
      ['begin_date', `(i.after ->> 'beginDate')::date`],
      ['end_date', `(i.after ->> 'endDate')::date`],
      // The source has said something since.
      ['ended_by_expiration', 'null::uuid'],
    ],
  });
}

interface MembershipTable {
  readonly table: 'role' | 'enrollment';
  readonly firstColumn: string;
  readonly secondColumn: string;
  readonly ownColumns: readonly OwnColumn[];
}

async function applyMemberships(tx: Tx, range: ItemRange, shape: MembershipTable): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq, range.sourceSystemId];
  const ownNames = shape.ownColumns.map(([column]) => `, ${column}`).join('');
  const ownValues = shape.ownColumns.map(([, expression]) => `, ${expression}`).join('');
  const links = `cross join ${linkedObject('$5', 'i.first_key')} first_link cross join ${linkedObject('$5', 'i.second_key')} second_link`;
  const counts = await tx.query<{ items: number; creates: number; inserted: number }>(
    `with ${ITEMS},
     inserted as (
       insert into ${shape.table} (tenant_id, source_system_id, key, content, ${shape.firstColumn}, ${shape.secondColumn}, role${ownNames}, change_seq)
       select current_tenant(), $5, i.key, i.content, first_link.object_id, second_link.object_id, i.after ->> 'role'${ownValues}, $4
         from item i ${links}
        where i.action = 'create'
       returning 1)
     select (select count(*) from item)::integer as items, (select count(*) from item where action = 'create')::integer as creates,
            (select count(*) from inserted)::integer as inserted`,
    values,
  );
  const { items, creates, inserted } = counts[0] ?? { items: 0, creates: 0, inserted: 0 };
  if (inserted < creates) {
    await tx.query(
      `with ${ITEMS}
       insert into plan_item_failure (tenant_id, run_id, item_no, code, message, because_of)
       select current_tenant(), i.run_id, i.item_no, 'InvalidLookupReference', '${UNRESOLVED_MESSAGE}', 0
         from item i
         left join ${linkedObject('$4', 'i.first_key')} first_link on true
         left join ${linkedObject('$4', 'i.second_key')} second_link on true
        where i.action = 'create' and (first_link.object_id is null or second_link.object_id is null)
       on conflict do nothing`,
      [range.runId, range.firstItemNo, range.lastItemNo, range.sourceSystemId],
    );
  }
  if (items === creates) return;
  await tx.query(
    `with ${ITEMS}
     update ${shape.table} o set content = i.content, ${shape.firstColumn} = first_link.object_id, ${shape.secondColumn} = second_link.object_id,
            ${shape.ownColumns.map(([column, expression]) => `${column} = ${expression}, `).join('')}
            active = o.active or i.action = 'reactivate',
            removed_by_hand = case when i.action = 'reactivate' then null else o.removed_by_hand end,
            version = o.version + 1, change_seq = $4
       from item i ${links}
      where i.action in ('update', 'reactivate') and o.source_system_id = $5 and o.key = i.key`,
    values,
  );
}
