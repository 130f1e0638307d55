import type { JWK } from 'jose';
import type { Caller } from '#core/permissions.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import type { ApplicationEventRow } from '#storage/access/application-events.ts';
import type { ApplicationRow } from '#storage/access/applications.ts';
import { tenantExists } from '#storage/access/tenant-exists.ts';
import { type Database, inTenant } from '#storage/database.ts';
import { applicationStatus } from './application-status.ts';
import {
  createApplication,
  listApplications,
  readApplication,
  readApplicationEvents,
  type ApplicationDetails,
  type CreatedApplication,
  type NewApplication,
} from './applications.ts';
import {
  clientAuthenticator,
  type AuthenticatedClient,
  type ClientCredentials,
} from './authenticate-client.ts';
import {
  revokeApplication,
  rotateSecret,
  updateApplication,
  type ApplicationTarget,
  type RotatedSecret,
} from './change-applications.ts';
import { openSigningKeys } from './signing-keys.ts';
import { rememberedTokens } from './remembered-tokens.ts';
import { issueToken, verifyToken } from './tokens.ts';

/** The built-in token issuer and the applications that it knows. Tenant and application ids are UUIDs in lower case. */
export interface Issuer {
  hasTenant(this: void, tenantId: string): Promise<boolean>;
  /** Undefined when id or secret is wrong. Errors: TooManyRequestsError. */
  authenticate(this: void, credentials: ClientCredentials): Promise<AuthenticatedClient | undefined>;
  /** `origin`: of the address that the client asked at. */
  issue(this: void, origin: string, tenantId: string, client: AuthenticatedClient): Promise<string>;
  publicJwks(this: void): readonly JWK[];
  /** Errors: UnauthenticatedError. */
  verify(this: void, token: string): Promise<Caller>;
  createApplication(this: void, tenantId: string, input: NewApplication): Promise<CreatedApplication>;
  listApplications(this: void, tenantId: string): Promise<ApplicationRow[]>;
  /** Errors of this and the following: NotFoundError; those of change-applications.ts. */
  readApplication(this: void, tenantId: string, id: string): Promise<ApplicationDetails>;
  readApplicationEvents(this: void, tenantId: string, id: string): Promise<ApplicationEventRow[]>;
  updateApplication(
    this: void,
    target: ApplicationTarget,
    change: Parameters<typeof updateApplication>[2],
  ): Promise<ApplicationRow>;
  rotateSecret(this: void, target: ApplicationTarget, graceHours: number): Promise<RotatedSecret>;
  revokeApplication(this: void, target: ApplicationTarget): Promise<ApplicationRow>;
}

/** Errors: OperationalError `SecretKeyMismatch` when the database was made under another SECRET_KEY. */
export async function openIssuer(context: {
  readonly db: Database;
  readonly system: System;
  readonly secretBox: SecretBox;
}): Promise<Issuer> {
  const { db, system } = context;
  const keys = await openSigningKeys(context);
  const applications = applicationStatus(context);
  const remembered = rememberedTokens(system);
  const { authenticate } = clientAuthenticator(context);
  return {
    hasTenant: (tenantId) => inTenant(db, tenantId, tenantExists, { readOnly: true }),
    authenticate,
    issue: (origin, tenantId, { applicationId, permissions }) =>
      issueToken({ system, keys }, { origin, tenantId, applicationId, permissions }),
    publicJwks: keys.publicJwks,
    verify: (token) => verifyToken({ system, keys, applications, remembered }, token),
    createApplication: (tenantId, input) => createApplication(context, tenantId, input),
    listApplications: (tenantId) => listApplications(context, tenantId),
    readApplication: (tenantId, id) => readApplication(context, tenantId, id),
    readApplicationEvents: (tenantId, id) => readApplicationEvents(context, tenantId, id),
    async updateApplication(target, change) {
      const row = await updateApplication(context, target, change);
      applications.forget(target.tenantId, target.id);
      return row;
    },
    rotateSecret: (target, graceHours) => rotateSecret(context, target, graceHours),
    async revokeApplication(target) {
      const revoked = await revokeApplication(context, target);
      applications.forget(target.tenantId, target.id);
      return revoked;
    },
  };
}
