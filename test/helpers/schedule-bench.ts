import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DEFAULT_UPLOAD_LIMITS } from '#core/upload/upload-limits.ts';
import { patchProfileSettings, type ProfileSettingsView } from '#engine/profiles/profile-settings.ts';
import { lookAtProfile } from '#engine/schedule/look-at-profile.ts';
import type { ScheduleContext } from '#engine/schedule/schedule-context.ts';
import { openLocalFileStore } from '#files/local-file-store.ts';
import { must } from '#lib/assert.ts';
import { asOwner } from '#storage/database.ts';
import { listScheduledProfiles, type ScheduledProfile } from '#storage/schedule/profile-schedule.ts';

import { profileBench, type ProfileBench } from './profile-commands.ts';

export const QUIET_SECONDS = 60;

export interface ScheduledRun {
  readonly id: string;
  readonly state: string;
  readonly trigger: string;
  readonly requested_by: string;
  readonly adds_only: boolean;
}

/** The scheduler by hand: looks at one profile after the other, at times of our choosing. */
export interface ScheduleBench {
  readonly bench: ProfileBench;
  readonly context: ScheduleContext;
  /** WATCH_DIR, with the folder of the tenant in it; and the folder around it. */
  readonly watched: string;
  readonly home: string;
  /** The profile under test, and how many there were. */
  readonly state: { profileId: string; count: number };
  newProfile(this: void): Promise<void>;
  schedule(this: void, wanted: unknown): Promise<ProfileSettingsView>;
  /** As the scheduler sees the profile now. */
  profileNow(this: void): Promise<ScheduledProfile>;
  /** One look, errands included; `seen`: as another process saw the profile before. */
  look(this: void, now?: Date, seen?: ScheduledProfile): Promise<void>;
  runs(this: void): Promise<ScheduledRun[]>;
  triggers(this: void): Promise<string[]>;
  events(this: void): Promise<string[]>;
  scheduleRow(this: void): Promise<Record<string, unknown>>;
  close(this: void): Promise<void>;
}

export async function scheduleBench(): Promise<ScheduleBench> {
  const home = await mkdtemp(join(tmpdir(), 'rollbook-watch-'));
  const watched = join(home, 'watched');
  const made = await profileBench();
  const bench: ProfileBench = { ...made, context: { ...made.context, watchDirectory: watched } };
  await mkdir(join(watched, bench.tenantId), { recursive: true });
  const files = openLocalFileStore({ directory: join(home, 'uploads') });
  const context: ScheduleContext = {
    ...bench.context,
    files,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    watchDirectory: watched,
    uploadQuietSeconds: QUIET_SECONDS,
    uploadLimits: DEFAULT_UPLOAD_LIMITS,
    removeObjects: async (names) => {
      for (const name of names) await files.remove(name);
    },
  };
  const state = { profileId: '', count: 0 };
  const rowsOfProfile = <Row>(sql: string): Promise<Row[]> => bench.rows<Row>(sql, state.profileId);
  const profileNow = async (): Promise<ScheduledProfile> => {
    const profiles = await asOwner(bench.db, listScheduledProfiles);
    return must(profiles.find((profile) => profile.profileId === state.profileId));
  };
  const runs = (): Promise<ScheduledRun[]> =>
    rowsOfProfile<ScheduledRun>('select * from run where profile_id = $1 order by created_at');
  return {
    bench,
    context,
    watched,
    home,
    state,
    async newProfile() {
      state.count += 1;
      state.profileId = await bench.provisioned(`Scheduled ${state.count}`);
    },
    schedule: (wanted) =>
      patchProfileSettings(bench.context, bench.actor, state.profileId, { schedule: wanted }),
    profileNow,
    async look(now, seen) {
      const profile = seen ?? (await profileNow());
      const errand = await lookAtProfile(context, { ...profile, now: now ?? profile.now });
      await errand?.(new AbortController().signal);
    },
    runs,
    triggers: async () => (await runs()).map((run) => run.trigger),
    async events() {
      const rows = await rowsOfProfile<{ event: string }>(
        'select event from profile_event where profile_id = $1 order by at, id',
      );
      return rows.map(({ event }) => event);
    },
    async scheduleRow() {
      const rows = await rowsOfProfile<Record<string, unknown>>(
        'select * from profile_schedule where profile_id = $1',
      );
      return must(rows[0]);
    },
    async close() {
      await bench.close();
      await rm(home, { recursive: true });
    },
  };
}
