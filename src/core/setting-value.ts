import { isMailAddress } from './notices/mail-address.ts';
import { readSmtpUrl, SMTP_URL_FAULT } from './notices/smtp-url.ts';
import { readAudiences, readIssuers, readTenantMap } from './oidc-settings.ts';

/** What a setting may be: one of some words, a whole number between two, or text of a form. */
export type SettingType =
  | readonly string[]
  | { readonly minimum: number; readonly maximum: number }
  | 'text'
  | 'path'
  | 'port'
  | 'host'
  | 'httpUrl'
  | 'postgresUrl'
  | 'smtpUrl'
  | 'mailAddress'
  | 'hosts'
  | 'bucket'
  | 'objectPrefix'
  | 'uuid'
  | 'issuers'
  | 'audiences'
  | 'claim'
  | 'tenantMap';

export type ReadValue = { readonly value: string | number } | { readonly fault: string };

/** Reads a value as it was written; `fault` ends the sentence "it has to be ...". */
export function readValue(type: SettingType, text: string): ReadValue {
  if (typeof type === 'string') return readText(type, text);
  if ('minimum' in type) {
    const { minimum, maximum } = type;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    const ok = Number.isSafeInteger(value) && value >= minimum && value <= maximum;
    return ok ? { value } : { fault: `a whole number from ${minimum} to ${maximum}` };
  }
  return type.includes(text) ? { value: text } : { fault: `one of ${type.join(', ')}` };
}

function readText(type: Extract<SettingType, string>, text: string): ReadValue {
  switch (type) {
    case 'text':
    case 'path':
      return { value: text };
    case 'port': {
      if (text.toLowerCase() === 'off') return { value: 'off' };
      const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
      return port <= 65_535 ? { value: port } : { fault: 'a port from 0 to 65535, or off' };
    }
    case 'host': {
      const bare = text.replace(/^\[(.*)\]$/, '$1');
      return /^[a-z0-9._:-]{1,253}$/i.test(bare)
        ? { value: bare }
        : { fault: 'an IP address or a host name, without scheme and port' };
    }
    case 'httpUrl':
      return readHttpUrl(text);
    case 'postgresUrl':
      return isPostgresUrl(text)
        ? { value: checkingServer(text) }
        : {
            fault:
              'a URL such as postgresql://user:password@host:5432/database, with # / ? @ and % in user name and password written as %23 %2F %3F %40 and %25',
          };
    case 'smtpUrl':
      return readSmtpUrl(text) === null ? { fault: SMTP_URL_FAULT } : { value: text };
    case 'mailAddress':
      return isMailAddress(text) ? { value: text } : { fault: 'an e-mail address and nothing else' };
    case 'hosts': {
      const hosts = text.split(',').map((host) =>
        host
          .trim()
          .toLowerCase()
          .replace(/^\[(.*)\]$/, '$1'),
      );
      return hosts.every((host) => /^[a-z0-9._:-]{1,253}$/.test(host))
        ? { value: hosts.join(',') }
        : { fault: 'host names or IP addresses, separated by commas, without scheme and port' };
    }
    case 'bucket':
      return valueOr(
        /^[a-z0-9$][a-z0-9.-]{1,61}[a-z0-9]$/.test(text) ? text : null,
        'a name of 3 to 63 small letters, digits, dots and dashes',
      );
    case 'objectPrefix':
      return valueOr(
        /^(?:[\w.-]+\/)+$/.test(text) && text.length <= 200 ? text : null,
        'words of letters, digits, dots and dashes, each followed by a slash',
      );
    case 'uuid':
      return valueOr(
        /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : null,
        'an id such as 0198e000-0000-7000-8000-00000000000a',
      );
    case 'issuers':
      return valueOr(
        readIssuers(text),
        'addresses such as https://login.example/realms/school, separated by commas, by https:// except on this machine',
      );
    case 'audiences':
      return valueOr(readAudiences(text), 'words without spaces and quotes, separated by commas');
    case 'claim':
      return valueOr(/^[\w.:/-]{1,128}$/.test(text) ? text : null, 'the name of a claim');
    case 'tenantMap':
      return valueOr(
        readTenantMap(text),
        'pairs such as VALUE=0198e000-0000-7000-8000-00000000000a, separated by commas, each value once',
      );
  }
}

function valueOr(value: string | null, fault: string): ReadValue {
  return value === null ? { fault } : { value };
}

/**
 * Whoever connects takes the URL apart as the standard does: with a bare # or / in it a password would end there, and what is left of it would
 * be a host, a port or a database.
 */
function isPostgresUrl(text: string): boolean {
  if (!/^postgres(?:ql)?:\/\/[^\s]+$/i.test(text) || !URL.canParse(text)) return false;
  const { hash, pathname } = new URL(text);
  return hash === '' && !pathname.includes('@');
}

/**
 * Whoever asks for TLS gets all of it: the certificate is checked, and whose it is. That is what pg does by these words as well; libpq checks less, and a
 * later pg will. `uselibpqcompat=true` in the URL has them mean what libpq means.
 */
function checkingServer(url: string): string {
  if (new URL(url).searchParams.get('uselibpqcompat') === 'true') return url;
  return url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/g, '$1verify-full');
}

function readHttpUrl(text: string): ReadValue {
  const fault = 'a URL such as https://roster.example, without query and without a user name';
  if (!URL.canParse(text)) return { fault };
  const url = new URL(text);
  const isPlain = url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isPlain || (url.protocol !== 'http:' && url.protocol !== 'https:')) return { fault };
  return { value: url.href.replace(/\/+$/, '') };
}
