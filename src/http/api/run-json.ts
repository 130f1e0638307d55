import { isExecuting } from '#core/run/run-state.ts';
import type { RunDetails } from '#engine/profiles/read-runs.ts';
import type { StoredFinding, StoredRun } from '#storage/runs/read-runs.ts';

/** A run as every answer shows it. */
export function runJson(run: StoredRun): Record<string, unknown> {
  return {
    id: run.id,
    profileId: run.profileId,
    profileDisplayName: run.profileDisplayName,
    state: run.state,
    trigger: run.trigger,
    planOnly: run.planOnly,
    addsOnly: run.addsOnly,
    progress: progressJson(run),
    counts: run.counts,
    plan: run.itemCount === null ? null : { itemCount: run.itemCount, counts: run.planCounts },
    verdict: run.verdict,
    message: run.message,
    errorCode: run.errorCode,
    attempt: run.attempt,
    nextAttemptAt: run.nextAttemptAt,
    requestedBy: run.requestedBy,
    requestedByName: run.requestedByName,
    toleranceWaived: run.toleranceWaived,
    verdictAccepted: run.verdictAccepted,
    confirmedFiles: run.confirmedFiles,
    cancelRequested: run.cancelRequested,
    acceptedBy: run.acceptedBy,
    acceptedByName: run.acceptedByName,
    acceptedAt: run.acceptedAt,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    stagedAt: run.stagedAt,
    plannedAt: run.plannedAt,
    finishedAt: run.finishedAt,
    durationSeconds: durationSeconds(run),
  };
}

/** A run with its whole story. */
export function runStoryJson(details: RunDetails): Record<string, unknown> {
  return {
    ...runJson(details.run),
    certificate: details.run.certificate,
    timeline: details.timeline,
    files: filesJson(details),
    findingCounts: details.findingCounts,
    findings: details.firstFindings.map(findingJson),
  };
}

export function findingJson(finding: StoredFinding): Record<string, unknown> {
  return { ...finding };
}

/** What was left of the stage is a forecast, and worth nothing once nobody works on it. */
function progressJson({ progress, state }: StoredRun): unknown {
  if (typeof progress !== 'object' || progress === null || isExecuting(state)) return progress;
  return { ...progress, secondsLeft: null };
}

/** From the first claim to the end, waiting for people included. Null while it has none of the two. */
function durationSeconds({ startedAt, finishedAt }: StoredRun): number | null {
  if (startedAt === null || finishedAt === null) return null;
  return Math.max(0, Math.round((finishedAt.getTime() - startedAt.getTime()) / 100) / 10);
}

/** Rows and bad rows are what the run counted; null where it did not come to that file. In place of a zip stand the files that were read of it. */
function filesJson({ run, files }: RunDetails): Record<string, unknown>[] {
  const counted = countedFiles(run.counts);
  return files.flatMap(({ name, sizeBytes, sha256, bytesKept, erasedAt }): Record<string, unknown>[] => {
    const bytes = { bytesKept, erasedAt };
    const unpacked = counted.filter(({ archive }) => archive === name.toLowerCase());
    if (unpacked.length > 0)
      return unpacked.map((one) => ({
        name: one.file,
        archive: name,
        sizeBytes: one.sizeBytes,
        sha256: one.sha256,
        rows: one.rows,
        badRows: one.badRows,
        ...bytes,
      }));
    const counts = counted.find(({ file }) => file === name.toLowerCase());
    return [
      {
        name,
        archive: null,
        sizeBytes,
        sha256,
        rows: counts?.rows ?? null,
        badRows: counts?.badRows ?? null,
        ...bytes,
      },
    ];
  });
}

interface CountedFile {
  readonly file?: unknown;
  /** Of runs before zips were taken: not there. */
  readonly archive?: unknown;
  readonly sizeBytes?: unknown;
  readonly sha256?: unknown;
  readonly rows?: unknown;
  readonly badRows?: unknown;
}

function countedFiles(counts: unknown): readonly CountedFile[] {
  if (typeof counts !== 'object' || counts === null || !('files' in counts)) return [];
  return Array.isArray(counts.files) ? (counts.files as CountedFile[]) : [];
}
