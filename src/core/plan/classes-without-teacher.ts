/**
 * Classes that go on and lose their last teacher: the rows of a school's teachers are missing, and they are few beside those of its
 * pupils. Nobody could look after such a class, so it counts as one that ends, by the same limits.
 */
import { allowedIn, type Limit, type LimitRule } from './limits.ts';
import { describeSchool, type VerdictReason } from './verdict-reason.ts';

/** The classes of a school that go on and lose their last teacher in the plan. */
export interface ClassesWithoutTeacher {
  /** Source id of the school; empty: belongs to none. */
  readonly school: string;
  readonly count: number;
  /** Source ids of the first few. */
  readonly examples: readonly string[];
}

export const WITHOUT_TEACHER_EXAMPLES = 3;

interface Given {
  readonly withoutTeacher: readonly ClassesWithoutTeacher[];
  readonly activeByKind: { readonly class: number };
  readonly activeBySchool: readonly {
    readonly school: string;
    readonly kind: string;
    readonly count: number;
  }[];
  readonly schoolNames: ReadonlyMap<string, string>;
  readonly rules: readonly LimitRule[];
  readonly deactivationLimit: Limit;
}

/** The schools that have more of them than their limit for classes that end. */
export function withoutTeacherInSchools(given: Given): VerdictReason[] {
  const { withoutTeacher, activeBySchool, schoolNames } = given;
  return withoutTeacher.flatMap((classes) => {
    const { school } = classes;
    if (school === '') return [];
    const active = activeBySchool.find((of) => of.kind === 'class' && of.school === school)?.count ?? 0;
    const limit = limitOf(given, 'school', school, active);
    const where = { school, schoolName: schoolNames.get(school) ?? school };
    return classes.count > limit ? [reasonOf(classes, active, limit, where)] : [];
  });
}

/** What is left of all of them, without the schools that wait already, against the limit of the whole plan for classes that end. */
export function withoutTeacherInPlan(given: Given, heldSchools: ReadonlySet<string>): VerdictReason[] {
  const left = given.withoutTeacher.filter(({ school }) => !heldSchools.has(school));
  const count = left.reduce((sum, classes) => sum + classes.count, 0);
  const examples = left.flatMap((classes) => classes.examples).slice(0, WITHOUT_TEACHER_EXAMPLES);
  const active = given.activeByKind.class;
  const limit = limitOf(given, 'plan', null, active);
  return count > limit ? [reasonOf({ count, examples }, active, limit, null)] : [];
}

function limitOf(
  { rules, deactivationLimit }: Given,
  scope: LimitRule['scope'],
  school: string | null,
  active: number,
): number {
  const cell = { scope, school, kind: 'class', action: 'deactivate' } as const;
  return allowedIn(rules, deactivationLimit, cell, { before: active, now: active });
}

function reasonOf(
  { count, examples }: Pick<ClassesWithoutTeacher, 'count' | 'examples'>,
  active: number,
  limit: number,
  school: { readonly school: string; readonly schoolName: string } | null,
): VerdictReason {
  const where = school === null ? '' : `${describeSchool(school.school, school.schoolName)}: `;
  const which = `${examples.join(', ')}${count > examples.length ? ', …' : ''}`;
  return {
    code: 'classesWithoutTeacher',
    scope: school === null ? 'plan' : 'school',
    ...school,
    kind: 'class',
    count,
    active,
    limit,
    holds: true,
    message: `${where}${count} of ${active} classes would go on without a teacher (${which}), as when rows of teachers are missing; the limit is ${limit}`,
  };
}
