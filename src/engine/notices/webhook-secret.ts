import { createHmac } from 'node:crypto';

import type { System } from '#lib/system.ts';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** A new secret in the form of the Standard Webhooks convention: `whsec_` and base64. */
export function newWebhookSecret(system: Pick<System, 'randomBytes'>): string {
  return PREFIX + system.randomBytes(SECRET_BYTES).toString('base64');
}

/**
 * The three headers of the Standard Webhooks convention. Each secret signs: while one is being replaced, a receiver finds a signature
 * that it can verify whichever of the two it has.
 */
export function signWebhook(
  secrets: readonly string[],
  message: { readonly id: string; readonly timestampSeconds: number; readonly body: string },
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const content = `${message.id}.${message.timestampSeconds}.${message.body}`;
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  });
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(message.timestampSeconds),
    'webhook-signature': signatures.join(' '),
  };
}
