import { TooManyRequestsError } from '#access/access-errors.ts';
import { isMailAddress } from '#core/notices/mail-address.ts';
import { MAX_CHANNELS, type ChannelDefinition } from '#core/notices/notice-channel.ts';
import { must } from '#lib/assert.ts';
import { ConflictError, InvalidRequestError, NotFoundError } from '#lib/errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import {
  countChannels,
  deleteChannel,
  findChannel,
  insertChannel,
  listChannels as selectChannels,
  replaceSecret,
  type StoredChannel,
  updateChannel,
} from '#storage/notices/channels.ts';
import { claimTest } from '#storage/notices/claim-message.ts';

import { isUuid } from '../profiles/profile-context.ts';
import { findWebhookAddresses } from './find-webhook-addresses.ts';
import type { NoticeContext } from './notice-context.ts';
import { sendMessage } from './send-message.ts';
import { newWebhookSecret } from './webhook-secret.ts';

const READ_ONLY = { readOnly: true } as const;
/** So long the secret that was replaced signs beside the new one. */
export const OLD_SECRET_HOURS = 24;

export async function listChannels(
  context: Pick<NoticeContext, 'db'>,
  tenantId: string,
): Promise<StoredChannel[]> {
  return inTenant(context.db, tenantId, selectChannels, READ_ONLY);
}

/** Errors: NotFoundError. */
export async function getChannel(
  context: Pick<NoticeContext, 'db'>,
  tenantId: string,
  id: string,
): Promise<StoredChannel> {
  return inTenant(context.db, tenantId, (tx) => mustFindChannel(tx, id), READ_ONLY);
}

/**
 * Makes a channel. The secret of a webhook is in this answer and in none after it.
 * Errors: InvalidRequestError for an address that notices are not sent to, ConflictError when there are too many.
 */
export async function createChannel(
  context: NoticeContext,
  tenantId: string,
  definition: ChannelDefinition,
): Promise<{ channel: StoredChannel; secret: string | null }> {
  await checkAddress(context, definition);
  const secret = definition.kind === 'webhook' ? newWebhookSecret(context.system) : null;
  const id = context.system.newId();
  const channel = await inTenant(context.db, tenantId, async (tx) => {
    if ((await countChannels(tx)) >= MAX_CHANNELS)
      throw new ConflictError(`There are ${MAX_CHANNELS} channels already. Remove one first.`);
    await insertChannel(tx, { ...definition, id, secret: seal(context, secret) });
    return must(await findChannel(tx, id));
  });
  return { channel, secret };
}

/** Changes what is named. Errors: NotFoundError, InvalidRequestError. */
export async function changeChannel(
  context: NoticeContext,
  tenantId: string,
  id: string,
  change: Partial<Omit<ChannelDefinition, 'kind'>>,
): Promise<StoredChannel> {
  const { kind } = await getChannel(context, tenantId, id);
  // Before the transaction: a name is resolved for it.
  if (change.address !== undefined) await checkAddress(context, { kind, address: change.address });
  return inTenant(context.db, tenantId, async (tx) => {
    const before = await mustFindChannel(tx, id);
    if (!(await updateChannel(tx, before.id, { ...before, ...change }))) throw noSuchChannel(id);
    return must(await findChannel(tx, before.id));
  });
}

/** A new secret, in this answer only; the old one signs too for a day. Errors: NotFoundError, ConflictError. */
export async function rotateSecret(
  context: NoticeContext,
  tenantId: string,
  id: string,
): Promise<{ channel: StoredChannel; secret: string }> {
  const secret = newWebhookSecret(context.system);
  const channel = await inTenant(context.db, tenantId, async (tx) => {
    const before = await mustFindChannel(tx, id);
    if (!(await replaceSecret(tx, before.id, must(seal(context, secret)), OLD_SECRET_HOURS)))
      throw new ConflictError('Only webhooks have a secret.');
    return must(await findChannel(tx, before.id));
  });
  return { channel, secret };
}

/** Removes a channel with what waits for it. Errors: NotFoundError. */
export async function removeChannel(
  context: Pick<NoticeContext, 'db'>,
  tenantId: string,
  id: string,
): Promise<void> {
  await inTenant(context.db, tenantId, async (tx) => {
    const channel = await mustFindChannel(tx, id);
    await deleteChannel(tx, channel.id);
  });
}

export interface TestResult {
  readonly messageId: string;
  readonly delivered: boolean;
  /** Why not; null when it was delivered. */
  readonly reason: string | null;
}

/** Sends a test notice at once, to a disabled channel too, and waits for what becomes of it. Errors: NotFoundError, TooManyRequestsError. */
export async function testChannel(context: NoticeContext, tenantId: string, id: string): Promise<TestResult> {
  const { id: channelId } = await getChannel(context, tenantId, id);
  const target = await inTenant(context.db, tenantId, (tx) => claimTest(tx, channelId));
  if (target === null) throw noSuchChannel(id);
  if (typeof target === 'number')
    throw new TooManyRequestsError('This channel had all its messages of this hour.', target);
  const messageId = context.system.newId();
  const message = { id: messageId, type: 'test' as const, tenantId, notices: [], at: context.system.now() };
  const outcome = await sendMessage(context, target, message, new AbortController().signal);
  return { messageId, delivered: outcome.taken, reason: outcome.taken ? null : outcome.reason };
}

/** Refuses what is visibly no place for notices. A name that does not resolve yet is let pass: each attempt looks again. */
async function checkAddress(
  { post }: Pick<NoticeContext, 'post'>,
  { kind, address }: Pick<ChannelDefinition, 'kind' | 'address'>,
): Promise<void> {
  if (kind === 'email') {
    if (!isMailAddress(address))
      throw new InvalidRequestError('address: Give one e-mail address such as it@contoso.com.', 'address');
    if (post.smtp === null)
      throw new ConflictError('There is no mail server. Set SMTP_URL and SMTP_FROM and start again.');
    return;
  }
  const found = await findWebhookAddresses(post, address, AbortSignal.timeout(post.timeoutMs));
  if ('fault' in found && found.forbidden)
    throw new InvalidRequestError(`address: ${found.fault}`, 'address');
}

function seal({ secretBox }: Pick<NoticeContext, 'secretBox'>, secret: string | null): Buffer | null {
  return secret === null ? null : secretBox.seal(Buffer.from(secret, 'utf8'));
}

async function mustFindChannel(tx: Tx, id: string): Promise<StoredChannel> {
  const channel = isUuid(id) ? await findChannel(tx, id) : null;
  if (channel === null) throw noSuchChannel(id);
  return channel;
}

function noSuchChannel(id: string): NotFoundError {
  return new NotFoundError(
    `There is no notice channel '${id.slice(0, 64)}'. List the channels to see their ids.`,
  );
}
