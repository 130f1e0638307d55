/**
 * The status of a profile, derived from stored facts alone (docs/spec/status.md): nothing else ever sets it, so it cannot
 * disagree with what is stored.
 */
import { unreachable } from '#lib/assert.ts';

import { readHeldCode, type HeldCode } from './held-because.ts';
import { timeLeftText } from './progress-estimate.ts';
import { isExpired, PROVIDER_NAMES, providerRuns, type ProviderType } from './profile.ts';
import type { ProfileState } from './profile-state.ts';
import { quarantineMessage, type QuarantineReason, readQuarantineReason } from './quarantine.ts';
import { isExecuting, type RunState } from './run-state.ts';
import { isMadeFromDirectory } from './run-trigger.ts';

/** Graph's educationSynchronizationStatus; the last two only for clients that ask for members added later. */
export type ProfileStatus =
  | 'paused'
  | 'inProgress'
  | 'success'
  | 'error'
  | 'validationError'
  | 'quarantined'
  | 'extracting'
  | 'validating';

/** Of run.counts, over all kinds: records read and what became of them, null while only time was measured. */
export interface RunTotals extends Readonly<Record<(typeof CHANGES)[number], number | null>> {
  readonly records: number | null;
  /** Rows that the files had and that were dropped. */
  readonly badRows: number;
  readonly filesToConfirm: readonly string[];
}

/** What can become of a record, as it is counted and as it is called. */
const CHANGES = ['created', 'linked', 'updated', 'reactivated', 'ended'] as const;

export interface RunFacts {
  readonly id: string;
  readonly state: RunState;
  /** While held: why (HeldCode). While broken: what broke. */
  readonly errorCode: string | null;
  /** What asked for it: run.trigger. */
  readonly trigger?: string;
  /** The run's own sentence. */
  readonly message: string | null;
  /** As the worker stored it: stage, percent and how much is done. */
  readonly progress: unknown;
  /** Null until something was counted. */
  readonly totals: RunTotals | null;
  /** Only while it is in the future. */
  readonly nextAttemptAt: Date | null;
  /** It executes and stops between two batches. */
  readonly cancelRequested?: boolean;
}

export interface StatusFacts {
  /** For commands that are named in messages. */
  readonly profileId?: string;
  readonly state: ProfileState;
  readonly stateMessage: string | null;
  readonly providerType: ProviderType;
  /** `YYYY-MM-DD`, both; `today` in the tenant's time zone. */
  readonly expirationDate: string | null;
  readonly today: string;
  readonly pausedAt: Date | null;
  readonly pausedBecause: string | null;
  readonly resetAt: Date | null;
  readonly quarantinedAt: Date | null;
  readonly quarantineReason: string | null;
  readonly quarantineLastAt: Date | null;
  readonly quarantineNextAttemptAt: Date | null;
  readonly brokenRuns: number;
  readonly lastSynchronizationAt: Date | null;
  readonly lastActivityAt: Date | null;
  /** Open record errors. */
  readonly errorCount: number;
  /** The run that executes, else the one that is queued. */
  readonly activeRun: RunFacts | null;
  /** The newest run made since the last reset that was not replaced, and not cancelled before it changed anything. */
  readonly latestRun: RunFacts | null;
  /** A newer one that was cancelled before it changed anything, or whose plan was rejected. */
  readonly cancelledRun?: RunFacts | null;
}

export interface StatusView {
  readonly status: ProfileStatus;
  readonly statusMessage: string;
  readonly errorCount: number;
  readonly lastSynchronizationAt: Date | null;
  readonly lastActivityAt: Date | null;
}

/** The line of docs/spec/status.md that fits first, with one sentence about it. `newMembers`: extracting and validating too. */
export function deriveProfileStatus(facts: StatusFacts, newMembers = false): StatusView {
  const { status, message } = firstLineThatFits(facts, newMembers);
  return {
    status,
    statusMessage: message + cancelledText(facts),
    errorCount: facts.errorCount,
    lastSynchronizationAt: facts.lastSynchronizationAt,
    lastActivityAt: facts.lastActivityAt,
  };
}

