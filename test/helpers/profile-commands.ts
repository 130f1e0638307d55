import type { ProfileDefinition } from '#core/run/profile.ts';
import type { RunState } from '#core/run/run-state.ts';
import { openUploadWithKey } from '#files/open-upload-with-key.ts';
import { finishProfile } from '#engine/profiles/profile-jobs.ts';
import type { Actor, ProfileContext } from '#engine/profiles/profile-context.ts';
import { createProfile } from '#engine/profiles/create-profile.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';

import { testDatabase, type TestDatabase } from './database.ts';
import { testSecretBox } from './secret-box.ts';

export interface ProfileBench extends TestDatabase {
  readonly context: ProfileContext;
  readonly actor: Actor;
  /** Runs that were woken, in order. */
  readonly wokenRuns: string[];
  /** Profiles whose job was woken, in order. */
  readonly wokenProfiles: string[];
  /** Does what the job does for this profile. */
  finish(profileId: string): Promise<'done' | 'again'>;
  /** A provisioned CSV profile. */
  provisioned(displayName?: string): Promise<string>;
  /** Puts a file into the open upload, without bytes: commands look at its name alone. */
  upload(profileId: string, ...names: string[]): Promise<void>;
  /** Rows of a statement, in the tenant. */
  rows<Row>(sql: string, ...values: unknown[]): Promise<Row[]>;
  /** Puts a run where a worker would have left it. */
  setRun(
    runId: string,
    state: RunState,
    more?: { errorCode?: string; counts?: unknown; message?: string },
  ): Promise<void>;
  /** The newest run of a profile. */
  latestRun(profileId: string): Promise<Record<string, unknown>>;
}

export const CSV_DEFINITION: ProfileDefinition = {
  displayName: 'Contoso',
  dataProvider: { type: 'csv', customizations: null },
  identityConfiguration: {
    type: 'creation',
    userDomains: [
      { appliesTo: 'student', name: 'students.contoso.edu' },
      { appliesTo: 'teacher', name: 'contoso.edu' },
    ],
  },
  licensesToAssign: null,
  handleSpecialCharacterConstraint: null,
  expirationDate: null,
};

/** Profile commands on a database of their own, with nobody who executes the runs. */
export async function profileBench(options: { startWaitSeconds?: number } = {}): Promise<ProfileBench> {
  const database = await testDatabase();
  const { db, tenantId } = database;
  const wokenRuns: string[] = [];
  const wokenProfiles: string[] = [];
  const actor = { tenantId, applicationId: realSystem.newId() };
  const context: ProfileContext = {
    db,
    system: realSystem,
    secretBox: testSecretBox,
    startWaitSeconds: options.startWaitSeconds ?? 0,
    quarantineDelaySeconds: 86_400,
    wakeRun: (_tenantId, runId) => {
      wokenRuns.push(runId);
      return Promise.resolve();
    },
    wakeProfile: (_tenantId, profileId) => {
      wokenProfiles.push(profileId);
    },
    removeObjects: () => Promise.resolve(),
  };
  const rows = <Row>(sql: string, ...values: unknown[]): Promise<Row[]> =>
    inTenant(db, tenantId, (tx) => tx.query<Row>(sql, values));
  const finish = (profileId: string): Promise<'done' | 'again'> =>
    finishProfile(context, tenantId, profileId);
  return {
    ...database,
    context,
    actor,
    wokenRuns,
    wokenProfiles,
    rows,
    finish,
    async provisioned(displayName = 'Contoso') {
      const input = { definition: { ...CSV_DEFINITION, displayName }, clientSecret: null };
      const profile = await createProfile(context, actor, input);
      await finish(profile.id);
      return profile.id;
    },
    async upload(profileId, ...names) {
      await inTenant(db, tenantId, async (tx) => {
        const { uploadId } = await openUploadWithKey(tx, context, profileId);
        for (const name of names)
          await tx.query(
            `insert into upload_file (tenant_id, upload_id, name, object_name, size_bytes, sha256)
             values (current_tenant(), $1, $2, $3, 10, '\\x00')`,
            [uploadId, name, realSystem.newId()],
          );
      });
    },
    async setRun(runId, state, more = {}) {
      await rows(
        `update run set state = $2, error_code = $3, counts = $4, message = $5,
                lease_expires_at = case when $2 in ('staging', 'planning', 'applying') then now() + interval '1 minute' end
          where id = $1`,
        runId,
        state,
        more.errorCode ?? null,
        more.counts === undefined ? null : JSON.stringify(more.counts),
        more.message ?? null,
      );
      // Who waits for a decision about a plan has one.
      if (more.errorCode === 'VerdictHeld' || more.errorCode === 'ApprovalNeeded')
        await rows(
          `insert into plan (tenant_id, run_id, roster_hash, item_count, counts, verdict, base_run_id, plan_hash)
           select current_tenant(), r.id, '', 0, '[]', '{}', p.accepted_run_id, 'hash of the plan'
             from run r join profile p on p.id = r.profile_id where r.id = $1 on conflict do nothing`,
          runId,
        );
    },
    async latestRun(profileId) {
      const found = await rows<Record<string, unknown>>(
        'select * from run where profile_id = $1 order by created_at desc limit 1',
        profileId,
      );
      return found[0] ?? {};
    },
  };
}
