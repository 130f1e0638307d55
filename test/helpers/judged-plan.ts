/** Plans written in words, and what is judged of them. */
import {
  changedSchools,
  judge,
  type PlanCount,
  type SchoolKind,
  type Verdict,
  type WindowCount,
} from '#core/plan/verdict.ts';
import { type Action, KINDS, type Kind } from '#core/roster/kinds.ts';
import type { ApplyPolicy } from '#core/run/profile-settings.ts';
import type { JudgedAction, LimitRule } from '#core/plan/limits.ts';

/** `school kind action count`, for instance `S1 student deactivate 16`; `-` is no school. A second count: of those, what breakers count. */
export const counted = (lines: readonly string[]): PlanCount[] =>
  lines.map((line) => {
    const [school = '', kind, action, count, judged = count] = line.split(' ');
    return {
      school: school === '-' ? '' : school,
      kind: kind as Kind,
      action: action as Action,
      count: Number(count),
      judged: Number(judged),
    };
  });

export interface PlanInWords {
  readonly plan: readonly string[];
  /** `school kind count`; `-`: over all schools. */
  readonly active: readonly string[];
  readonly window?: readonly string[];
  readonly rules?: readonly Partial<LimitRule>[];
  readonly policy?: ApplyPolicy;
  readonly unmatched?: readonly [count: number, people: number];
  readonly unproven?: readonly string[];
  /** `school count`: classes whose ids are used again. */
  readonly reused?: readonly string[];
  /** `school count`: classes that go on and lose their last teacher. */
  readonly withoutTeacher?: readonly string[];
}

export function judged({
  plan,
  active,
  window = [],
  rules = [],
  policy = 'whenClean',
  unmatched,
  unproven,
  reused = [],
  withoutTeacher = [],
}: PlanInWords): Verdict {
  const actives = active.map((line) => line.split(' ') as [string, SchoolKind, string]);
  const overAll = (kind: Kind): number =>
    actives
      .filter(([school, of]) => school === '-' && of === kind)
      .reduce((sum, [, , n]) => sum + Number(n), 0);
  const pastChanges = counted(window).map(({ school, kind, action, count }): WindowCount => ({
    school,
    kind,
    action: action as JudgedAction,
    count,
  }));
  const limits = rules.map((rule) => ({ kind: null, school: null, ...rule }) as LimitRule);
  const counts = counted(plan);
  const deactivationLimit = { percent: 10, count: 25 };
  const teacherless = withoutTeacher.map((line) => ({ ...ofSchool(line), examples: ['K1'] }));
  const changed = changedSchools(counts, teacherless);
  return judge({
    counts,
    window: pastChanges,
    activeByKind: Object.fromEntries(KINDS.map((kind) => [kind, overAll(kind)])) as Record<Kind, number>,
    // Only what was asked for, as storage answers.
    activeBySchool: actives.flatMap(([school, kind, count]) =>
      changed.get(kind)?.has(school) === true ? [{ school, kind, count: Number(count) }] : [],
    ),
    schoolNames: new Map([['S1', 'North']]),
    rules: limits,
    deactivationLimit,
    unmatchedLimit: { percent: 20, count: 25 },
    unmatched: { count: unmatched?.[0] ?? 0, people: unmatched?.[1] ?? 0 },
    unproven: (unproven ?? []).map((file) => ({ file, endings: 3, message: `${file} is not proven` })),
    reused: reused.map((line) => ({ ...ofSchool(line), examples: [REUSED] })),
    withoutTeacher: teacherless,
    policy,
  });
}

/** The outcome, and `code scope school-or-file kind` of each reason. */
export const summary = ({ outcome, reasons }: Verdict): string[] => [
  outcome,
  ...reasons.map(({ code, scope, school, kind, file }) =>
    [code, scope, school ?? file, kind].filter((part) => part !== undefined).join(' '),
  ),
];

/** `school count` */
function ofSchool(line: string): { school: string; count: number } {
  const [school = '', count] = line.split(' ');
  return { school: school === '-' ? '' : school, count: Number(count) };
}

const REUSED = { id: 'K1', changed: 'session', before: 'T1', after: 'T2' } as const;
