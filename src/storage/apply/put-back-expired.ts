import { changeGeneration } from '../runs/batch-fence.ts';
import type { Tx } from '../database.ts';
import { ITEMS, type ItemRange } from './item-range.ts';

const SINCE = 'ChangedSinceExpiration';

/**
 * Puts the classes of a range back as they were before their profile expired: their names and ids, their link with what the source said,
 * and with them all their enrollments, from the source system that keeps expired classes (`keptInId`) into that of the profile. One that a
 * later sync overtook since the plan was made is left alone.
 */
export async function putBackClasses(tx: Tx, range: ItemRange, keptInId: string): Promise<void> {
  const scope = [range.runId, range.firstItemNo, range.lastItemNo, range.sourceSystemId, keptInId];
  await tx.query(
    `with ${ITEMS}
     insert into plan_item_failure (tenant_id, run_id, item_no, code, message, because_of)
     select current_tenant(), i.run_id, i.item_no, '${SINCE}',
            'It was put back or overtaken by a later sync after the plan was made, and is left alone.', null
       from item i
      where not exists (select from link l where l.source_system_id = $5 and l.key = i.key and l.before_expiration is not null)
         or exists (select from link n where n.source_system_id = $4 and n.kind = 'class' and (n.key = i.key or n.source_id = i.source_id))
     on conflict do nothing`,
    scope,
  );
  await tx.query(
    `with ${ITEMS}
     update class c set display_name = i.after ->> 'displayName', mail_nickname = i.after ->> 'mailNickname',
            external_id = i.after ->> 'externalId', external_name = l.before_expiration ->> 'externalName',
            attributes = case when i.after ->> 'status' is null then c.attributes - 'status'
                              else c.attributes || jsonb_build_object('status', i.after -> 'status') end,
            version = c.version + 1, change_seq = $5
       from item i join link l on l.source_system_id = $4 and l.key = i.key
      where c.id = i.object_id`,
    [range.runId, range.firstItemNo, range.lastItemNo, keptInId, range.changeSeq],
  );
  await tx.query(
    `with ${ITEMS}
     update enrollment e set source_system_id = $4
       from item i where e.source_system_id = $5 and e.class_id = i.object_id`,
    scope,
  );
  await tx.query(
    `with ${ITEMS}
     update link l set source_system_id = $4, content = (l.before_expiration ->> 'content')::bigint,
            attributes = l.before_expiration -> 'attributes', before_expiration = null, last_run_id = i.run_id
       from item i where l.source_system_id = $5 and l.key = i.key`,
    scope,
  );
  // The batch has made those of the profile stale.
  await changeGeneration(tx, keptInId);
}

/** Gives students their places back that the expiration ended, in classes that are back. */
export async function putBackPlaces(tx: Tx, range: ItemRange): Promise<void> {
  const scope = [range.runId, range.firstItemNo, range.lastItemNo, range.sourceSystemId];
  await tx.query(
    `with ${ITEMS}
     insert into plan_item_failure (tenant_id, run_id, item_no, code, message, because_of)
     select current_tenant(), i.run_id, i.item_no, '${SINCE}', 'The class or the student is left alone, and so is this place.', null
       from item i
      where not exists (select from enrollment e join person p on p.id = e.person_id and p.active
                         where e.source_system_id = $4 and e.key = i.key and e.ended_by_expiration is not null)
     on conflict do nothing`,
    scope,
  );
  await tx.query(
    `with ${ITEMS}
     update enrollment e set active = true, ended_by_expiration = null, version = e.version + 1, change_seq = $5
       from item i where e.source_system_id = $4 and e.key = i.key`,
    [...scope, range.changeSeq],
  );
}
