import type { AttemptOutcome } from '#core/notices/delivery-state.ts';
import { webhookBody, type Message } from '#core/notices/notice-json.ts';
import { noticeMail } from '#core/notices/notice-mail.ts';
import type { ChannelTarget } from '#storage/notices/claim-message.ts';

import type { NoticeContext } from './notice-context.ts';
import { sendMail } from './send-mail.ts';
import { sendWebhook } from './send-webhook.ts';
import { signWebhook } from './webhook-secret.ts';

/** One attempt to tell a message to a channel. */
export async function sendMessage(
  { post, secretBox, system }: Pick<NoticeContext, 'post' | 'secretBox' | 'system'>,
  target: ChannelTarget,
  message: Message,
  stopping: AbortSignal,
): Promise<AttemptOutcome> {
  if (target.kind === 'email')
    return sendMail(post, { id: message.id, to: target.address, ...noticeMail(message) }, stopping);
  const sealed = [target.secret, target.previousSecret].filter((secret) => secret !== null);
  const secrets: string[] = [];
  try {
    secrets.push(...sealed.map((secret) => secretBox.open(secret).toString('utf8')));
  } catch {
    return { taken: false, reason: 'the secret of the channel cannot be opened: SECRET_KEY has changed' };
  }
  const body = webhookBody(message);
  const timestampSeconds = Math.floor(system.now().getTime() / 1_000);
  const headers = signWebhook(secrets, { id: message.id, timestampSeconds, body });
  return sendWebhook(post, { address: target.address, headers, body }, stopping);
}
