import type { DeliveryState } from '#core/notices/delivery-state.ts';
import type { ChannelKind } from '#core/notices/notice-channel.ts';
import type { Notice } from '#core/notices/notice.ts';

import type { Tx } from '../database.ts';

/** Of `n`, as Notice. */
export const NOTICE_COLUMNS = `n.id, n.profile_id as "profileId", n.profile_name as "profileName", n.run_id as "runId", n.event,
  n.payload, n.created_at as "createdAt"`;

export interface StoredNotice extends Notice {
  /** When its reason ended; null while it is open. */
  readonly closedAt: Date | null;
}

/** Notices, the newest first. `beforeId`: those older than that one. */
export async function listNotices(
  tx: Tx,
  page: { readonly profileId: string | null; readonly beforeId: string | null; readonly limit: number },
): Promise<StoredNotice[]> {
  return tx.query<StoredNotice>(
    `select ${NOTICE_COLUMNS}, n.closed_at as "closedAt" from notice n
      where ($1::uuid is null or n.profile_id = $1) and ($2::uuid is null or n.id < $2) order by n.id desc limit $3`,
    [page.profileId, page.beforeId, page.limit],
  );
}

export async function findNotice(tx: Tx, id: string): Promise<StoredNotice | null> {
  const rows = await tx.query<StoredNotice>(
    `select ${NOTICE_COLUMNS}, n.closed_at as "closedAt" from notice n where n.id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

export interface StoredDelivery {
  readonly channelId: string;
  readonly kind: ChannelKind;
  readonly address: string;
  readonly state: DeliveryState;
  readonly messageId: string | null;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly lastAttemptAt: Date | null;
  readonly lastError: string | null;
  readonly deliveredAt: Date | null;
}

/** Where a notice went, and what became of it there. */
export async function listDeliveries(tx: Tx, noticeId: string): Promise<StoredDelivery[]> {
  return tx.query<StoredDelivery>(
    `select d.channel_id as "channelId", c.kind, c.address, d.state, d.message_id as "messageId", d.attempts,
            d.next_attempt_at as "nextAttemptAt", d.last_attempt_at as "lastAttemptAt", d.last_error as "lastError",
            d.delivered_at as "deliveredAt"
       from notice_delivery d join notice_channel c on c.tenant_id = d.tenant_id and c.id = d.channel_id
      where d.notice_id = $1 order by c.created_at, c.id`,
    [noticeId],
  );
}
