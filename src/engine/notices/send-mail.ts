import type { AttemptOutcome } from '#core/notices/delivery-state.ts';
import { isMailAddress } from '#core/notices/mail-address.ts';

import type { NoticePost } from './notice-context.ts';

export interface Mail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Mail servers greet slowly on purpose, to keep spam away. */
const PATIENCE = 3;

/** Hands one plain text mail to the mail server of the settings. Never throws for what the other side does. */
export async function sendMail(post: NoticePost, mail: Mail, stopping: AbortSignal): Promise<AttemptOutcome> {
  const { smtp } = post;
  if (smtp === null) return { taken: false, reason: 'there is no mail server: SMTP_URL is not set' };
  // Checked when the channel was made; here it becomes a command and a header.
  if (!isMailAddress(mail.to)) return { taken: false, reason: 'the e-mail address is not valid' };
  const timeoutMs = post.timeoutMs * PATIENCE;
  const timeout = AbortSignal.timeout(timeoutMs);
  // Loaded by whoever sends mail: the start of the service need not wait for it.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.security === 'tls',
    requireTLS: smtp.security === 'required',
    ignoreTLS: smtp.security === 'off',
    ...(smtp.auth === null ? {} : { auth: { user: smtp.auth.user, pass: smtp.auth.password } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from: { name: 'Rollbook', address: smtp.from },
      to: { name: '', address: mail.to },
      envelope: { from: smtp.from, to: [mail.to] },
      subject: mail.subject,
      text: mail.text,
      // The same for every attempt, so that a mail that came twice can be told.
      messageId: `<${mail.id}@${smtp.from.slice(smtp.from.lastIndexOf('@') + 1)}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal: AbortSignal.any([timeout, stopping]),
    });
    return { taken: true };
  } catch (error) {
    if (timeout.aborted)
      return {
        taken: false,
        reason: `the mail server did not take the mail within ${timeoutMs / 1_000} seconds`,
      };
    return { taken: false, reason: reasonOf(error) };
  } finally {
    transport.close();
  }
}

/** In our words: what a mail server says may repeat what it was told. */
function reasonOf(error: unknown): string {
  const { code = '', responseCode } = error as { code?: string; responseCode?: number };
  const answered = typeof responseCode === 'number' ? ` (${responseCode})` : '';
  if (code === 'EAUTH') return `the mail server does not accept the user name and password${answered}`;
  if (code === 'EENVELOPE' || code === 'EMESSAGE') return `the mail server refused the mail${answered}`;
  if (code === 'ETLS') return 'the mail server offers no TLS that can be used';
  if (code === 'EDNS') return 'the name of the mail server does not resolve';
  if (code === 'ETIMEDOUT') return 'the mail server does not answer';
  return `the mail server cannot be reached${/^[A-Z_0-9]{1,40}$/u.test(code) ? ` (${code})` : ''}${answered}`;
}
