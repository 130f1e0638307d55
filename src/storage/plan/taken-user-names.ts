import type { Tx } from '../database.ts';
import { joinAccounts, RENAMED } from './identity-rule.ts';
import { inBand, inEndings } from './item-band.ts';
import { lookUp } from './look-up.ts';
import type { PlanScope } from './resolve-links.ts';

/**
 * Identity creation: the user name that a record gives a person belongs to somebody else's account. Somebody of this roster who gets another
 * one gives it up (user names by class and seat change hands every year). Else the profile may link what is new to the account, or the record
 * fails, and whoever waits for its name with it. `many`: see aboutManyPeople.
 */
export async function resolveTakenUserNames(
  tx: Tx,
  scope: PlanScope,
  linkByUserName: boolean,
  many: boolean,
): Promise<void> {
  if (linkByUserName) await linkToAccounts(tx, scope, many);
  await failTaken(tx, scope, linkByUserName, many);
}

/** Records of a run `$1` that give a person a user name, with the account `a` of somebody else who has it. */
function taken(many: boolean): string {
  return `plan_item i
      ${joinAccounts('join', 'userPrincipalName', `i.after ->> 'userPrincipalName'`, many)}
       left join giving g on g.person_id = a.person_id and g.name <> a.user_name_key
      where i.run_id = $1 and ${inBand('i', 'student', 'teacher')}
        and (i.action = 'create' or i.action in ('update', 'reactivate') and ${RENAMED} and a.person_id <> i.object_id)`;
}

/** Who gets another user name in this run. */
const GIVING = `giving as materialized (
  select i.item_no, i.object_id as person_id, lower(i.after ->> 'userPrincipalName') as name,
         exists (select from plan_item_failure f where f.run_id = i.run_id and f.item_no = i.item_no) as fails
    from plan_item i
   where i.run_id = $1 and ${inBand('i', 'student', 'teacher')} and i.action in ('update', 'reactivate') and ${RENAMED}
     and i.after ? 'userPrincipalName')`;

const FAIL = 'insert into plan_item_failure (tenant_id, run_id, item_no, code, message, joining_value)';
const failure = (remedy: string): string => `current_tenant(), i.run_id, i.item_no, 'DuplicateTargetEntries',
            'An account with the user name ' || a.user_name || ' is there already and belongs to somebody else. ${remedy}', a.user_name`;

/** What is new is linked, unless another record of the source has the account and keeps it; of several alike, the first. */
async function linkToAccounts(tx: Tx, scope: PlanScope, many: boolean): Promise<void> {
  await tx.query(
    `with ending as materialized (
       select i.key from plan_item i where i.run_id = $1 and ${inEndings('i')} and i.kind in ('student', 'teacher') and i.action = 'deactivate'),
     found as (
       select i.item_no, a.person_id, p.version, row_number() over (partition by i.kind, a.person_id order by i.item_no) as place,
              exists (select from link l where l.source_system_id = $2 and l.kind = i.kind and l.active
                         and l.object_id = a.person_id and l.key not in (select key from ending)) as linked
         from plan_item i
        ${joinAccounts('join', 'userPrincipalName', `i.after ->> 'userPrincipalName'`, many)}
        cross join ${lookUp('person', 'p', 'p.tenant_id = a.tenant_id and p.id = a.person_id')}
        where i.run_id = $1 and ${inBand('i', 'student', 'teacher')} and i.action = 'create')
     update plan_item t set action = 'link', reason = 'userNameTaken', object_id = n.person_id, base_version = n.version
       from found n
      where t.run_id = $1 and ${inBand('t', 'student', 'teacher')} and t.item_no = n.item_no and n.place = 1 and not n.linked`,
    [scope.runId, scope.sourceSystemId],
  );
}

async function failTaken(tx: Tx, scope: PlanScope, linkByUserName: boolean, many: boolean): Promise<void> {
  const failed = failure(
    linkByUserName
      ? 'Give each person a user name of their own.'
      : 'Change the user name, or let the profile link to accounts by user name (setting linkByUserName).',
  );
  await tx.query(
    `with ${GIVING}
     ${FAIL}
     select ${failed} from ${taken(many)} and (g.item_no is null or g.fails)
     on conflict do nothing`,
    [scope.runId],
  );
  const waiting = await tx.query<Waiting>(
    `with ${GIVING}
     select i.item_no as "itemNo", g.item_no as "giverNo", g.fails from ${taken(many)} and g.item_no is not null`,
    [scope.runId],
  );
  const failing = thoseInVain(waiting);
  if (failing.length === 0) return;
  await tx.query(
    `with ${GIVING}
     ${FAIL}
     select ${failed} from ${taken(many)} and i.item_no = any($2::integer[])
     on conflict do nothing`,
    [scope.runId, failing],
  );
}

/** A record that gets a user name when another one gets its own. */
interface Waiting {
  readonly itemNo: number;
  readonly giverNo: number;
  /** The other one does not. */
  readonly fails: boolean;
}

/** The numbers of the records that wait in vain: for one that fails, or for one that waits in vain. Those that wait in a circle swap. */
function thoseInVain(waiting: readonly Waiting[]): number[] {
  const waitingByGiver = Map.groupBy(waiting, ({ giverNo }) => giverNo);
  const inVain = new Set(waiting.filter(({ fails }) => fails).map(({ itemNo }) => itemNo));
  // A set is walked through with what is added on the way.
  for (const itemNo of inVain) for (const next of waitingByGiver.get(itemNo) ?? []) inVain.add(next.itemNo);
  return [...inVain];
}
