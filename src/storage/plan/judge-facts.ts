import type { EarlierFile } from '#core/plan/certificate.ts';
import { DIRECTORY_TRIGGERS } from '#core/run/run-trigger.ts';
import type { ActiveCount, SchoolKind, WindowCount } from '#core/plan/verdict.ts';

import type { Tx } from '../database.ts';
import { IS_JUDGED, ITEM_ACTION } from './count-plan.ts';
import { inBand } from './item-band.ts';
import { joinByHash, joinFreely } from './join-by-hash.ts';
import type { PlanScope } from './resolve-links.ts';

/** What follows an expiration was looked at for itself: its approval says nothing about what uploads did. */
const LET_IN = `not r.plan_only and r.trigger <> all('{${DIRECTORY_TRIGGERS.join()}}') and (r.state = 'completed' or r.applied_item_no > 0 or r.apply_pass > 1 or r.error_code = 'PartHeld')`;

/**
 * Of a run `r`: it went on with its first pass in the last hours, behind a pause or an interruption, perhaps long after its plan was made. A later pass
 * brings in what somebody approved. $3 hours.
 */
const WENT_ON = `exists (select from run_event e where e.run_id = r.id and e.event = 'claimed' and e.state = 'applying'
  and e.at > now() - make_interval(hours => $3)
  and not exists (select from run_event p where p.run_id = r.id and p.event = 'partApplied' and p.at < e.at))`;

/**
 * Runs whose changes went in by themselves in the last hours, with what an administrator accepted since. A run without a base is the first
 * of its profile, or follows a reset: that accepts nothing; nor does one that changes what was there, left by a profile that was deleted. $1 profile, $2 run, $3 hours.
 */
const RECENT = `let_in as (select r.id, r.created_at, r.planned_at, r.verdict_accepted from run r where r.profile_id = $1 and ${LET_IN}),
     recent as (
       select r.id, r.created_at, r.verdict_accepted or l.base_run_id is null
                and not exists (select from let_in e where e.created_at < r.created_at)
                and not exists (select from plan_count c where c.run_id = r.id and c.action not in ('create', 'link')) as accepted
         from let_in r join plan l on l.run_id = r.id
        where r.id <> $2 and (r.planned_at > now() - make_interval(hours => $3) or ${WENT_ON})),
     school as (
       select h.scope_id, max(r.created_at) as created_at from plan_hold h join recent r on r.id = h.run_id
        where h.scope = 'school' and h.decision = 'approved' group by h.scope_id),
     counted as (
       select r.id, r.created_at from recent r
        where r.created_at > coalesce((select max(a.created_at) from recent a where a.accepted), '-infinity'))`;

/** The judged action of an item or of a count. */
const JUDGED_ACTION = (action: string): string =>
  `case when ${action} in ('create', 'link', 'reactivate') then 'create' when ${action} in ('deactivate', 'end') then 'deactivate' else ${action} end`;

/**
 * How many judged items of a count `c` may have gone in. The held ones are all that are held, judged or not: so no less than did, and never less than none,
 * which would hide what other runs let in.
 */
const LET_IN_OF_COUNT = 'least(c.judged_count, greatest(c.item_count - c.failed_count - c.held_count, 0))';

/**
 * Changes of the last hours that went in by themselves, by school, kind and judged action. What an administrator accepted is what
 * later changes are measured against, so it and everything before it is left out: a whole plan, the first plan of a profile, or
 * a school of a plan. Sums of what each run changed: a record that was changed twice counts twice (see readWindowRecords).
 */
export async function readWindow(
  tx: Tx,
  profileId: string,
  runId: string,
  hours: number,
): Promise<WindowCount[]> {
  return tx.query<WindowCount & object>(
    `with ${RECENT}
     select c.school_id as school, c.kind, ${JUDGED_ACTION('c.action')} as action,
            sum(${LET_IN_OF_COUNT})::integer as count
       from counted r join plan_count c on c.run_id = r.id
       left join school s on s.scope_id = c.school_id
      where s.created_at is null or r.created_at > s.created_at
      group by 1, 2, 3
     having sum(${LET_IN_OF_COUNT}) > 0`,
    [profileId, runId, hours],
  );
}

/**
 * The same, by records: each counts once, and not at all when this plan changes it in the same way, nor when it was set aside and somebody approved it.
 * Reads the items of those runs.
 */
