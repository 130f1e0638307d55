import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { APPLICATION_PERMISSIONS } from '#core/permissions.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import { appendApplicationEvent } from '#storage/access/application-events.ts';
import { insertApplication } from '#storage/access/applications.ts';
import { lockFirstStart } from '#storage/access/first-start-lock.ts';
import { asOwner, type Database, inTenant } from '#storage/database.ts';
import { replaceFile } from '#storage/replace-file.ts';
import { createTenant, takesTimeZone } from '#storage/tenants/create-tenant.ts';
import { findTenant, listTenants } from '#storage/tenants/find-tenants.ts';
import { hashClientSecret, newClientSecret } from './client-secret.ts';

export interface Credentials {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const FILE = 'credentials.json';
/** The same, until the database has it. */
const PENDING_FILE = 'credentials.json.pending';

/**
 * On a database without a tenant: makes one, with an administrator application that has every permission, and writes
 * DATA_DIR/credentials.json (mode 0600).
 *
 * The order makes a crash harmless: what will be made stands in a pending file first, the database follows, and the rename ends it.
 * A start that finds the pending file does the same again with the same ids. Later starts change nothing: whoever removed the
 * file had a reason.
 */
export async function makeFirstTenant(context: {
  readonly db: Database;
  readonly system: System;
  readonly secretBox: SecretBox;
  readonly dataDir: string;
  /** The time zone of this machine; undefined: it names none. The tenant's is UTC then, as where a tenant cannot have it. */
  readonly timeZone: string | undefined;
}): Promise<'made' | 'there'> {
  const { db, system, dataDir } = context;
  const pendingPath = join(dataDir, PENDING_FILE);
  return asOwner(db, async (tx) => {
    await lockFirstStart(tx);
    let pending = await readPending(pendingPath);
    if (pending === undefined) {
      if ((await listTenants(db)).length > 0) return 'there';
      pending = {
        tenantId: system.newId(),
        clientId: system.newId(),
        clientSecret: newClientSecret(system),
      };
      await replaceFile(pendingPath, `${JSON.stringify(pending, null, 2)}\n`, 0o600);
    }
    await makeInDatabase(context, pending);
    await rename(pendingPath, join(dataDir, FILE));
    return 'made';
  });
}

async function makeInDatabase(
  context: {
    readonly db: Database;
    readonly system: System;
    readonly secretBox: SecretBox;
    readonly timeZone: string | undefined;
  },
  pending: Credentials,
): Promise<void> {
  const { db, system, secretBox, timeZone = 'UTC' } = context;
  if ((await findTenant(db, pending.tenantId)) === undefined) {
    const taken = await asOwner(db, (tx) => takesTimeZone(tx, timeZone));
    await createTenant(
      db,
      { id: pending.tenantId, name: 'My school authority', timeZone: taken ? timeZone : 'UTC' },
      secretBox,
    );
  }
  const secretHash = await hashClientSecret(system, pending.clientSecret);
  const made = { displayName: 'Administrator', permissions: Object.keys(APPLICATION_PERMISSIONS) };
  await inTenant(db, pending.tenantId, async (tx) => {
    // One secret and one event, with the same id at every repetition.
    const { clientId } = pending;
    await insertApplication(tx, { id: clientId, ...made, secret: { id: clientId, secretHash } });
    await appendApplicationEvent(tx, {
      applicationId: clientId,
      id: clientId,
      event: 'created',
      actor: 'rollbook',
      detail: made,
    });
  });
}

async function readPending(path: string): Promise<Credentials | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  // It was written in one piece by this program; nobody else has a reason to.
  return text === undefined ? undefined : (JSON.parse(text) as Credentials);
}
