import { reasonKeyOf, type NoticeReason } from '#core/notices/notice.ts';
import type { VerdictReason } from '#core/plan/verdict-reason.ts';
import type { EscrowCounts, QuarantineReason } from '#core/run/quarantine.ts';
import type { StageFacts, StageStop } from '#core/validate/judge-stage.ts';
import type { System } from '#lib/system.ts';
import type { Tx } from '#storage/database.ts';
import { closeNotices, raiseNotice } from '#storage/notices/raise-notice.ts';

/** Whose run it is, and where ids come from. */
interface Teller {
  readonly system: Pick<System, 'newId'>;
}
interface ToldRun {
  readonly id: string;
  readonly profileId: string;
}

/**
 * A run is held and waits for a decision; in the transaction that holds it. `reasons`: those of the verdict, or of parts that are held;
 * their messages are the sentence of the notice unless there is one.
 */
export async function tellHeld(
  tx: Tx,
  teller: Teller,
  run: ToldRun,
  code: string,
  verdictReasons: readonly VerdictReason[],
  message?: string,
): Promise<void> {
  const reasons = verdictReasons.map(
    ({ code: why, message: text, kind, file, school, schoolName }): NoticeReason => ({
      code: why,
      message: text,
      ...(kind === undefined ? {} : { kind }),
      ...(file === undefined ? {} : { file }),
      ...(school === undefined ? {} : { school: { id: school, name: schoolName ?? school } }),
    }),
  );
  await tellWaiting(tx, teller, run, code, reasons, message);
}

async function tellWaiting(
  tx: Tx,
  { system }: Teller,
  run: ToldRun,
  code: string,
  reasons: readonly NoticeReason[],
  message = reasons.map((reason) => reason.message).join('; '),
): Promise<void> {
  await raiseNotice(tx, {
    id: system.newId(),
    profileId: run.profileId,
    runId: run.id,
    event: 'held',
    reasonKey: reasonKeyOf(code, reasons),
    payload: { message, reasons },
  });
}

/** The same for a run that stage and validation stopped; `null`: they did not. The files at fault are the reasons. */
export async function tellStopped(
  tx: Tx,
  teller: Teller,
  run: ToldRun,
  stop: StageStop | null,
  stage: StageFacts,
): Promise<void> {
  if (stop === null) return;
  const severity = stop.code === 'ValidationFailed' ? 'error' : 'fatal';
  const reasons = stage.findingCounts
    .filter((count) => count.severity === severity)
    .map(({ code, file, rowCount }) => ({
      code,
      file,
      message: severity === 'fatal' ? `${file}: ${code}` : `${file}: ${code}, ${rowCount} rows`,
    }));
  await tellWaiting(tx, teller, run, stop.code, reasons, stop.message);
}

/** A run broke off; when its profile is in quarantine that is told, in the transaction that says so. One notice for each cause. */
export async function tellBroken(
  tx: Tx,
  { system }: Teller,
  run: ToldRun,
  cause: { readonly code: string; readonly message: string },
  broken: { readonly quarantined: boolean; readonly brokenRuns: number },
): Promise<void> {
  if (!broken.quarantined) return;
  await raiseNotice(tx, {
    id: system.newId(),
    profileId: run.profileId,
    runId: run.id,
    event: 'quarantined',
    reasonKey: cause.code,
    payload: {
      message: cause.message,
      reasons: [{ code: cause.code, message: cause.message }],
      counts: { brokenRuns: broken.brokenRuns },
    },
  });
}

/** So many records could not be written that the profile is in quarantine, in the transaction that says so. */
export async function tellQuarantined(
  tx: Tx,
  { system }: Teller,
  run: ToldRun,
  reason: QuarantineReason,
  counts: EscrowCounts,
): Promise<void> {
  const message = `${counts.ownFailures} records could not be written, and ${counts.allFailures} with those that wait for them, of ${counts.records}`;
  await raiseNotice(tx, {
    id: system.newId(),
    profileId: run.profileId,
    runId: run.id,
    event: 'quarantined',
    reasonKey: reason,
    payload: { message, reasons: [{ code: reason, message }], counts: { ...counts } },
  });
}

/** Something that no run says by itself: the profile expired, was disabled, gave records up, or had no files at its time. */
export async function tellOfProfile(
  tx: Tx,
  { system }: Teller,
  profileId: string,
  event: 'expired' | 'disabled' | 'recordDropped' | 'scheduledWithoutFiles',
  reasonKey: string,
  message: string,
): Promise<void> {
  await raiseNotice(tx, {
    id: system.newId(),
    profileId,
    runId: null,
    event,
    reasonKey,
    payload: { message, reasons: [{ code: event, message }] },
  });
}

/** A run was completed: what was open is closed, and if there was anything, that is told. `errors`: records still not in the directory. */
export async function tellCompleted(tx: Tx, { system }: Teller, run: ToldRun, errors: number): Promise<void> {
  const closed = await closeNotices(tx, run.profileId, { withErrors: errors > 0 });
  if (closed === 0) return;
  await raiseNotice(tx, {
    id: system.newId(),
    profileId: run.profileId,
    runId: run.id,
    event: 'recovered',
    reasonKey: run.id,
    payload: { counts: { closedNotices: closed, openErrors: errors } },
  });
}