export async function readWindowRecords(
  tx: Tx,
  profileId: string,
  runId: string,
  hours: number,
): Promise<WindowCount[]> {
  // By their ids, so that PostgreSQL knows how few of the items of a month are theirs: joined, it reads all of them for each run.
  const counted = await tx.query<{ id: string }>(`with ${RECENT} select id from counted`, [
    profileId,
    runId,
    hours,
  ]);
  await joinByHash(tx);
  const rows = await tx.query<WindowCount & object>(
    `with ${RECENT},
     past as (
       select distinct coalesce(i.school_id, '') as school, i.kind, i.key,
              ${JUDGED_ACTION(ITEM_ACTION)} as action
         from counted r join plan_item i on i.run_id = r.id
         left join school s on s.scope_id = i.school_id
         left join plan_item_failure f on f.run_id = i.run_id and f.item_no = i.item_no
         left join plan_item_hold h on h.run_id = i.run_id and h.item_no = i.item_no
        where i.run_id = any($4::uuid[])
          and (s.created_at is null or r.created_at > s.created_at) and f.item_no is null and h.item_no is null and ${IS_JUDGED})
     select p.school, p.kind, p.action, count(*)::integer as count
       from past p left join (
         select i.key, ${JUDGED_ACTION(ITEM_ACTION)} as action from plan_item i where i.run_id = $2) n
         on n.key = p.key and n.action = p.action
      where n.key is null
      group by 1, 2, 3`,
    [profileId, runId, hours, counted.map(({ id }) => id)],
  );
  await joinFreely(tx);
  return rows;
}

/** The rows of active_count that make up what is active of a kind. Classes are counted themselves: a school has few. */
const COUNTED: Readonly<Record<Exclude<SchoolKind, 'class'>, string>> = {
  student: `kind = 'student'`,
  teacher: `kind = 'teacher'`,
  role: `kind <> 'enrollment'`,
  enrollment: `kind = 'enrollment'`,
};

/** The schools with these source ids, one row each in `s`. $1: the source system; $2: the source ids. */
const SCHOOLS_ASKED = `s as materialized (
  select w.school, l.object_id as org_id from unnest($2::text[]) w(school)
    join link l on l.source_system_id = $1 and l.kind = 'org' and l.source_id = w.school)`;

/** What is active from this source in schools, by kind: of each kind in the schools with these source ids. Schools that are not known are left out. */
export async function readActiveBySchool(
  tx: Tx,
  { sourceSystemId }: PlanScope,
  schools: ReadonlyMap<SchoolKind, ReadonlySet<string>>,
): Promise<ActiveCount[]> {
  const found: ActiveCount[] = [];
  for (const [kind, ofKind] of schools) {
    const asked = [sourceSystemId, [...ofKind]];
    const rows =
      kind === 'class'
        ? await tx.query<{ school: string; count: number }>(
            `with ${SCHOOLS_ASKED}
             select s.school, n.count from s cross join lateral (
               select count(*)::integer as count from class c join link l on l.object_id = c.id
                where c.org_id = s.org_id and c.active and l.source_system_id = $1 and l.active) n`,
            asked,
          )
        : await tx.query<{ school: string; count: number }>(
            `with ${SCHOOLS_ASKED}
             select s.school, n.count from s cross join lateral (
               select coalesce(sum(active), 0)::integer as count from active_count
                where source_system_id = $1 and org_id = s.org_id and ${COUNTED[kind]}) n`,
            asked,
          );
    for (const { school, count } of rows) found.push({ school, kind, count });
  }
  return found;
}

/** Names of schools by source id, from the directory, else from the plan that would create them. */
export async function readSchoolNames(
  tx: Tx,
  scope: PlanScope,
  schools: readonly string[],
): Promise<Map<string, string>> {
  if (schools.length === 0) return new Map();
  const rows = await tx.query<{ school: string; name: string }>(
    `select i.source_id as school, i.after ->> 'displayName' as name from plan_item i
      where i.run_id = $2 and ${inBand('i', 'org')} and i.action = 'create' and i.source_id = any($3)
     union all
     select l.source_id, g.display_name from link l join org g on g.id = l.object_id
      where l.source_system_id = $1 and l.kind = 'org' and l.source_id = any($3)`,
    [scope.sourceSystemId, scope.runId, schools],
  );
  return new Map(rows.map(({ school, name }) => [school, name]));
}

