import { createHmac } from 'node:crypto';
import type { System } from '#lib/system.ts';
import { findApplication, findValidSecrets } from '#storage/access/applications.ts';
import { type Database, inTenant } from '#storage/database.ts';
import { TooManyRequestsError } from './access-errors.ts';
import { matchesClientSecret, pretendToMatch } from './client-secret.ts';
import { failureBrake } from './failure-brake.ts';

/** Credentials of an application, as they came. `address`: where from. */
export interface ClientCredentials {
  readonly tenantId: string;
  /** A UUID. */
  readonly clientId: string;
  readonly clientSecret: string;
  readonly address: string;
}

export interface AuthenticatedClient {
  readonly applicationId: string;
  readonly permissions: readonly string[];
}

export interface ClientAuthenticator {
  /** The application; undefined when id or secret is wrong. Errors: TooManyRequestsError after repeated failures. */
  authenticate(this: void, credentials: ClientCredentials): Promise<AuthenticatedClient | undefined>;
}

const REMEMBER_MS = 15 * 60_000;
const MOST_REMEMBERED = 10_000;
/** Each costs 16 MiB and a thread for 30 ms; more wait for the next request of the client. */
const MOST_COMPARISONS = 8;

/**
 * Checks client secrets. A secret that was right is remembered for a while by its keyed hash, so that asking for a token again
 * is cheap; whether it still is valid is read from the database every time.
 */
export function clientAuthenticator(context: {
  readonly db: Database;
  readonly system: System;
}): ClientAuthenticator {
  const { db, system } = context;
  const processKey = system.randomBytes(32);
  const rememberedUntil = new Map<string, number>();
  const byClient = failureBrake(system, { failures: 10, windowSeconds: 60 });
  const byAddress = failureBrake(system, { failures: 60, windowSeconds: 60 });
  let comparisons = 0;

  const compare = async (secret: string, hash: string | undefined): Promise<boolean> => {
    if (comparisons >= MOST_COMPARISONS)
      throw new TooManyRequestsError('Too many sign-ins at the moment.', 1);
    comparisons += 1;
    try {
      if (hash === undefined) await pretendToMatch(secret);
      return hash !== undefined && (await matchesClientSecret(secret, hash));
    } finally {
      comparisons -= 1;
    }
  };

  return {
    async authenticate({ tenantId, clientId, clientSecret, address }) {
      const { application, secrets } = await inTenant(
        db,
        tenantId,
        async (tx) => ({
          application: await findApplication(tx, clientId),
          secrets: await findValidSecrets(tx, clientId),
        }),
        { readOnly: true },
      );
      const fingerprint = createHmac('sha256', processKey).update(clientSecret).digest('base64');
      const now = system.now().getTime();
      const known = secrets.some(({ id }) => (rememberedUntil.get(`${id} ${fingerprint}`) ?? 0) > now);
      if (application !== undefined && known)
        return { applicationId: clientId, permissions: application.permissions };

      const keys = { client: `${address} ${tenantId} ${clientId}`, address };
      const wait = Math.max(byClient.waitSeconds(keys.client), byAddress.waitSeconds(keys.address));
      if (wait > 0)
        throw new TooManyRequestsError('Too many failed sign-ins. Wait before the next one.', wait);
      for (const secret of secrets.length > 0 ? secrets : [undefined]) {
        if (!(await compare(clientSecret, secret?.secretHash)) || secret === undefined) continue;
        if (rememberedUntil.size >= MOST_REMEMBERED) rememberedUntil.clear();
        rememberedUntil.set(`${secret.id} ${fingerprint}`, now + REMEMBER_MS);
        if (application !== undefined)
          return { applicationId: clientId, permissions: application.permissions };
      }
      byClient.recordFailure(keys.client);
      byAddress.recordFailure(keys.address);
      return undefined;
    },
  };
}
