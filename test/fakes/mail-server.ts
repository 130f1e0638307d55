import type { AddressInfo } from 'node:net';

import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface SeenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came: headers, an empty line, text. */
  readonly raw: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface MailServer {
  readonly port: number;
  readonly seen: readonly SeenMail[];
  close(): Promise<void>;
}

/** A real SMTP server on the wire that keeps what it gets. */
export async function mailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const seen: SeenMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    closeTimeout: 200,
    disabledCommands: ['STARTTLS'],
    onAuth(auth, _session, callback) {
      if (auth.password === 'right') callback(null, { user: auth.username ?? '' });
      else callback(new Error('no'));
    },
    onData(stream, session, callback) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        seen.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(parts).toString('utf8'),
          secure: session.secure,
          user: session.user as string | undefined,
        });
        callback();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    seen,
    close: () =>
      new Promise((resolve) => {
        if (server.server.listening) server.close(() => resolve());
        else resolve();
      }),
  };
}
