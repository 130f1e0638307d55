import { isAddress, whyNotPublic } from './public-address.ts';

export const MAX_URL_LENGTH = 2_048;

export type CheckedUrl = { readonly url: URL; readonly isPrivate: boolean } | { readonly fault: string };

/**
 * Whether notices may go to this URL, as far as the text tells; names are resolved and looked at again before every attempt.
 * `privateHosts` (NOTICE_PRIVATE_HOSTS, lower case) may be anywhere, and are reached without TLS too. Other spellings of an
 * IPv4 address (0x7f000001, 2130706433, 127.1) are read as browsers read them: URL does that.
 */
export function checkWebhookUrl(text: string, privateHosts: readonly string[]): CheckedUrl {
  if (text.length > MAX_URL_LENGTH) return { fault: `The URL is longer than ${MAX_URL_LENGTH} characters.` };
  if (/[\p{Cc}\s]/u.test(text) || !URL.canParse(text))
    return { fault: 'Give an absolute URL such as https://hooks.contoso.com/rollbook.' };
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return { fault: 'The URL begins with https://.' };
  if (url.username !== '' || url.password !== '')
    return { fault: 'The URL must not hold a user name or a password: it is shown and logged by others.' };
  if (url.hash !== '') return { fault: 'The URL must not have a fragment (#…).' };
  const host = hostOf(url);
  if (privateHosts.includes(host)) return { url, isPrivate: true };
  const isLocal = host === 'localhost' || host.endsWith('.localhost');
  const why = isLocal ? 'this machine' : isAddress(host) ? whyNotPublic(host) : null;
  if (why !== null) return { fault: notAllowed(host, why) };
  if (url.protocol === 'http:')
    return {
      fault: 'Use https://. Without TLS only hosts are reached that NOTICE_PRIVATE_HOSTS names.',
    };
  return { url, isPrivate: false };
}

/** The host as NOTICE_PRIVATE_HOSTS writes it: lower case, without brackets and final dot. */
export function hostOf(url: URL): string {
  return url.hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/u, '$1')
    .replace(/\.$/u, '');
}

/** `why` as whyNotPublic says it. */
export function notAllowed(host: string, why: string): string {
  return `Notices are not sent to ${host}: its address is ${why}. An administrator of the service can allow the host with NOTICE_PRIVATE_HOSTS.`;
}
