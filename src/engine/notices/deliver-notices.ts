import { stepDelivery, type AttemptOutcome, type DeliveryStep } from '#core/notices/delivery-state.ts';
import { must } from '#lib/assert.ts';
import { asOwner, inTenant } from '#storage/database.ts';
import {
  claimMessage,
  findDueChannels,
  finishMessage,
  type ClaimedMessage,
} from '#storage/notices/claim-message.ts';

import type { NoticeContext } from './notice-context.ts';
import { sendMessage } from './send-message.ts';

export interface DeliveryOptions {
  /** Seconds between two looks for what is due; 5 by default. */
  readonly pollSeconds?: number | undefined;
}

/** Channels that are sent to at the same time: one that hangs keeps the others waiting only when so many hang. */
const CONCURRENCY = 8;
const POLL_SECONDS = 5;
/** Longer than any attempt takes. After a crash the attempt is repeated when it is over. */
const LEASE_SECONDS = 120;

/**
 * Delivers notices until stopped. Any number of processes may do so: the lease of a channel lets one of them send. At least once, under
 * an id that stays: a process that dies between the answer and the commit leaves a message that is sent again.
 */
export function startNoticeDelivery(
  context: NoticeContext,
  options: DeliveryOptions = {},
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const delivering = (async () => {
    while (!stopping.signal.aborted) {
      const sent = await deliverDue(context, stopping.signal).catch((error: unknown) => {
        context.log.warn({ err: error }, 'notices could not be looked for; that is repeated');
        return 0;
      });
      if (sent === 0)
        await context.system.sleep((options.pollSeconds ?? POLL_SECONDS) * 1_000, stopping.signal);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await delivering;
    },
  };
}

/** One message for each channel that has something due. @returns how many were tried; when none, nothing is due. */
export async function deliverDue(context: NoticeContext, stopping: AbortSignal): Promise<number> {
  const due = await asOwner(context.db, findDueChannels);
  let sent = 0;
  const work = async (): Promise<void> => {
    for (let next = due.shift(); next !== undefined && !stopping.aborted; next = due.shift()) {
      const { tenantId, channelId } = next;
      try {
        if (await deliverNext(context, tenantId, channelId, stopping)) sent += 1;
      } catch (error) {
        context.log.warn({ tenantId, channelId, err: error }, 'a notice could not be delivered');
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return sent;
}

async function deliverNext(
  context: NoticeContext,
  tenantId: string,
  channelId: string,
  stopping: AbortSignal,
): Promise<boolean> {
  const { db, system } = context;
  const leaseOwner = system.newId();
  const claimed = await inTenant(db, tenantId, (tx) =>
    claimMessage(tx, { channelId, leaseOwner, leaseSeconds: LEASE_SECONDS, newMessageId: system.newId() }),
  );
  if (claimed === null) return false;
  const outcome = await attempt(context, tenantId, claimed, stopping);
  const step = stopping.aborted && !outcome.taken ? TRY_AGAIN : stepDelivery(outcome, claimed.attempts);
  const error = outcome.taken ? null : outcome.reason;
  context.telemetry.metrics.add('rollbook_notice_attempts_total', {
    channel: claimed.target.kind,
    outcome: step.event,
  });
  const { messageId } = claimed;
  await inTenant(db, tenantId, (tx) => finishMessage(tx, { channelId, leaseOwner, messageId, step, error }));
  // Not the address: its path is a secret with many receivers.
  if (step.event === 'gaveUp')
    context.log.warn({ tenantId, channelId, messageId, attempts: claimed.attempts, reason: error }, GAVE_UP);
  return true;
}

const GAVE_UP = 'a notice was given up; its deliveries say so';

/** The service was stopped in the middle of it. */
const TRY_AGAIN: DeliveryStep = { event: 'refused', state: 'waiting', retryInSeconds: 0 };

function attempt(
  context: NoticeContext,
  tenantId: string,
  claimed: ClaimedMessage,
  stopping: AbortSignal,
): Promise<AttemptOutcome> {
  const at = must(claimed.notices.at(-1)).createdAt;
  const message = {
    id: claimed.messageId,
    type: claimed.joined ? ('digest' as const) : ('notice' as const),
    tenantId,
    notices: claimed.notices,
    at,
  };
  return sendMessage(context, claimed.target, message, stopping);
}
