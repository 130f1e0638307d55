import { EXPIRED_STATUS } from '#core/schedule/expired-names.ts';

import type { Tx } from '../database.ts';
import { ITEMS, type ItemRange } from './item-range.ts';

/**
 * What the items of an expiration are about to change, as it is in this very moment, so that the undo can put it back: also what somebody
 * edited while the plan waited for its approval. In the transaction of the batch, before it writes.
 */
export async function rememberExpiredClasses(tx: Tx, range: ItemRange): Promise<void> {
  await tx.query(
    `with ${ITEMS}
     update link l
        set before_expiration = jsonb_build_object('content', l.content::text, 'attributes', l.attributes,
              'displayName', c.display_name, 'mailNickname', c.mail_nickname, 'externalId', c.external_id,
              'externalName', c.external_name, 'status', c.attributes -> 'status',
              'written', jsonb_build_object('displayName', i.after ->> 'displayName', 'mailNickname', i.after ->> 'mailNickname',
                                            'status', '${EXPIRED_STATUS}'))
       from item i join class c on c.id = i.object_id
      where i.kind = 'class' and l.source_system_id = $4 and l.key = i.key`,
    [range.runId, range.firstItemNo, range.lastItemNo, range.sourceSystemId],
  );
}

/** The same for the places of students that a range ends. */
export async function rememberEndedPlaces(tx: Tx, range: ItemRange): Promise<void> {
  await tx.query(
    `with ${ITEMS}
     update enrollment o set ended_by_expiration = $1
       from item i where i.kind = 'enrollment' and i.action = 'end' and o.source_system_id = $4 and o.key = i.key and o.active`,
    [range.runId, range.firstItemNo, range.lastItemNo, range.sourceSystemId],
  );
}