/** ` A later run was cancelled by ... before anything was changed.`, for a status that is that of the run before it. */
function cancelledText({ activeRun, latestRun, cancelledRun }: StatusFacts): string {
  if (activeRun || !cancelledRun) return '';
  if (cancelledRun.state === 'rejected')
    return ` ${sentence(cancelledRun.message, 'A later plan was rejected.')}`;
  const message = sentence(cancelledRun.message, 'Cancelled before anything was changed.');
  return ` A ${latestRun ? 'later ' : ''}run was ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

interface Line {
  readonly status: ProfileStatus;
  readonly message: string;
}

function firstLineThatFits(facts: StatusFacts, newMembers: boolean): Line {
  // An executing run of a profile that was just paused stops at its next batch: for the administrator it is paused.
  if (facts.activeRun && !facts.pausedAt) return inProgress(facts.activeRun, newMembers);
  const paused = pausedMessage(facts);
  if (paused !== null) return { status: 'paused', message: paused };
  const run = facts.latestRun;
  if (facts.quarantinedAt) {
    const reason = readQuarantineReason(facts.quarantineReason);
    const message = quarantineMessage(
      {
        reason,
        since: facts.quarantinedAt,
        lastAt: facts.quarantineLastAt,
        nextAttemptAt: facts.quarantineNextAttemptAt,
      },
      causeInQuarantine(run, facts.brokenRuns, reason),
    );
    return { status: 'quarantined', message };
  }
  if (run?.state === 'held')
    return { status: 'validationError', message: heldMessage(run, readHeldCode(run.errorCode)) };
  if (run?.state === 'broken') {
    const next = run.nextAttemptAt
      ? ` It is tried again at ${run.nextAttemptAt.toISOString()}.`
      : ' It is tried again soon.';
    return {
      status: 'error',
      message: `The last run broke off. ${sentence(run.message, 'No reason is known.')}${next}`,
    };
  }
  if (run?.state === 'cancelled') {
    const message = `${sentence(run.message, 'The last run was cancelled when a part of its changes was applied.')} Upload the files and start again: the next run applies what is missing.`;
    return { status: 'error', message };
  }
  if (facts.errorCount > 0) {
    // Errors are kept up to a limit, rows are counted to the last: who has more bad rows than errors is told the rows.
    const missing = Math.max(facts.errorCount, run?.totals?.badRows ?? 0);
    const capped =
      missing > facts.errorCount ? ` Of these, the first ${facts.errorCount} errors are listed.` : '';
    const message = `${sentence(run?.message ?? totalsText(run?.totals), 'The last run was applied.')} ${records(missing)} not in the directory as the source has ${missing === 1 ? 'it' : 'them'}: read the errors of the profile, correct the source and sync again.${capped}`;
    return { status: 'error', message };
  }
  return {
    status: 'success',
    message: sentence(
      run?.message ?? totalsText(run?.totals),
      'Every record of the source is in the directory.',
    ),
  };
}

/** What stands in the way of a run in quarantine: one that broke off, or one that waits for somebody. Whoever resumes has to know of it. */
function causeInQuarantine(
  run: RunFacts | null,
  brokenRuns: number,
  reason: QuarantineReason,
): string | null {
  if (run?.state === 'broken')
    return sentence(
      `${times(brokenRuns)} in a row a run broke off. ${sentence(run.message, 'The last one gave no reason.')}`,
      '',
    );
  if (run?.state !== 'held') return null;
  const code = readHeldCode(run.errorCode);
  return reason === 'QuarantinedOnDemand'
    ? `A run waits, and the resume that ends the quarantine does not accept it: ${sentence(run.message, HELD_FALLBACKS[code])}`
    : `A run waits. ${heldMessage(run, code)}`;
}

function inProgress(run: RunFacts, newMembers: boolean): Line {
  const done = progressText(run.progress);
  if (run.cancelRequested && isExecuting(run.state))
    return {
      status: 'inProgress',
      message: `The run is being cancelled: it stops between two batches${done}.`,
    };
  if (isMadeFromDirectory(run.trigger) && (run.state === 'staging' || run.state === 'planning')) {
    const what =
      run.trigger === 'expiration'
        ? 'what follows the expiration'
        : 'how to put back what the expiration changed';
    return { status: 'inProgress', message: `Working out ${what} of the profile.` };
  }
  switch (run.state) {
    case 'staging':
      return {
        status: newMembers
          ? propertyOf(run.progress, 'stage') === 'validating'
            ? 'validating'
            : 'extracting'
          : 'inProgress',
        message: `Reading and checking the uploaded files${done}.`,
      };
    case 'planning':
      return {
        status: newMembers ? 'validating' : 'inProgress',
        message: `Working out what has changed${done}.`,
      };
    case 'applying':
      return { status: 'inProgress', message: `Writing the changes to the directory${done}.` };
    case 'queued':
    case 'held':
    case 'suspended':
    case 'broken':
    case 'completed':
    case 'superseded':
    case 'cancelled':
    case 'rejected':
      return { status: 'inProgress', message: queuedMessage(run) };
    default:
      return unreachable(run.state);
  }
}

/** A run that its schedule does not let begin carries the reason as its own sentence. */
function queuedMessage(run: RunFacts): string {
  if (run.nextAttemptAt === null) return 'A sync is queued and starts in a moment.';
  return `A sync is queued and starts at ${run.nextAttemptAt.toISOString()}. ${sentence(run.message, '')}`.trim();
}

/** Why the profile counts as paused, or null. */
function pausedMessage(facts: StatusFacts): string | null {
  if (facts.pausedAt) {
    const because = facts.pausedBecause ? ` (${facts.pausedBecause})` : '';
    const stopping =
      facts.activeRun && isExecuting(facts.activeRun.state)
        ? ' The run that was executing stops at its next batch.'
        : '';
    const resume = isExpired(facts.expirationDate, facts.today)
      ? `It expired on ${facts.expirationDate ?? ''}, too. Resume the profile to end the pause, and update its expirationDate to a later day to sync again.`
      : 'Resume the profile to go on.';
    return `Paused since ${facts.pausedAt.toISOString()}${because}.${stopping} ${resume}`;
  }
  if (isExpired(facts.expirationDate, facts.today))
    return `The profile expired on ${facts.expirationDate ?? ''}. Update its expirationDate to a later day to sync again.${suspendedText(facts)}${expirationText(facts)}`;
  if (facts.latestRun?.state === 'suspended')
    return 'A run waits since the profile was paused or expired. Resume the profile to go on.';
  if (facts.latestRun?.state === 'held' && readHeldCode(facts.latestRun.errorCode) === 'ApprovalNeeded') {
    if (isMadeFromDirectory(facts.latestRun.trigger)) return expirationText(facts).trim();
    return `${sentence(facts.latestRun.message, 'A plan without faults waits.')} The profile always asks: resume it to apply the plan.`;
  }
  if (facts.latestRun) return null;
  return neverStartedMessage(facts);
}

/** What becomes of a run that was on its way when the profile expired. */
function suspendedText({ latestRun: run }: StatusFacts): string {
  if (run?.state !== 'suspended' || isMadeFromDirectory(run.trigger)) return '';
  return ` A run waits: resume the profile after that to let it go on, or drop it with rollbook cancel ${run.id}.`;
}

/** ` 12 classes would be marked as expired, ...`, while what is to follow the expiration waits for somebody. */
function expirationText({ profileId, latestRun: run }: StatusFacts): string {
  if (run === null || !isMadeFromDirectory(run.trigger)) return '';
  if (run.state === 'completed') return ` ${sentence(run.message, '')}`;
  if (run.state !== 'held') return '';
  return ` ${sentence(run.message, 'A plan for its classes waits.')} ${expirationWaits(profileId, run.id)}`;
}

/** What to do with the plan that follows an expiration. */
export function expirationWaits(profileId: string | undefined, runId: string): string {
  const plan = profileId === undefined ? '' : `Look at it with rollbook plan ${profileId} --run ${runId}. `;
  return `This plan waits, and nothing of it was changed. ${plan}Then rollbook approve ${runId} applies it, and rollbook reject ${runId} drops it.`;
}

function neverStartedMessage(facts: StatusFacts): string {
  if (facts.state === 'provisioningFailed')
    return `The profile cannot be used. ${sentence(facts.stateMessage, 'Its settings could not be checked.')} Update the profile.`;
  if (!providerRuns(facts.providerType))
    return `The profile is stored, but nothing is synced: this version of Rollbook does not run ${PROVIDER_NAMES[facts.providerType]} profiles yet.`;
  if (facts.state === 'provisioning')
    return 'The profile is being provisioned. Then upload the files and start it.';
  if (facts.resetAt)
    return `The profile was reset at ${facts.resetAt.toISOString()}. Upload all files to its uploadUrl, then start it: everything is compared anew.`;
  if (facts.cancelledRun) return 'Nothing was synced yet. Upload the files to its uploadUrl, then start it.';
  return 'The profile was never started. Upload the files to its uploadUrl, then start it.';
}

/** What stopped the run and how to go on. The run's own message says what to do with its files. */
function heldMessage(run: RunFacts, code: HeldCode): string {
  const message = sentence(run.message, '');
  const text =
    message === '' ? `${HELD_FALLBACKS[code]} ${HELD_REMEDIES[code]}` : `${message} ${HELD_ENDINGS[code]}`;
  if (code !== 'FilesNeedConfirmation') return text;
  return `${text} To confirm: POST /api/v1/profiles/{id}/resume with ${JSON.stringify({ confirmEmptyFiles: run.totals?.filesToConfirm ?? [] })}.`;
}

const HELD_ENDINGS: Readonly<Record<HeldCode, string>> = {
  ValidationFailed: 'Nothing was changed.',
  FilesNeedConfirmation: 'Nothing was changed.',
  FilesUnusable: 'Nothing was changed.',
  VerdictHeld:
    'Nothing was changed. Resume the profile to accept this plan, or upload corrected files and start again.',
  ApprovalNeeded: 'Resume the profile to apply the plan.',
  PartHeld: 'Resume the profile to accept what waits, or upload corrected files and start again.',
  PreviewReady: 'Approve the plan to apply it.',
};

const HELD_FALLBACKS: Readonly<Record<HeldCode, string>> = {
  ValidationFailed: 'More rows than the tolerance allows have errors.',
  FilesNeedConfirmation: 'Files that had rows before are missing or have none now.',
  FilesUnusable: 'An uploaded file cannot be used.',
  VerdictHeld: 'The plan would change more than the limits of the profile allow.',
  ApprovalNeeded: 'A plan waits for approval.',
  PartHeld: 'A part of the plan would change more than the limits of the profile allow.',
  PreviewReady: 'A preview is ready.',
};

/** What to do with a held run: the end of the status message, and of the messages of `resume`. */
export const HELD_REMEDIES: Readonly<Record<HeldCode, string>> = {
  ValidationFailed:
    'Nothing was changed. Upload corrected files and start again, or resume the profile to go on without the faulty rows.',
  FilesNeedConfirmation:
    'Nothing was changed. Upload the complete files and start again, or confirm each file by name.',
  FilesUnusable: 'Nothing was changed. Upload corrected files and start again.',
  VerdictHeld:
    'Nothing was changed. Resume the profile to accept this plan, or upload corrected files and start again.',
  ApprovalNeeded: 'Resume the profile to apply the plan.',
  PartHeld: 'Resume the profile to accept what waits, or upload corrected files and start again.',
  PreviewReady: 'Approve the plan to apply it.',
};

function sentence(text: string | null | undefined, fallback: string): string {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return fallback;
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/u.test(capital) ? capital : `${capital}.`;
}

function records(count: number): string {
  return count === 1 ? '1 record is' : `${count} records are`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** `: 1200 of 5000 changes, about 2 min left`, as far as the worker has said. */
function progressText(progress: unknown): string {
  const done = numberOf(progress, 'itemsDone');
  const total = numberOf(progress, 'itemsTotal');
  const left = timeLeftText(numberOf(progress, 'secondsLeft'));
  const end = left === null ? '' : `, ${left}`;
  if (done !== undefined && total !== undefined && total > 0) return `: ${done} of ${total} changes${end}`;
  const rows = numberOf(progress, 'rowsDone');
  return rows === undefined ? '' : `: ${rows} rows so far${end}`;
}

/** `1200 records read: 3 created, 2 updated`, or null when nothing was counted. */
function totalsText(totals: RunTotals | null | undefined): string | null {
  if (!totals || totals.records === null) return null;
  const changes = CHANGES.map((change) => ({ change, count: totals[change] ?? 0 })).filter(
    ({ count }) => count > 0,
  );
  const read = `${totals.records} records read`;
  return changes.length === 0
    ? `${read}: nothing had changed.`
    : `${read}: ${changes.map(({ change, count }) => `${count} ${CHANGE_TEXTS[change]}`).join(', ')}.`;
}

const CHANGE_TEXTS: Readonly<Record<(typeof CHANGES)[number], string>> = {
  created: 'created',
  linked: 'linked to accounts that were there',
  updated: 'updated',
  reactivated: 'reactivated',
  ended: 'ended',
};

function propertyOf(value: unknown, property: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[property]
    : undefined;
}

function numberOf(value: unknown, property: string): number | undefined {
  const found = propertyOf(value, property);
  return typeof found === 'number' ? found : undefined;
}
