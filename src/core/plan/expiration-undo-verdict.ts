import type { ExpirationCounts } from './expiration-verdict.ts';
import type { Verdict } from './verdict.ts';

/** What the undo of an expiration puts back, and what not, since it changed after the expiration. */
export interface UndoCounts extends ExpirationCounts {
  readonly left: {
    /** Classes that stay as they are, with their members. */
    readonly classes: number;
    /** Classes that are put back but for what somebody changed by hand. */
    readonly classesInPart: number;
    /** Places of students. */
    readonly enrollments: number;
  };
}

/** It always waits for an approval, unless there is nothing to put back. */
export function judgeExpirationUndo(counts: UndoCounts, expiredOn: string): Verdict {
  const { classes, enrollments } = counts;
  if (classes + enrollments === 0) return { outcome: 'clean', reasons: [] };
  const message = `The expiration of ${expiredOn} would be undone: ${describe(counts, 'would get')}${describeLeft(counts)}`;
  return {
    outcome: 'held',
    reasons: [{ code: 'alwaysAsk', scope: 'plan', count: classes + enrollments, holds: true, message }],
  };
}

/** The message of a run that has carried it out. */
export function describeUndone(counts: UndoCounts, expiredOn: string): string {
  if (counts.classes + counts.enrollments === 0)
    return `Nothing of the expiration of ${expiredOn} was put back${describeLeft(counts)}`;
  return `The expiration of ${expiredOn} was undone: ${describe(counts, 'got')}${describeLeft(counts)}`;
}

function describe({ classes, enrollments }: ExpirationCounts, verb: 'would get' | 'got'): string {
  const students = count(enrollments, 'place of a student', 'places of students');
  if (classes === 0) return `${students} ${verb === 'got' ? 'put back' : 'would be put back'}`;
  const names = `${count(classes, 'class', 'classes')} ${verb} ${classes === 1 ? 'its name and id' : 'their names and ids'} back`;
  return enrollments === 0 ? names : `${names}, with ${students}`;
}

function describeLeft({ left }: UndoCounts): string {
  const parts = [
    ...(left.classes > 0 ? [count(left.classes, 'class', 'classes')] : []),
    ...(left.enrollments > 0 ? [count(left.enrollments, 'place of a student', 'places of students')] : []),
    ...(left.classesInPart > 0
      ? [`what was edited by hand in ${count(left.classesInPart, 'class', 'classes')}`]
      : []),
  ];
  if (parts.length === 0) return '';
  return `. Left alone, since it changed after the expiration: ${parts.join(', ')}`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
