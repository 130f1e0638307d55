import type { FindingCount } from '#core/findings.ts';
import { NotFoundError } from '#lib/errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import {
  listFindings as selectFindings,
  listLatestRuns,
  readFindingCounts,
  readRun,
  type StoredFinding,
  type StoredRun,
} from '#storage/runs/read-runs.ts';

import { isUuid, mustFindProfile, type ProfileContext } from './profile-context.ts';

type ReadContext = Pick<ProfileContext, 'db'>;
const READ_ONLY = { readOnly: true } as const;

export interface RunDetails {
  readonly run: StoredRun;
  readonly findingCounts: readonly FindingCount[];
  readonly firstFindings: readonly StoredFinding[];
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

/** One run with what was found in its files. Errors: NotFoundError. */
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
      };
    },
    READ_ONLY,
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

async function mustReadRun(tx: Tx, runId: string): Promise<StoredRun> {
  const run = isUuid(runId) ? await readRun(tx, runId) : null;
  if (!run) throw new NotFoundError(`There is no run '${runId.slice(0, 64)}'.`);
  return run;
}
