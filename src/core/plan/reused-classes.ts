/**
 * Ids of classes that the source uses again, for other classes: with the new school year a class is in another academic session (or
 * course) and has other students. Applied, it would put last year's students out of the class where their work is.
 */
import { allowedOf, type Limit } from './limits.ts';
import { describeSchool, type VerdictReason } from './verdict-reason.ts';

/** The reused classes of a school: another session or course than the source said last, and most of their students end in the same plan. */
export interface ReusedClasses {
  /** Source id of the school; empty: belongs to none. */
  readonly school: string;
  readonly count: number;
  /** The first few. */
  readonly examples: readonly ReusedClass[];
}

export interface ReusedClass {
  readonly id: string;
  /** Which of them the source changed; the session, when it changed both. */
  readonly changed: 'session' | 'course';
  /** Source ids of session or course; null: none. */
  readonly before: string | null;
  readonly after: string | null;
}

export const REUSED_EXAMPLES = 3;

/** Of the classes that the plan changes. A school may give an id or two away at any time: nobody has to be asked for that. */
export const REUSED_LIMITS: Readonly<Record<VerdictReason['scope'] & ('school' | 'plan'), Limit>> = {
  school: { percent: 10, count: 2 },
  plan: { percent: 10, count: 10 },
};

/** `changedBySchool`: classes that the plan updates, by school. First each school for itself, then what is left of all as a whole. */
export function judgeReused(
  reused: readonly ReusedClasses[],
  changedBySchool: ReadonlyMap<string, number>,
  schoolNames: ReadonlyMap<string, string>,
): VerdictReason[] {
  const reasons: VerdictReason[] = [];
  const left: ReusedClasses[] = [];
  for (const classes of reused) {
    const { school } = classes;
    const changed = changedBySchool.get(school) ?? 0;
    const limit = allowedOf(REUSED_LIMITS.school, changed);
    if (school === '' || classes.count <= limit) left.push(classes);
    else
      reasons.push(
        reasonOf(classes, changed, limit, { school, schoolName: schoolNames.get(school) ?? school }),
      );
  }
  const all = {
    count: left.reduce((sum, { count }) => sum + count, 0),
    examples: left.flatMap(({ examples }) => examples).slice(0, REUSED_EXAMPLES),
  };
  const held = new Set(reasons.map(({ school }) => school));
  const changed = [...changedBySchool].reduce(
    (sum, [school, count]) => sum + (held.has(school) ? 0 : count),
    0,
  );
  const limit = allowedOf(REUSED_LIMITS.plan, changed);
  return all.count > limit ? [reasonOf(all, changed, limit, null), ...reasons] : reasons;
}

function reasonOf(
  { count, examples }: Pick<ReusedClasses, 'count' | 'examples'>,
  changed: number,
  limit: number,
  school: { readonly school: string; readonly schoolName: string } | null,
): VerdictReason {
  const where = school === null ? '' : `${describeSchool(school.school, school.schoolName)}: `;
  const shown = examples.map(describeClass).join(', ');
  const which = `${shown}${count > examples.length ? ', …' : ''}`;
  return {
    code: 'reusedSections',
    scope: school === null ? 'plan' : 'school',
    ...school,
    kind: 'class',
    action: 'update',
    count,
    active: changed,
    limit,
    holds: true,
    message:
      `${where}the source uses the ids of ${count} of ${changed} changed classes again, in another session or course and with other students (${which}), ` +
      'and the students of before would lose these classes. Set classAnchor to idAndSession to have new classes beside the old ones, or approve if the classes really go on',
  };
}

function describeClass({ id, changed, before, after }: ReusedClass): string {
  return `${id}: ${changed} ${before ?? 'none'} to ${after ?? 'none'}`;
}
