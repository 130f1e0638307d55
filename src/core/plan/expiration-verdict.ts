import type { PlanCount, Verdict } from './verdict.ts';

export interface ExpirationCounts {
  readonly classes: number;
  readonly enrollments: number;
}

/** What the plan for an expired profile changes. */
export function countExpiration(counts: readonly PlanCount[]): ExpirationCounts {
  const sum = (kind: PlanCount['kind']): number =>
    counts.reduce((total, entry) => total + (entry.kind === kind ? entry.count : 0), 0);
  return { classes: sum('class'), enrollments: sum('enrollment') };
}

/** Whatever the profile applies by itself otherwise: that a school year is over is for somebody to say. */
export function judgeExpiration(counts: readonly PlanCount[], expiredOn: string): Verdict {
  const { classes, enrollments } = countExpiration(counts);
  if (classes + enrollments === 0) return { outcome: 'clean', reasons: [] };
  const message = `${describe(classes, enrollments, 'would be')}, since the profile expired on ${expiredOn}`;
  return {
    outcome: 'held',
    reasons: [{ code: 'alwaysAsk', scope: 'plan', count: classes + enrollments, holds: true, message }],
  };
}

/** The message of a run that has carried it out. `systemName`: where the classes are kept; null: there were none. */
export function describeExpired(
  { classes, enrollments }: ExpirationCounts,
  expiredOn: string,
  systemName: string | null,
): string {
  if (systemName === null)
    return `The profile expired on ${expiredOn}; it had no active classes to mark as expired`;
  const kept = `No later sync touches these classes: they are kept in the source system "${systemName}"`;
  return `Since the profile expired on ${expiredOn}, ${describe(classes, enrollments, 'done')}. ${kept}`;
}

function describe(classes: number, enrollments: number, mood: 'would be' | 'done'): string {
  const be = (count: number): string => (mood === 'would be' ? 'would be ' : count === 1 ? 'was ' : 'were ');
  const marked = `${classes} ${classes === 1 ? 'class' : 'classes'} ${be(classes)}marked as expired`;
  if (enrollments === 0) return marked;
  const ended = `${enrollments} ${enrollments === 1 ? 'enrollment' : 'enrollments'} of students`;
  return `${marked} and ${ended} ${mood === 'would be' ? '' : be(enrollments)}ended`;
}
