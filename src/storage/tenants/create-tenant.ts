import { randomBytes } from 'node:crypto';
import { isTimeZone } from '#core/schedule/time-zone.ts';
import { ConflictError, InvalidRequestError } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import { DatabaseError } from 'pg';
import { asOwner, type Database, type Tx } from '../database.ts';

export interface NewTenant {
  readonly id: string;
  readonly name: string;
  /** IANA name, for example `Europe/Berlin`. */
  readonly timeZone: string;
}

const UNIQUE_VIOLATION = '23505';

/**
 * Makes a tenant with its change counter and its secret key for record hashes, in one transaction as owner.
 * Throws InvalidRequestError for an empty name or an unknown time zone, ConflictError when the id is taken.
 */
export async function createTenant(
  db: Database,
  tenant: NewTenant,
  secretBox: Pick<SecretBox, 'seal'>,
): Promise<void> {
  const name = tenant.name.trim();
  if (name === '' || name.length > 256)
    throw new InvalidRequestError('The name of a tenant has 1 to 256 characters.', 'name');
  const hashKey = secretBox.seal(randomBytes(32));
  try {
    await asOwner(db, async (tx) => {
      if (!(await takesTimeZone(tx, tenant.timeZone))) throw noTimeZone(tenant.timeZone);
      await tx.query('insert into tenant (id, name, time_zone) values ($1, $2, $3)', [
        tenant.id,
        name,
        tenant.timeZone,
      ]);
      await tx.query('insert into tenant_counter (tenant_id) values ($1)', [tenant.id]);
      await tx.query('insert into tenant_secret (tenant_id, hash_key) values ($1, $2)', [tenant.id, hashKey]);
    });
  } catch (error) {
    if (error instanceof DatabaseError && error.code === UNIQUE_VIOLATION)
      throw new ConflictError(`There is a tenant ${tenant.id} already.`);
    throw error;
  }
}

/** Whether a tenant can have this zone. PostgreSQL reckons with it, too, for all tenants in one statement. It knows fewer names, and takes BST for another zone than Intl does. */
export async function takesTimeZone(tx: Tx, name: string): Promise<boolean> {
  if (!isTimeZone(name)) return false;
  const known = await tx.query('select 1 from pg_timezone_names where lower(name) = lower($1)', [name]);
  return known.length > 0;
}

function noTimeZone(name: string): InvalidRequestError {
  return new InvalidRequestError(
    `"${name}" is not a time zone: use an IANA name such as Europe/Berlin or America/New_York.`,
    'timeZone',
  );
}
