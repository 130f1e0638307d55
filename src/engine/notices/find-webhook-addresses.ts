import { isIP } from 'node:net';

import { whyNotPublic } from '#core/notices/public-address.ts';
import { checkWebhookUrl, hostOf, notAllowed } from '#core/notices/webhook-url.ts';

import type { NoticePost } from './notice-context.ts';

export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

export type FoundAddresses =
  | { readonly url: URL; readonly addresses: readonly HostAddress[] }
  /** `forbidden`: it is not allowed. Otherwise the name does not resolve now, and may do so later. */
  | { readonly fault: string; readonly forbidden: boolean };

/**
 * Where a webhook may be sent to right now: the addresses of its host, without those that are not public unless the host is
 * one that may be private. Whoever connects must connect to one of these and not resolve the name again: it may lead elsewhere by then.
 */
export async function findWebhookAddresses(
  post: Pick<NoticePost, 'resolve' | 'privateHosts'>,
  text: string,
  signal: AbortSignal,
): Promise<FoundAddresses> {
  const checked = checkWebhookUrl(text, post.privateHosts);
  if ('fault' in checked) return { fault: checked.fault, forbidden: true };
  const host = hostOf(checked.url);
  const resolved = isIP(host) === 0 ? await resolveWithin(post, host, signal) : [host];
  if (resolved === null) return { fault: `the name ${host} does not resolve`, forbidden: false };
  const allowed = resolved.filter((address) => checked.isPrivate || whyNotPublic(address) === null);
  const [refused] = resolved;
  if (allowed.length === 0 && refused !== undefined)
    return { fault: notAllowed(host, whyNotPublic(refused) ?? 'not public'), forbidden: true };
  return {
    url: checked.url,
    addresses: allowed.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 })),
  };
}

/** Null when the name does not resolve, or not before the signal: a resolver cannot be interrupted, only left behind. */
async function resolveWithin(
  post: Pick<NoticePost, 'resolve'>,
  host: string,
  signal: AbortSignal,
): Promise<readonly string[] | null> {
  const resolving = post.resolve(host).catch(() => null);
  const late = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  const found = await Promise.race([resolving, late]);
  return found === null || found.length === 0 ? null : found;
}
