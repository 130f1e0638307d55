import type { ChannelDefinition } from '#core/notices/notice-channel.ts';

import type { Tx } from '../database.ts';
import { nextDigestSql } from './next-digest.ts';

export interface StoredChannel extends ChannelDefinition {
  readonly id: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Of the newest message that was tried: what became of it. Null: none was. */
  readonly lastAttemptAt: Date | null;
  readonly lastError: string | null;
  readonly waiting: number;
  readonly failed: number;
}

const COLUMNS = `c.id, c.kind, c.address, c.events, c.digest, coalesce(c.digest_hour, 0) as "digestHour", c.enabled,
  c.created_at as "createdAt", c.updated_at as "updatedAt", d.waiting, d.failed, l.last_attempt_at as "lastAttemptAt",
  l.last_error as "lastError"`;
const FROM = `from notice_channel c
  cross join lateral (
    select count(*) filter (where state = 'waiting')::int as waiting, count(*) filter (where state = 'failed')::int as failed
      from notice_delivery d where d.tenant_id = c.tenant_id and d.channel_id = c.id) d
  left join lateral (
    select last_attempt_at, last_error from notice_delivery d
     where d.tenant_id = c.tenant_id and d.channel_id = c.id and last_attempt_at is not null
     order by last_attempt_at desc limit 1) l on true`;

/** All channels of the tenant, the oldest first. */
export async function listChannels(tx: Tx): Promise<StoredChannel[]> {
  return tx.query<StoredChannel>(`select ${COLUMNS} ${FROM} order by c.created_at, c.id`);
}

export async function findChannel(tx: Tx, id: string): Promise<StoredChannel | null> {
  const rows = await tx.query<StoredChannel>(`select ${COLUMNS} ${FROM} where c.id = $1`, [id]);
  return rows[0] ?? null;
}

/** How many channels there are; others who add one wait until this transaction ends, so that the limit holds. */
export async function countChannels(tx: Tx): Promise<number> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('notice_channel ' || current_tenant()))`);
  const rows = await tx.query<{ count: number }>('select count(*)::int as count from notice_channel');
  return rows[0]?.count ?? 0;
}

/** `secret`: sealed; null for a kind without. */
export async function insertChannel(
  tx: Tx,
  channel: ChannelDefinition & { readonly id: string; readonly secret: Buffer | null },
): Promise<void> {
  await tx.query(
    `insert into notice_channel (tenant_id, id, kind, address, events, digest, digest_hour, enabled, secret)
     values (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      channel.id,
      channel.kind,
      channel.address,
      channel.events,
      channel.digest,
      channel.digestHour,
      channel.enabled,
      channel.secret,
    ],
  );
}

/**
 * Stores what its owner decides. What waits and was not tried yet follows the digest: to its hour, or at once; what was tried
 * waits for its next attempt, which goes to the new address. False: there is no such channel.
 */
export async function updateChannel(tx: Tx, id: string, channel: ChannelDefinition): Promise<boolean> {
  const rows = await tx.query(
    `update notice_channel set address = $2, events = $3, digest = $4, digest_hour = $5, enabled = $6, updated_at = now()
      where id = $1 returning 1`,
    [id, channel.address, channel.events, channel.digest, channel.digestHour, channel.enabled],
  );
  await tx.query(
    `update notice_delivery d set joined = c.digest = 'daily', next_attempt_at = ${nextDigestSql('c', 't')}
       from notice_channel c join tenant t on t.id = c.tenant_id
      where c.id = $1 and d.channel_id = c.id and d.state = 'waiting' and d.message_id is null`,
    [id],
  );
  return rows.length > 0;
}

/** The new secret signs from now on; the one before beside it for `keepHours`. False: there is no such channel, or it has no secret. */
export async function replaceSecret(tx: Tx, id: string, secret: Buffer, keepHours: number): Promise<boolean> {
  const rows = await tx.query(
    `update notice_channel set previous_secret = secret, previous_secret_until = now() + make_interval(hours => $3), secret = $2,
            updated_at = now()
      where id = $1 and secret is not null returning 1`,
    [id, secret, keepHours],
  );
  return rows.length > 0;
}

/** Removes a channel and its deliveries, those that wait too. False: there is no such channel. */
export async function deleteChannel(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx.query('delete from notice_channel where id = $1 returning 1', [id]);
  return rows.length > 0;
}
