import {
  MAX_MESSAGES_PER_HOUR,
  MAX_NOTICES_PER_MESSAGE,
  type ChannelKind,
} from '#core/notices/notice-channel.ts';
import type { DeliveryStep } from '#core/notices/delivery-state.ts';
import type { Notice } from '#core/notices/notice.ts';

import type { Tx } from '../database.ts';
import { NOTICE_COLUMNS } from './read-notices.ts';

/** Where a message goes. Secrets are sealed. */
export interface ChannelTarget {
  readonly kind: ChannelKind;
  readonly address: string;
  readonly secret: Buffer | null;
  /** The one before, while it signs too. */
  readonly previousSecret: Buffer | null;
}

export interface ClaimedMessage {
  readonly channelId: string;
  readonly target: ChannelTarget;
  readonly messageId: string;
  /** The oldest first. */
  readonly notices: readonly Notice[];
  readonly joined: boolean;
  /** With the one that begins now. */
  readonly attempts: number;
}

const TARGET = `kind, address, secret,
  case when previous_secret_until > now() then previous_secret end as "previousSecret"`;
const RECENT = `array(select at from unnest(recent_attempts) as at where at > now() - interval '1 hour')`;

/** Channels of all tenants that have something to send now (as owner). A channel that somebody sends to is left out. */
export async function findDueChannels(tx: Tx): Promise<{ tenantId: string; channelId: string }[]> {
  return tx.query(
    `select c.tenant_id as "tenantId", c.id as "channelId" from notice_channel c
      where c.enabled and (c.lease_expires_at is null or c.lease_expires_at <= now())
        and exists (select from notice_delivery d where d.tenant_id = c.tenant_id and d.channel_id = c.id
                     and d.state = 'waiting' and d.next_attempt_at <= now())
      order by c.tenant_id, c.id`,
  );
}

/**
 * Takes the next message of a channel: the channel's lease, so that nobody else sends to it, and the rows of the message, which
 * carry its id from now on. An attempt that ends with its process is repeated when the lease is over, with the same id.
 * Above the limit of an hour nothing is taken: what is due waits until the hour is over, to be joined.
 * @returns null when there is nothing to send now, or somebody else sends.
 */
export async function claimMessage(
  tx: Tx,
  input: {
    readonly channelId: string;
    /** Names this attempt; it has to be given back with finishMessage. */
    readonly leaseOwner: string;
    readonly leaseSeconds: number;
    /** The id of a message that was not tried yet. */
    readonly newMessageId: string;
  },
): Promise<ClaimedMessage | null> {
  const channels = await tx.query<ChannelTarget & { waitSeconds: number | null }>(
    `select ${TARGET}, case when cardinality(recent) < ${MAX_MESSAGES_PER_HOUR} then null
              else extract(epoch from recent[1] + interval '1 hour' - now())::float8 end as "waitSeconds"
       from (select *, ${RECENT} as recent from notice_channel
              where id = $1 and enabled and (lease_expires_at is null or lease_expires_at <= now())
                for no key update skip locked) c`,
    [input.channelId],
  );
  const channel = channels[0];
  if (channel === undefined) return null;
  if (channel.waitSeconds !== null) {
    await postpone(tx, input.channelId, channel.waitSeconds);
    return null;
  }
  const rows = await takeRows(tx, input.channelId, input.newMessageId);
  const [first] = rows;
  if (first === undefined) return null;
  await tx.query(
    `update notice_channel set lease_owner = $2, lease_expires_at = now() + make_interval(secs => $3),
            recent_attempts = ${RECENT} || now() where id = $1`,
    [input.channelId, input.leaseOwner, input.leaseSeconds],
  );
  const { kind, address, secret, previousSecret } = channel;
  return {
    channelId: input.channelId,
    target: { kind, address, secret, previousSecret },
    messageId: first.messageId,
    notices: rows,
    joined: first.joined,
    attempts: first.attempts,
  };
}

