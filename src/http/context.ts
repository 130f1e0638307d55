import type { Logger } from 'pino';
import type { Issuer } from '#access/issuer.ts';
import type { Caller } from '#core/permissions.ts';
import type { Telemetry } from '#core/telemetry/telemetry.ts';
import type { UploadLimits } from '#core/upload/upload-limits.ts';
import type { NoticeContext } from '#engine/notices/notice-context.ts';
import type { ProfileContext } from '#engine/profiles/profile-context.ts';
import type { FileStore } from '#files/file-store.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import type { ChangeFeed } from '#storage/change-feed.ts';
import type { Database } from '#storage/database.ts';
import type { EventLimits } from './events/event-hub.ts';
import type { ApplicationLimit } from './limits/application-limit.ts';

export interface HttpSettings {
  /** Origin, and path if any, that links are made with; without a slash at its end. Undefined: the request's own. */
  readonly publicUrl: string | undefined;
  readonly startWaitSeconds: number;
  readonly uploadLimits: UploadLimits;
  readonly version: string;
  /** Who reads /metrics sends it; undefined: this machine alone may. */
  readonly metricsToken?: string | undefined;
  /** Other than EVENT_LIMITS. */
  readonly eventLimits?: Partial<EventLimits>;
  /** How long one statement of a query may take; other than 100 seconds. */
  readonly statementMs?: number;
  /** Sum of the bodies of a batch's answer after which no further item begins; other than 32 MiB. */
  readonly batchAnswerBytes?: number;
}

/** Turns the token of a request into its caller. Throws UnauthenticatedError. */
export interface TokenVerifier {
  verify(this: void, token: string): Promise<Caller>;
  /** For WWW-Authenticate: where tokens come from (undefined: from here), and who they have to be for. */
  challenge?(this: void): { readonly authorizationUri: string | undefined; readonly resource: string };
}

/** Whether the process can serve: what stands in the way, in plain words; nothing when it can. */
export interface Readiness {
  check(this: void): Promise<readonly string[]>;
  /** What is worth knowing although it is ready, one sentence each. */
  notes?(this: void): readonly string[];
}

/** What every route has at hand. `main` makes it. */
export interface HttpContext {
  readonly db: Database;
  readonly system: System;
  readonly secretBox: SecretBox;
  readonly files: FileStore;
  readonly settings: HttpSettings;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly tokens: TokenVerifier;
  /** How much one application may ask for; without it there is no limit. */
  readonly applicationLimit?: ApplicationLimit;
  /** The built-in token issuer; without it tokens are somebody else's, and there are no routes for them. */
  readonly issuer?: Issuer;
  readonly readiness: Readiness;
  /** What other processes change; without it what is followed is looked at often. */
  readonly changes?: ChangeFeed;
  /** What the commands on profiles (engine/profiles) take as their context. */
  readonly profiles: ProfileContext;
  /** The same for notices (engine/notices). */
  readonly notices: NoticeContext;
}
