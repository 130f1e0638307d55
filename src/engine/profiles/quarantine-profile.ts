import {
  QUARANTINE_DAYS,
  QUARANTINE_TEXTS,
  readQuarantineReason,
  type QuarantineReason,
} from '#core/run/quarantine.ts';
import { must } from '#lib/assert.ts';
import { inTenant } from '#storage/database.ts';
import {
  enterQuarantine,
  postponeBrokenRuns,
  readQuarantine,
  type StoredQuarantine,
} from '#storage/profiles/quarantine.ts';

import { mustFindProfile, mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { checkStep, stepProfile } from './step-profile.ts';

export interface QuarantineView {
  readonly quarantined: boolean;
  readonly reason: QuarantineReason | null;
  readonly title: string | null;
  readonly remedy: string | null;
  /** The first time since it is in quarantine, and the last. */
  readonly firstAt: Date | null;
  readonly lastAt: Date | null;
  /** How often the reason was met. */
  readonly count: number;
  readonly nextAttemptAt: Date | null;
  /** When it is disabled, if nothing changes. */
  readonly disabledAt: Date | null;
  /** Runs in a row that broke off, in quarantine or not. */
  readonly brokenRuns: number;
  /** What an administrator wrote who ordered it. */
  readonly note: string | null;
  readonly by: string | null;
}

const DAY_MS = 86_400_000;

/** Whether a profile is in quarantine, why, since when, until when, and what to do. Errors: NotFoundError. */
export async function getQuarantine(
  context: Pick<ProfileContext, 'db'>,
  tenantId: string,
  profileId: string,
): Promise<QuarantineView> {
  const stored = await inTenant(
    context.db,
    tenantId,
    async (tx) => {
      const profile = await mustFindProfile(tx, profileId);
      return must(await readQuarantine(tx, profile.id));
    },
    { readOnly: true },
  );
  return viewOf(stored);
}

/**
 * An administrator's quarantine: nothing runs by itself but once a day, until somebody resumes the profile. A start is let
 * through, and does not end it. Errors: NotFoundError, ConflictError.
 */
export async function quarantineProfile(
  context: ProfileContext,
  actor: Actor,
  profileId: string,
  note: string | null,
): Promise<QuarantineView> {
  return inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    checkStep(profile, 'quarantined');
    await enterQuarantine(tx, profile.id, 'QuarantinedOnDemand', context.quarantineDelaySeconds);
    await postponeBrokenRuns(tx, profile.id, context.quarantineDelaySeconds);
    await stepProfile(tx, profile, {
      event: 'quarantined',
      actor: actor.applicationId,
      newId: context.system.newId,
      detail: { reason: 'QuarantinedOnDemand', ...(note === null ? {} : { note }) },
    });
    return viewOf(must(await readQuarantine(tx, profile.id)));
  });
}

function viewOf(stored: StoredQuarantine): QuarantineView {
  const { quarantinedAt } = stored;
  const reason = quarantinedAt === null ? null : readQuarantineReason(stored.reason);
  return {
    quarantined: quarantinedAt !== null,
    reason,
    title: reason && QUARANTINE_TEXTS[reason].title,
    remedy: reason && QUARANTINE_TEXTS[reason].remedy,
    firstAt: quarantinedAt,
    lastAt: stored.lastAt,
    count: stored.count,
    nextAttemptAt: stored.nextAttemptAt,
    disabledAt: quarantinedAt && new Date(quarantinedAt.getTime() + QUARANTINE_DAYS * DAY_MS),
    brokenRuns: stored.brokenRuns,
    note: noteOf(stored.detail),
    by: reason === 'QuarantinedOnDemand' ? stored.by : null,
  };
}

function noteOf(detail: unknown): string | null {
  const note = typeof detail === 'object' && detail !== null && 'note' in detail ? detail.note : null;
  return typeof note === 'string' ? note : null;
}
