import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';
import { columnOf } from './read-view.ts';
import type { View, ViewRow } from './view.ts';

/** Where the changes of the tenant stand, by the database. */
export interface ChangePosition {
  /** The newest change_seq that is committed: commit order is seq order (ADR 0005). */
  readonly seq: number;
  /** Changes of memberships up to here are not known any more, or not all of them. */
  readonly forgottenSeq: number;
  /** Where the changes go on since a restore; 0: there was none. */
  readonly restoredSeq: number;
  readonly now: Date;
}

export async function readChangePosition(tx: Tx): Promise<ChangePosition> {
  const rows = await tx.query<ChangePosition & object>(
    `select change_seq::float8 as seq, forgotten_seq::float8 as "forgottenSeq",
            restored_seq::float8 as "restoredSeq", now() as now from tenant_counter`,
  );
  return must(rows[0], 'the tenant has no counter');
}

/** Changes behind `from`, up to and with `until`: what one round of a delta query tells. */
export interface ChangeRange {
  readonly from: number;
  readonly until: number;
}

/** Where in the order of changes a page ended. */
export interface ChangeKey {
  readonly seq: number;
  readonly id: string;
}

export interface ChangedObject {
  readonly id: string;
  readonly seq: number;
  /** Whether the object itself changed in the range, or only its memberships. */
  readonly itself: boolean;
  /**
   * It changed before in the range, too, and was told there: an object stands in a round once. At its first change, since a later
   * one may move out of the range while the round is read.
   */
  readonly earlier: boolean;
}

/**
 * The next objects that changed in the range, in the order of their changes, active or not; one that may have been of the type is gone, too. Those that changed behind the range while
 * it was read are left for the next one. `withMembers`: a change of a membership counts as one of its class, too.
 */
export async function readChangedObjects(
  tx: Tx,
  query: {
    readonly view: View;
    readonly range: ChangeRange;
    readonly after: ChangeKey | undefined;
    readonly withMembers: boolean;
    readonly limit: number;
  },
): Promise<ChangedObject[]> {
  const { view, range, after, withMembers, limit } = query;
  const { table, changeSeq, ofType, wasOfType = ofType } = must(view.changes);
  const key = after ?? { seq: range.from, id: LAST_ID };
  const members = withMembers
    ? await readMembershipChanges(tx, { after: key, until: range.until, limit })
    : [];
  const own = `select ${changeSeq} as seq, ${view.id} as id, true as itself from ${table}
     where (${changeSeq}, ${view.id}) > ($1::int8, $2::uuid) and ${changeSeq} <= $3::int8 and (${ofType} or ${wasOfType})
     order by 1, 2 limit $4::int4`;
  const changedBefore =
    `exists (select from ${table} where ${view.id} = change.id and ${changeSeq} > $5::int8 and ${changeSeq} < change.seq)` +
    (withMembers
      ? ` or exists (select from enrollment e where e.class_id = change.id and e.change_seq > $5::int8 and e.change_seq < change.seq)`
      : '');
  const rows = await tx.query<ChangedObject>(
    `with change as (
       select seq, id, bool_or(itself) as itself
         from ((${own}) union all select seq, id, false from unnest($6::int8[], $7::uuid[]) member(seq, id)) found(seq, id, itself)
        group by seq, id order by seq, id limit $4::int4)
     select seq::float8 as seq, id, (${changedBefore}) as earlier,
            itself or exists (select from ${table} where ${view.id} = change.id and ${changeSeq} > $5::int8
                                 and ${changeSeq} <= $3::int8) as itself
       from change order by change.seq, change.id`,
    [
      key.seq,
      key.id,
      range.until,
      limit,
      range.from,
      members.map(({ seq }) => seq),
      members.map(({ id }) => id),
    ],
  );
  return rows;
}

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Rows of membership_change that are looked at together: of a large sync one has more classes than a page, of hand edits one class each. */
const FEWEST_ROWS = 1;
const MOST_ROWS = 64;

/**
 * The next classes with enrollments that changed, in the order of the changes: those of which membership_change says so and that still have an
 * enrollment with that change_seq. Ids are looked up one after the other until there are enough.
 */
