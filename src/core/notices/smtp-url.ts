/** The mail server that notices go through. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** tls: from the first byte on (smtps). required: STARTTLS or nothing. offered: STARTTLS where the server has it. off: never. */
  readonly security: 'tls' | 'required' | 'offered' | 'off';
  readonly auth: { readonly user: string; readonly password: string } | null;
}

export const SMTP_URL_FAULT =
  'a URL such as smtps://user:password@mail.contoso.com or smtp://mail.contoso.com:587, with ?starttls=required, offered or off where smtp:// needs it';

/**
 * Reads SMTP_URL. smtps:// is TLS from the start (465). smtp:// (587) uses STARTTLS: required where the URL has a user name, so that the
 * password never travels in the clear, else where the server offers it; `?starttls=` says otherwise. Null: it is no such URL.
 */
export function readSmtpUrl(text: string): SmtpServer | null {
  if (/\s/u.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const secure = url.protocol === 'smtps:';
  if ((!secure && url.protocol !== 'smtp:') || url.hostname === '' || url.hash !== '') return null;
  if (url.pathname !== '' && url.pathname !== '/') return null;
  const names = [...url.searchParams.keys()];
  const starttls = url.searchParams.get('starttls');
  if (names.some((name) => name !== 'starttls') || names.length > 1 || (secure && starttls !== null))
    return null;
  if (starttls !== null && starttls !== 'required' && starttls !== 'offered' && starttls !== 'off')
    return null;
  const user = decode(url.username);
  const password = decode(url.password);
  if (user === null || password === null || (user === '' && password !== '')) return null;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/u, '$1'),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    security: secure ? 'tls' : (starttls ?? (user === '' ? 'offered' : 'required')),
    auth: user === '' ? null : { user, password },
  };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
