import type { SmtpServer } from '#core/notices/smtp-url.ts';
import type { Telemetry } from '#core/telemetry/telemetry.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import type { Database } from '#storage/database.ts';

import type { EngineLog } from '../engine-context.ts';

/** The addresses of a host name, IPv4 or IPv6. Throws when the name does not resolve. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** How messages get out of the house. */
export interface NoticePost {
  readonly resolve: ResolveHost;
  /** Hosts of NOTICE_PRIVATE_HOSTS, lower case. */
  readonly privateHosts: readonly string[];
  /** Null: there is no mail server, so no e-mail. */
  readonly smtp: (SmtpServer & { readonly from: string }) | null;
  /** For one message in all: name, connection, answer. */
  readonly timeoutMs: number;
}

export interface NoticeContext {
  readonly db: Database;
  readonly system: System;
  readonly secretBox: SecretBox;
  readonly log: EngineLog;
  readonly telemetry: Telemetry;
  readonly post: NoticePost;
}