async function readMembershipChanges(
  tx: Tx,
  { after, until, limit }: { readonly after: ChangeKey; readonly until: number; readonly limit: number },
): Promise<ChangeKey[]> {
  const found: ChangeKey[] = [];
  let first = after.id === LAST_ID ? after.seq + 1 : after.seq;
  for (let rows = FEWEST_ROWS; found.length < limit; rows = Math.min(rows * 4, MOST_ROWS)) {
    const [look] = await tx.query<{ last: number | null }>(
      `select max(change_seq)::float8 as last from (
         select change_seq from membership_change where change_seq >= $1::int8 and change_seq <= $2::int8
          order by change_seq limit $3::int4) next`,
      [first, until, rows],
    );
    const last = look?.last ?? null;
    if (last === null) break;
    const classes = await tx.query<ChangeKey>(
      `select seq::float8 as seq, id
         from (select distinct m.change_seq as seq, c.id from membership_change m cross join unnest(m.class_ids) c(id)
                where m.change_seq >= $1::int8 and m.change_seq <= $2::int8 and (m.change_seq, c.id) > ($3::int8, $4::uuid)
                order by 1, 2 offset 0) listed
        cross join lateral (select from enrollment e where e.class_id = listed.id and e.change_seq = listed.seq limit 1) still
        order by listed.seq, listed.id limit $5::int4`,
      [first, last, after.seq, after.id, limit - found.length],
    );
    found.push(...classes);
    first = last + 1;
  }
  return found;
}

/** Objects by their ids, inactive ones too, and those that are of another type now: `@active` says which are there for readers. */
export async function readObjects(
  tx: Tx,
  view: View,
  ids: readonly string[],
  paths: readonly string[],
): Promise<ViewRow[]> {
  const { active, ofType } = must(view.changes);
  const columns = [
    ...paths.flatMap((path) => columnOf(view, path)),
    `${view.id} as "@id"`,
    `(${active} and ${ofType}) as "@active"`,
  ];
  return tx.query<ViewRow>(
    `select ${columns.join(', ')} from ${view.from} where ${view.id} = any($1::uuid[])`,
    [ids],
  );
}

export interface Membership {
  readonly classId: string;
  readonly personId: string;
  /** Whether the person is in the class now, and as a teacher. */
  readonly member: boolean;
  readonly teacher: boolean;
  /** A place as a teacher is, or was, among what changed. */
  readonly asTeacher: boolean;
}

/**
 * Memberships of classes, in the order of `classIds` and then of people, behind `after` (of the first class). With a range those that
 * changed in it, ended ones too; without one those there are.
 */
export async function readMemberships(
  tx: Tx,
  query: {
    readonly classIds: readonly string[];
    readonly range: ChangeRange | undefined;
    readonly after: string | undefined;
    readonly limit: number;
  },
): Promise<Membership[]> {
  const { range } = query;
  const touched =
    range === undefined ? 'e.active and p.active' : 'e.change_seq > $4::int8 and e.change_seq <= $5::int8';
  const now = (condition: string): string =>
    `exists (select from enrollment n join person q on q.tenant_id = n.tenant_id and q.id = n.person_id
              where n.class_id = t.class_id and n.person_id = t.person_id and n.active and q.active ${condition})`;
  return tx.query<Membership>(
    `with touched as (
       select k.place, e.class_id, e.person_id, bool_or(e.role = 'teacher') as as_teacher
         from unnest($1::uuid[]) with ordinality k(class_id, place)
         join enrollment e on e.class_id = k.class_id
         join person p on p.tenant_id = e.tenant_id and p.id = e.person_id
        where ${touched} and (k.place > 1 or e.person_id > $2::uuid)
        group by k.place, e.class_id, e.person_id
        order by k.place, e.person_id limit $3::int4)
     select t.class_id as "classId", t.person_id as "personId", t.as_teacher as "asTeacher",
            ${now('')} as member, ${now(`and n.role = 'teacher'`)} as teacher
       from touched t order by t.place, t.person_id`,
    [
      query.classIds,
      query.after ?? '00000000-0000-0000-0000-000000000000',
      query.limit,
      ...(range === undefined ? [] : [range.from, range.until]),
    ],
  );
}