interface TakenRow extends Notice {
  readonly messageId: string;
  readonly joined: boolean;
  readonly attempts: number;
}

/** A message that was tried goes first; else all that waits to be joined; else the oldest notice alone. */
async function takeRows(tx: Tx, channelId: string, newMessageId: string): Promise<TakenRow[]> {
  return tx.query<TakenRow>(
    `with due as (
       select notice_id, message_id, joined, next_attempt_at from notice_delivery
        where channel_id = $1 and state = 'waiting' and next_attempt_at <= now()),
     first as (
       select * from due order by message_id is null, next_attempt_at, not joined, notice_id limit 1),
     chosen as (
       select d.notice_id from due d cross join first f
        where case when f.message_id is not null then d.message_id = f.message_id
                   when f.joined then d.joined and d.message_id is null
                   else d.notice_id = f.notice_id end
        order by d.notice_id limit ${MAX_NOTICES_PER_MESSAGE}),
     taken as (
       update notice_delivery d set message_id = coalesce(d.message_id, $2), attempts = d.attempts + 1, last_attempt_at = now()
         from chosen where d.channel_id = $1 and d.notice_id = chosen.notice_id
       returning d.notice_id, d.message_id, d.joined, d.attempts)
     select ${NOTICE_COLUMNS}, taken.message_id as "messageId", taken.joined, taken.attempts
       from taken join notice n on n.id = taken.notice_id order by n.id`,
    [channelId, newMessageId],
  );
}

/** What is due waits; what was not tried yet is joined into one message. */
async function postpone(tx: Tx, channelId: string, seconds: number): Promise<void> {
  await tx.query(
    `update notice_delivery set next_attempt_at = now() + make_interval(secs => $2), joined = joined or message_id is null
      where channel_id = $1 and state = 'waiting' and next_attempt_at <= now()`,
    [channelId, seconds],
  );
}

/**
 * Stores what came of an attempt and gives the lease back. False, and nothing is stored, when the channel was removed or
 * somebody else took over: then the message is sent once more, under the same id.
 */
export async function finishMessage(
  tx: Tx,
  attempt: {
    readonly channelId: string;
    readonly leaseOwner: string;
    readonly messageId: string;
    readonly step: DeliveryStep;
    /** In our words, without secrets; null when it was taken. */
    readonly error: string | null;
  },
): Promise<boolean> {
  const freed = await tx.query(
    `update notice_channel set lease_owner = null, lease_expires_at = null where id = $1 and lease_owner = $2 returning 1`,
    [attempt.channelId, attempt.leaseOwner],
  );
  if (freed.length === 0) return false;
  await tx.query(
    `update notice_delivery set state = $3, last_error = $4,
            delivered_at = case when $3 = 'delivered' then now() end,
            next_attempt_at = case when $3 = 'waiting' then now() + make_interval(secs => $5) end
      where channel_id = $1 and message_id = $2 and state = 'waiting'`,
    [
      attempt.channelId,
      attempt.messageId,
      attempt.step.state,
      attempt.error,
      attempt.step.retryInSeconds ?? 0,
    ],
  );
  return true;
}

/** Takes one message of the hour for a test. Null: there is no such channel; a number: seconds until one is free. */
export async function claimTest(tx: Tx, channelId: string): Promise<ChannelTarget | number | null> {
  const rows = await tx.query<ChannelTarget & { waitSeconds: number }>(
    `select ${TARGET}, case when cardinality(recent) < ${MAX_MESSAGES_PER_HOUR} then 0
              else ceil(extract(epoch from recent[1] + interval '1 hour' - now()))::float8 end as "waitSeconds"
       from (select *, ${RECENT} as recent from notice_channel where id = $1 for no key update) c`,
    [channelId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  if (row.waitSeconds > 0) return row.waitSeconds;
  await tx.query(`update notice_channel set recent_attempts = ${RECENT} || now() where id = $1`, [channelId]);
  const { kind, address, secret, previousSecret } = row;
  return { kind, address, secret, previousSecret };
}