/** People of the plan without a matching account. Those in escrow were known before and are not counted anew. */
export async function countNewlyUnmatched(tx: Tx, profileId: string, runId: string): Promise<number> {
  const rows = await tx.query<{ count: number }>(
    `select count(*)::integer as count from plan_item_failure f
       join plan_item i on i.run_id = f.run_id and i.item_no = f.item_no
      where f.run_id = $1 and f.because_of is null and f.code = 'UnsynchronizableChange' and i.kind in ('student', 'teacher')
        and i.key not in (select e.key from escrow e where e.profile_id = $2)`,
    [runId, profileId],
  );
  return rows[0]?.count ?? 0;
}

/** Endings of a run by the file whose silence they stand for. */
export async function countEndingsByFile(tx: Tx, runId: string): Promise<Map<string, number>> {
  const rows = await tx.query<{ file: string; count: number }>(
    `select file, count(*)::integer as count from plan_item
      where run_id = $1 and action in ('end', 'deactivate') and file is not null group by file`,
    [runId],
  );
  return new Map(rows.map(({ file, count }) => [file, count]));
}

/** Of a run `x`: somebody turned down what its files stood for. */
const TURNED_DOWN = `(x.state = 'rejected' or x.state = 'cancelled' and x.certificate is not null
  or exists (select from plan_hold h where h.run_id = x.id and h.scope = 'absence' and h.decision = 'rejected'))`;

/**
 * The files of the newest upload of the profile that was sealed at least so many hours before the upload of this run, and those of all uploads between the
 * two. None, when somebody has turned down since what such a file stood for: that was an accident, and another export like it is none the less.
 */
export async function readEarlierFiles(
  tx: Tx,
  profileId: string,
  runId: string,
  hours: number,
): Promise<Map<string, EarlierFile[]>> {
  const rows = await tx.query<{ file: string; rows: number; ended: boolean | null }>(
    `with earlier as (
       select u.sealed_at, r.created_at, r.certificate, u.sealed_at <= o.sealed_at - make_interval(hours => $3) as long_before
         from run r
         join upload u on u.tenant_id = r.tenant_id and u.id = r.upload_id
         join run own on own.id = $2
         join upload o on o.tenant_id = own.tenant_id and o.id = own.upload_id
        where r.profile_id = $1 and r.upload_id <> own.upload_id and r.certificate is not null and u.sealed_at < o.sealed_at),
     first as (select sealed_at, created_at from earlier where long_before order by sealed_at desc, created_at limit 1)
     select f.value ->> 'file' as file, (f.value ->> 'rows')::float8 as rows, (f.value ->> 'endsInBreak')::boolean as ended
       from first join earlier e on e.sealed_at >= first.sealed_at
      cross join lateral jsonb_array_elements(e.certificate -> 'files') f
      where not exists (select from run x where x.profile_id = $1 and x.created_at >= first.created_at and ${TURNED_DOWN})`,
    [profileId, runId, hours],
  );
  // Of runs before ends were noted: null.
  const files = rows.map(({ file, rows: count, ended }) => ({ file, rows: count, endsInBreak: ended }));
  return Map.groupBy(files, ({ file }) => file);
}

/** The files of the profile that ended in a line break when they were proven whole last, but for this run, and for what somebody turned down. */
export async function readEndedInBreak(tx: Tx, profileId: string, runId: string): Promise<Set<string>> {
  const rows = await tx.query<{ file: string; ended: boolean }>(
    `select distinct on (1) f.value ->> 'file' as file, (f.value -> 'endsInBreak')::boolean as ended
       from run r
       join upload u on u.tenant_id = r.tenant_id and u.id = r.upload_id
       cross join lateral jsonb_array_elements(r.certificate -> 'files') f
      where r.profile_id = $1 and r.id <> $2 and r.state not in ('rejected', 'cancelled')
        and f.value ->> 'proof' is not null and jsonb_typeof(f.value -> 'endsInBreak') = 'boolean'
      order by 1, u.sealed_at desc, r.created_at desc`,
    [profileId, runId],
  );
  return new Set(rows.filter(({ ended }) => ended).map(({ file }) => file));
}
