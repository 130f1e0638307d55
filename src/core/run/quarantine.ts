/** When a profile goes into quarantine and when it leaves, and what is said about it: docs/spec/quarantine.md. */
import { QUARANTINE_AFTER } from './retry.ts';

export const QUARANTINE_REASONS = [
  'IngestionInterrupted',
  'EncounteredEscrowProportionThreshold',
  'EncounteredBaseEscrowThreshold',
  'EncounteredTotalEscrowThreshold',
  'QuarantinedOnDemand',
  'Unknown',
] as const;

/**
 * IngestionInterrupted: runs broke off, one after the other. The three thresholds: too many records of the roster could not be
 * written. QuarantinedOnDemand: an administrator said so. Unknown: an older version stored none.
 */
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** After so many days in quarantine a profile is disabled: paused until somebody resumes it. */
export const QUARANTINE_DAYS = 28;

/** How many records a profile could not write, after a run. */
export interface EscrowCounts {
  /** Records of the roster that was read, of all kinds. */
  readonly records: number;
  /** Those of them that stand for themselves: schools, terms, courses, classes, people. Roles and enrollments only refer. */
  readonly objects: number;
  /** Objects in escrow. */
  readonly ownFailures: number;
  /** All records in escrow, and those that wait for them. */
  readonly allFailures: number;
}

/** Least number of failures that is looked at: the larger of 25 and 1 % of the records. The other limits are multiples of it. */
export function escrowMinimum(records: number): number {
  return Math.max(25, Math.ceil(records / 100));
}

const PROPORTION_PERCENT = 40;
const BASE_FACTOR = 8;
const TOTAL_FACTOR = 12;

/**
 * The threshold that a completed run is above, or null. `first`: no run of this profile was complete before, so there is nothing to
 * compare with; only the proportion is judged.
 */
export function judgeEscrow(counts: EscrowCounts, first: boolean): QuarantineReason | null {
  const minimum = escrowMinimum(counts.records);
  if (counts.ownFailures >= minimum && counts.ownFailures * 100 > PROPORTION_PERCENT * counts.objects)
    return 'EncounteredEscrowProportionThreshold';
  if (first) return null;
  if (counts.ownFailures > BASE_FACTOR * minimum) return 'EncounteredBaseEscrowThreshold';
  if (counts.allFailures > TOTAL_FACTOR * minimum) return 'EncounteredTotalEscrowThreshold';
  return null;
}

/**
 * What a completed run does to a quarantine: the reason to be in it from now on, or null to be out of it. What an administrator
 * ordered, a run does not end.
 */
export function afterCompletedRun(
  before: QuarantineReason | null,
  judged: QuarantineReason | null,
): QuarantineReason | null {
  return before === 'QuarantinedOnDemand' ? before : judged;
}

/** The reason after one more break in a row; null: not in quarantine (yet). */
export function afterBrokenRun(before: QuarantineReason | null, brokenRuns: number): QuarantineReason | null {
  if (before === 'QuarantinedOnDemand') return before;
  return brokenRuns >= QUARANTINE_AFTER ? 'IngestionInterrupted' : before;
}

/** The reason in profile.quarantine_reason of a profile that is in quarantine. */
export function readQuarantineReason(stored: string | null): QuarantineReason {
  return QUARANTINE_REASONS.find((reason) => reason === stored) ?? 'Unknown';
}

interface ReasonText {
  readonly title: string;
  readonly remedy: string;
}

/** What a reason means and what to do, for people. */
export const QUARANTINE_TEXTS: Readonly<Record<QuarantineReason, ReasonText>> = {
  IngestionInterrupted: {
    title: 'runs broke off, one after the other',
    remedy: 'Repair what the message of the last run names, then start or resume the profile.',
  },
  EncounteredEscrowProportionThreshold: {
    title: `more than ${PROPORTION_PERCENT} % of the records could not be written`,
    remedy:
      'Read the errors of the profile: most have one cause, such as accounts that are missing or a wrong column to match. Repair it, then resume the profile.',
  },
  EncounteredBaseEscrowThreshold: {
    title: 'far more records than usual could not be written',
    remedy: 'Read the errors of the profile, repair what they have in common, then resume the profile.',
  },
  EncounteredTotalEscrowThreshold: {
    title: 'records that could not be written keep very many others waiting',
    remedy: 'Read the errors of the profile, repair what they have in common, then resume the profile.',
  },
  QuarantinedOnDemand: {
    title: 'an administrator put it there',
    remedy: 'Resume the profile to end it.',
  },
  Unknown: {
    title: 'it kept failing',
    remedy: 'Read the last runs and the errors of the profile, then start or resume it.',
  },
};

/** What is stored about a quarantine. */
export interface QuarantineFacts {
  readonly reason: QuarantineReason;
  readonly since: Date;
  readonly lastAt: Date | null;
  readonly nextAttemptAt: Date | null;
}

/** The status sentence. `cause`: what the last run said, if it broke off. */
export function quarantineMessage(facts: QuarantineFacts, cause: string | null): string {
  const { title, remedy } = QUARANTINE_TEXTS[facts.reason];
  const last =
    facts.lastAt === null || facts.lastAt.getTime() === facts.since.getTime()
      ? ''
      : `, last at ${facts.lastAt.toISOString()}`;
  const next = facts.nextAttemptAt === null ? '' : ` Next attempt: ${facts.nextAttemptAt.toISOString()}.`;
  return `The profile is in quarantine since ${facts.since.toISOString()}${last} (${facts.reason}): ${title}. ${cause === null ? '' : `${cause} `}It is tried once a day; a start tries at once.${next} ${remedy}`;
}

/** profile.paused_because once four weeks have passed. */
export function disabledBecause(reason: QuarantineReason): string {
  return `disabled after four weeks in quarantine: ${reason}`;
}
