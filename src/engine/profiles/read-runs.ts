import type { FindingCount } from '#core/findings.ts';
import { NotFoundError } from '#lib/errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { profileExists } from '#storage/profiles/find-profile.ts';
import {
  listFindings as selectFindings,
  listLatestRuns,
  listRunEvents,
  listRunFiles,
  listRunsOfTenant,
  readFindingCounts,
  readRun,
  type RunFilter,
  type StoredFinding,
  type StoredRun,
  type StoredRunEvent,
  type StoredRunFile,
} from '#storage/runs/read-runs.ts';

import { isUuid, mustFindProfile, noSuchProfile, type ProfileContext } from './profile-context.ts';

type ReadContext = Pick<ProfileContext, 'db'>;
const READ_ONLY = { readOnly: true } as const;

export interface RunDetails {
  readonly run: StoredRun;
  readonly findingCounts: readonly FindingCount[];
  readonly firstFindings: readonly StoredFinding[];
  readonly timeline: readonly StoredRunEvent[];
  readonly files: readonly StoredRunFile[];
}

/**
 * Runs of all profiles, the newest first; those of deleted profiles too. Errors: NotFoundError, for a profile that was never one of
 * this tenant.
 */
export async function listTenantRuns(
  context: ReadContext,
  tenantId: string,
  filter: RunFilter,
  page: { readonly afterId: string | undefined; readonly limit: number },
): Promise<StoredRun[]> {
  const { profileId } = filter;
  if (profileId !== undefined && !isUuid(profileId)) throw noSuchProfile(profileId);
  return inTenant(
    context.db,
    tenantId,
    async (tx) => {
      if (profileId !== undefined && !(await profileExists(tx, profileId))) throw noSuchProfile(profileId);
      return listRunsOfTenant(tx, filter, page);
    },
    READ_ONLY,
  );
}

/** The newest runs of a profile, the newest first. Errors: NotFoundError. */
export async function listRuns(
  context: ReadContext,
  tenantId: string,
  profileId: string,
  limit: number,
): Promise<StoredRun[]> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => {
      const profile = await mustFindProfile(tx, profileId);
      return listLatestRuns(tx, profile.id, limit);
    },
    READ_ONLY,
  );
}

/** A run without its story: for those who watch it. Errors: NotFoundError. */
export async function getRunRow(context: ReadContext, tenantId: string, runId: string): Promise<StoredRun> {
  return inTenant(context.db, tenantId, (tx) => mustReadRun(tx, runId), READ_ONLY);
}

/** One run with its whole story, as it is at one moment. Errors: NotFoundError. */
export async function getRun(
  context: ReadContext,
  tenantId: string,
  runId: string,
  firstFindings: number,
): Promise<RunDetails> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => {
      const run = await mustReadRun(tx, runId);
      return {
        run,
        findingCounts: await readFindingCounts(tx, run.id),
        firstFindings: await selectFindings(tx, run.id, { afterNo: 0, limit: firstFindings }),
        timeline: await listRunEvents(tx, run.id),
        files: run.uploadId === null ? [] : await listRunFiles(tx, run.uploadId),
      };
    },
    { readOnly: true, isolation: 'repeatable read' },
  );
}

/** Findings of a run after a finding number. Errors: NotFoundError. */
export async function listFindings(
  context: ReadContext,
  tenantId: string,
  runId: string,
  page: { readonly afterNo: number; readonly limit: number },
): Promise<StoredFinding[]> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => {
      const run = await mustReadRun(tx, runId);
      return selectFindings(tx, run.id, page);
    },
    READ_ONLY,
  );
}

/** Errors: NotFoundError, for an id of another tenant as for one that is none. */
export async function mustReadRun(tx: Tx, runId: string): Promise<StoredRun> {
  const run = isUuid(runId) ? await readRun(tx, runId) : null;
  if (!run) throw noSuchRun(runId);
  return run;
}

export function noSuchRun(id: string): NotFoundError {
  return new NotFoundError(`There is no run '${id.slice(0, 64)}'. List the runs to see their ids.`);
}
