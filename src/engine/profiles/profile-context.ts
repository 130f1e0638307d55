import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import { NotFoundError } from '#lib/errors.ts';
import type { Database, Tx } from '#storage/database.ts';
import { findProfile, lockProfile } from '#storage/profiles/find-profile.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';

/** What the commands on profiles need. `main` wires it. */
export interface ProfileContext {
  readonly db: Database;
  readonly system: System;
  readonly secretBox: SecretBox;
  /** Seconds that `start` waits for stage and validation (START_WAIT_SECONDS, 20 by default). */
  readonly startWaitSeconds: number;
  /** Seconds between two attempts of a profile in quarantine (QUARANTINE_RETRY_SECONDS). */
  readonly quarantineDelaySeconds: number;
  /** WATCH_DIR: below it the watched folders of the tenants. Without one a profile cannot watch a folder. */
  readonly watchDirectory?: string | undefined;
  /** Wakes a worker for a run, after the commit. Losing it is harmless: a sweep finds the run. So it does not reject. */
  wakeRun(this: void, tenantId: string, runId: string): Promise<void>;
  /** Wakes the job that provisions or deletes a profile, after the commit. Losing it is harmless, too. */
  wakeProfile(this: void, tenantId: string, profileId: string): void;
  /** Removes upload objects that a committed transaction has let go. */
  removeObjects(this: void, objectNames: readonly string[]): Promise<void>;
}

/** Who asks. `applicationId` stands in every event row. */
export interface Actor {
  readonly tenantId: string;
  readonly applicationId: string;
  /** The span of the request; the run that it asks for is linked to it. */
  readonly traceparent?: string | undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iu;

/** The profile, locked. Errors: NotFoundError, for an id of another tenant as for one that is none. */
export async function mustLockProfile(tx: Tx, id: string): Promise<StoredProfile> {
  const profile = UUID.test(id) ? await lockProfile(tx, id) : null;
  if (!profile) throw noSuchProfile(id);
  return profile;
}

/** The profile. Errors: NotFoundError. */
export async function mustFindProfile(tx: Tx, id: string): Promise<StoredProfile> {
  const profile = UUID.test(id) ? await findProfile(tx, id) : null;
  if (!profile) throw noSuchProfile(id);
  return profile;
}

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

export function noSuchProfile(id: string): NotFoundError {
  return new NotFoundError(
    `There is no synchronization profile '${id.slice(0, 64)}'. List the profiles to see their ids.`,
  );
}
