import { createHash } from 'node:crypto';

import { cleanPayload, cleanText, type NoticePayload } from '#core/notices/notice.ts';
import { CLOSED_WITHOUT_ERRORS, type NoticeEvent } from '#core/notices/notice-events.ts';

import type { Tx } from '../database.ts';
import { nextDigestSql } from './next-digest.ts';

export interface NewNotice {
  /** Of system.newId: notices are listed in the order of their ids. */
  readonly id: string;
  readonly profileId: string;
  readonly runId: string | null;
  readonly event: NoticeEvent;
  /** While a notice of this profile and event with this key is open, nothing is raised again. See reasonKeyOf. */
  readonly reasonKey: string;
  /** No personal data. */
  readonly payload: NoticePayload;
}

/** Longer keys are hashed: an index takes no row of any size. */
const MAX_KEY_LENGTH = 200;

/**
 * Raises a notice, in the transaction of the change it tells of: both are there, or none. A delivery is made for each
 * channel that wants the event. What is over as soon as it is told (recovered) is closed from the start.
 * @returns false when the same reason is open already.
 */
export async function raiseNotice(tx: Tx, notice: NewNotice): Promise<boolean> {
  const rows = await tx.query(
    `with raised as (
       insert into notice (tenant_id, id, profile_id, run_id, event, reason_key, profile_name, payload, closed_at)
       select current_tenant(), $1, p.id, $3, $4, $5, p.display_name, $6, case when $4 = 'recovered' then now() end
         from profile p where p.id = $2
       on conflict (tenant_id, profile_id, event, reason_key) where closed_at is null do nothing
       returning id, event),
     sent as (
       insert into notice_delivery (tenant_id, notice_id, channel_id, joined, next_attempt_at)
       select current_tenant(), raised.id, c.id, c.digest = 'daily', ${nextDigestSql('c', 't')}
         from raised cross join notice_channel c join tenant t on t.id = c.tenant_id
        where c.enabled and (c.events = '{}' or raised.event = any (c.events)))
     select 1 from raised`,
    [
      notice.id,
      notice.profileId,
      notice.runId,
      notice.event,
      shortKey(notice.reasonKey),
      JSON.stringify(cleanPayload(notice.payload)),
    ],
  );
  return rows.length > 0;
}

/**
 * Closes the open notices of a profile, in the transaction that ends their reason. `withErrors`: some records are still not in the
 * directory, so what tells of records stays open. `event`: of this one alone.
 * @returns how many were closed.
 */
export async function closeNotices(
  tx: Tx,
  profileId: string,
  options: { readonly withErrors?: boolean; readonly event?: NoticeEvent } = {},
): Promise<number> {
  const rows = await tx.query(
    `update notice set closed_at = now()
      where profile_id = $1 and closed_at is null and event <> all ($2::text[]) and ($3::text is null or event = $3) returning 1`,
    [profileId, options.withErrors === true ? CLOSED_WITHOUT_ERRORS : [], options.event ?? null],
  );
  return rows.length;
}

function shortKey(key: string): string {
  const clean = cleanText(key);
  return key.length <= MAX_KEY_LENGTH ? clean : createHash('sha256').update(key).digest('hex');
}
